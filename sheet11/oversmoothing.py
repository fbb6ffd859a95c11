"""Oversmoothing (exercise 3): propagation, two measures of smoothness, and graph convolutional networks with remedies.

Sources: Oono & Suzuki 2020, arXiv:1905.10947; Cai & Wang 2020, arXiv:2006.13318; Chen et al. 2020, arXiv:1909.03211;
Rusch, Bronstein & Mishra 2023, arXiv:2303.10993. Remedies: Chen et al. 2020 (GCNII), arXiv:2007.02133; Zhao & Akoglu
2020 (PairNorm), arXiv:1909.12223.
"""

import warnings

import numpy as np
import torch
from torch import Tensor, nn

from sheet11.checks import check_int
from sheet11.tensors import check_features, degrees

_BLOCK = 2**17  # entries of a block of differences
_LANCZOS_STEPS = 5000  # more, and the tridiagonal matrix takes longer than the products with P

__solutions__ = ("normalized_adjacency", "dirichlet_energy", "mean_average_distance", "second_eigenvalue")


def normalized_adjacency(edge_index: Tensor, num_nodes: int, dtype: torch.dtype = torch.float64) -> Tensor:
    r"""P = D̃^{−1/2} Ã D̃^{−1/2} with Ã = A + I and D̃ its degrees 1 + d.

    P is symmetric with eigenvalues in (−1, 1]; the eigenvalue 1 belongs to √(1 + d), once for every connected
    component.

    Args:
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.
        num_nodes: number of nodes.
        dtype: of the entries.

    Returns:
        Sparse (CSR), shape (num_nodes, num_nodes).

    Raises:
        TypeError, ValueError: edge_index has another form.
    """
    num_nodes = check_int("num_nodes", num_nodes)
    degree = degrees(edge_index, num_nodes)
    loops = torch.arange(num_nodes, device=edge_index.device).expand(2, -1)
    u, v = torch.cat([edge_index, loops], dim=1)
    place = (u * num_nodes + v).sort().values  # row by row; several times faster than torch's own conversions
    u, v = place // num_nodes, place % num_nodes
    weight = (1 + degree.to(dtype)).rsqrt()
    rows = nn.functional.pad((1 + degree).cumsum(0), (1, 0))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta", UserWarning)
        # short integers spare the product a conversion
        return torch.sparse_csr_tensor(
            rows.int(), v.int(), weight[u] * weight[v], (num_nodes, num_nodes), check_invariants=False
        )


def dirichlet_energy(x: Tensor, edge_index: Tensor) -> Tensor:
    r"""Dirichlet energy E(X) = Σ_{undirected {u,v}} ‖x_u/√(1+d_u) − x_v/√(1+d_v)‖² = tr(Xᵀ(I − P)X).

    Summed as squares of differences rather than by the trace, it keeps its relative accuracy when it is tiny.

    Args:
        x: node features, shape (num_nodes, features).
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.

    Returns:
        A tensor with one value.

    Raises:
        TypeError, ValueError: x or edge_index has another form.
    """
    check_features(x)
    degree = degrees(edge_index, len(x)).to(x.dtype)
    u, v = _edges_once(edge_index)
    return _sum_over_edges(x * (1 + degree).rsqrt()[:, None], u, v)


def mean_average_distance(x: Tensor, edge_index: Tensor) -> Tensor:
    r"""MAD: the cosine distance 1 − cos(x_u, x_v) averaged over the neighbours u of v, then over the nodes v.

    Nodes without neighbours do not count, and a zero vector, which has no direction, is at distance 0 from all.
    Evaluated as ‖x_u/|x_u| − x_v/|x_v|‖²/2, which keeps its relative accuracy when it is tiny.

    Args:
        x: node features, shape (num_nodes, features).
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.

    Returns:
        A tensor with one value, between 0 and 2; 0 for a graph without edges.

    Raises:
        TypeError, ValueError: x or edge_index has another form.
    """
    check_features(x)
    degree = degrees(edge_index, len(x))
    largest = x.abs().amax(dim=1, keepdim=True)
    x = x / torch.where(largest > 0, largest, 1)  # squares of tiny or huge features would leave the range of floats
    norm = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    direction = x / torch.where(norm > 0, norm, 1)
    defined = (norm > 0).squeeze(1)
    u, v = _edges_once(edge_index)
    share = 1 / degree.clamp(min=1).to(x.dtype)
    weight = (share[u] + share[v]) * (defined[u] & defined[v])  # an edge counts at both its ends
    return _sum_over_edges(direction, u, v, weight) / 2 / (degree > 0).sum().clamp(min=1)


