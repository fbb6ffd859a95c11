"""Oversmoothing (exercise 3): the matrix P, Dirichlet energy, MAD and λ₂; `propagate` is in `given/propagation.py`.

Sources: Oono & Suzuki 2020, arXiv:1905.10947; Cai & Wang 2020, arXiv:2006.13318; Chen et al. 2020, arXiv:1909.03211;
Rusch, Bronstein & Mishra 2023, arXiv:2303.10993.
"""

import torch
from torch import Tensor

from sheet11.given.checks import check_int
from sheet11.given.edges import degrees
from sheet11.given.tensors import check_matrix_of
from sheet11.large import oversmoothing as large

LARGE = 2**15  # edges, above which the energy is summed in blocks
LARGE_MATRIX = 1000  # rows, above which P is computed as a sparse matrix


def normalized_adjacency(
    edge_index: Tensor, num_nodes: int, dtype: torch.dtype = torch.float64
) -> Tensor:
    r"""Return P = D̃^{−1/2} Ã D̃^{−1/2} with Ã = A + I and D̃ the diagonal matrix of its degrees 1 + d.

    P is symmetric with eigenvalues in (−1, 1]. The eigenvalue 1 occurs once for every connected component, with
    eigenvector √(1 + d) on that component.

    Args:
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.
        num_nodes: number of nodes.
        dtype: type of the entries.

    Returns:
        Sparse (CSR), shape (num_nodes, num_nodes).

    Raises:
        TypeError, ValueError: edge_index has another form.
    """
    num_nodes = check_int("num_nodes", num_nodes)
    degrees(edge_index, num_nodes)
    if num_nodes > LARGE_MATRIX:
        return large.normalized_adjacency(edge_index, num_nodes, dtype)
    u, v = edge_index
    A = torch.eye(num_nodes, dtype=dtype, device=edge_index.device)
    A.index_put_((u, v), A.new_ones(()), accumulate=True)  # repeated edges add up
    scale = A.sum(dim=1).rsqrt()
    return large.compressed(scale[:, None] * A * scale)


def dirichlet_energy(x: Tensor, edge_index: Tensor) -> Tensor:
    r"""Return the energy E(X) = Σ_{undirected {u,v}} ‖x_u/√(1+d_u) − x_v/√(1+d_v)‖² = tr(Xᵀ(I − P)X).

    The sum of squared differences, unlike the trace, stays accurate to relative precision when the energy is tiny.

    Args:
        x: node features, shape (num_nodes, features).
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.

    Returns:
        A tensor with one value.

    Raises:
        TypeError, ValueError: x or edge_index has another form.
    """
    check_matrix_of("x", x, "num_nodes", "features")
    degree = degrees(edge_index, len(x)).to(x.dtype)
    y = x / (1 + degree).sqrt()[:, None]
    if edge_index.shape[1] > LARGE:
        return large.dirichlet_energy(y, edge_index)
    u, v = edge_index
    return (y[u] - y[v]).square().sum() / 2  # edge_index holds every edge twice


def mean_average_distance(x: Tensor, edge_index: Tensor) -> Tensor:
    r"""Return MAD: the cosine distance 1 − cos(x_u, x_v) averaged over the neighbours u of v, then over the nodes v.

    Nodes without neighbours do not count. A zero vector has no direction; its distance to every vector is taken as 0.
    The distance is computed as ‖x_u/|x_u| − x_v/|x_v|‖²/2, which stays accurate to relative precision when it is tiny.

    Args:
        x: node features, shape (num_nodes, features).
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.

    Returns:
        A tensor with one value, between 0 and 2; 0 for a graph without edges.

    Raises:
        TypeError, ValueError: x or edge_index has another form.
    """
    check_matrix_of("x", x, "num_nodes", "features")
    degree = degrees(edge_index, len(x))
    largest = x.detach().abs().amax(dim=1, keepdim=True)
    points = largest > 0
    x = x / largest.where(points, 1)  # squares neither overflow nor underflow
    direction = x / x.norm(dim=1, keepdim=True).where(points, 1)
    u, v = edge_index
    distance = (direction[u] - direction[v]).square().sum(dim=1) / 2
    distance = distance * (points[u] & points[v]).squeeze(1)
    total = x.new_zeros(len(x)).index_add(0, v, distance)
    return (total / degree.clamp(min=1)).sum() / (degree > 0).sum().clamp(min=1)


def second_eigenvalue(P: Tensor) -> float:
    r"""Return λ₂, the eigenvalue of P of largest magnitude other than the eigenvalue 1.

    The eigenvalue 1 occurs once for every connected component; propagation preserves its eigenvectors.
    A sparse P with more than a thousand rows stays sparse; any other P is made dense.

    Args:
        P: result of `normalized_adjacency`, sparse or dense.

    Returns:
        λ₂ with its sign; 0 if there is no other eigenvalue.

    Raises:
        LinAlgError: P is large and sparse, 1 − |λ₂| is tiny, and the iteration did not converge.
    """
    if P.layout != torch.strided and len(P) > LARGE_MATRIX:
        return large.second_eigenvalue(P)
    eigenvalues = torch.linalg.eigvalsh(P.to_dense())
    rounding = 10 * max(64, len(P)) * torch.finfo(P.dtype).eps
    others = eigenvalues[eigenvalues < 1 - rounding]
    return others[others.abs().argmax()].item() if len(others) else 0.0