def second_eigenvalue(P: Tensor) -> float:
    r"""λ₂, the eigenvalue of P that is largest in magnitude after the eigenvalue 1 and its copies.

    The eigenvalue 1 is there once for every connected component, and belongs to what propagation preserves.
    A sparse P of more than a thousand rows takes O(num_edges) memory (Lanczos iteration); others are made dense.

    Args:
        P: from `normalized_adjacency`, or its dense form.

    Returns:
        λ₂ with its sign; 0 if there is no other eigenvalue.

    Raises:
        LinAlgError: a sparse P has 1 − |λ₂| below about 1e-6, and λ₂ was not found in 5000 products with P.
    """
    if P.layout != torch.strided and len(P) > 1000:
        return _lanczos(P.to(torch.float64))
    eigenvalues = torch.linalg.eigvalsh(P.to_dense())
    rounding = 10 * max(64, len(P)) * torch.finfo(P.dtype).eps
    others = eigenvalues[eigenvalues < 1 - rounding]
    return others[others.abs().argmax()].item() if len(others) else 0.0


def _lanczos(P: Tensor) -> float:
    """The eigenvalue of largest magnitude of P among the vectors orthogonal to √(1 + d) on every component.

    The vectors x of the iteration are not kept to orthogonalize new ones: rounding then finds eigenvalues again that
    it has found, which changes nothing for the largest (Paige 1980, Linear Algebra and its Applications 34, 235-258).
    """
    u, v = P.to_sparse_coo().indices()
    q = P.to_sparse_coo().values()[u == v].rsqrt()  # √(1 + d)
    component = _components(u, v, len(P))
    squares = torch.zeros_like(q).index_add(0, component, q * q)

    def without_ones(x: Tensor) -> Tensor:
        overlap = torch.zeros_like(q).index_add(0, component, q * x) / squares.clamp(min=1)
        return x - q * overlap[component]

    x = without_ones(torch.randn(len(P), generator=torch.Generator().manual_seed(0), dtype=P.dtype).to(P.device))
    if not x.any():
        return 0.0  # no edges
    before, x = torch.zeros_like(x), x / x.norm()
    alpha, beta, check = [], [0.0], 64  # diagonal and off-diagonal of the tridiagonal matrix
    while len(alpha) < _LANCZOS_STEPS:
        y = without_ones(P @ x)
        alpha.append(torch.dot(x, y).item())
        y -= alpha[-1] * x + beta[-1] * before
        beta.append(y.norm().item())
        if len(alpha) >= check or beta[-1] < 1e-8:  # a small one: the eigenvectors in x are found, the rest is rounding
            values, vectors = np.linalg.eigh(np.diag(alpha) + np.diag(beta[1:-1], 1) + np.diag(beta[1:-1], -1))
            size = np.abs(values)
            tolerance = max(1e-6 * (1 - size.max()), 1e-12)
            found = size > size.max() - tolerance  # once, or several times
            if beta[-1] * np.abs(vectors[-1, found]).min() < tolerance:  # an eigenvalue of P is as near as that
                return float(values[size.argmax()])
            check = len(alpha) * 4 // 3
        before, x = x, without_ones(y / beta[-1])  # again, because the division makes rounding errors large
    raise np.linalg.LinAlgError(f"P must have a larger gap: its second eigenvalue was not found in {len(alpha)} steps")


def _components(u: Tensor, v: Tensor, num_nodes: int) -> Tensor:
    """For every node the smallest node of its connected component; u, v hold every edge in both directions."""
    smallest = torch.arange(num_nodes, device=u.device)
    while True:
        nearer = smallest.scatter_reduce(0, v, smallest[u], "amin")
        nearer = nearer[nearer]  # what that node knows already: paths double in every round
        if torch.equal(nearer, smallest):
            return smallest
        smallest = nearer


def _edges_once(edge_index: Tensor) -> Tensor:
    """Every undirected edge in one direction, shape (2, num_edges / 2)."""
    u, v = edge_index
    return edge_index[:, u < v]


def _sum_over_edges(y: Tensor, u: Tensor, v: Tensor, weight: Tensor | None = None) -> Tensor:
    """Σ_e weight_e ‖y_u − y_v‖² over edges e = (u, v), some at a time, so that differences stay in the cache."""
    step = _BLOCK // max(1, y.shape[1]) + 1
    total = y.new_zeros(())
    for start in range(0, len(u), step):
        block = slice(start, start + step)
        squares = (y.index_select(0, u[block]) - y.index_select(0, v[block])).square()
        total = total + (squares.sum() if weight is None else squares.sum(dim=1) @ weight[block])
    return total
