"""The functions of exercise 3 for graphs with many nodes or edges: sparse, in blocks, by iteration."""

import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh, splu
from torch import Tensor

Vector = NDArray[np.float64]

_BLOCK = 2**17  # entries of a block of differences
_RESTARTS = 40  # of the Lanczos iteration, about 10 products each


def normalized_adjacency(edge_index: Tensor, num_nodes: int, dtype: torch.dtype) -> Tensor:
    """P in compressed rows from one sort of its places, several times faster than torch's own conversions."""
    loops = torch.arange(num_nodes, device=edge_index.device).expand(2, -1)
    u, v = torch.cat([edge_index, loops], dim=1)
    place = (u * num_nodes + v).sort().values  # row by row
    u, v = place // num_nodes, place % num_nodes
    degree = torch.bincount(u, minlength=num_nodes)  # of Ã
    weight = degree.to(dtype).rsqrt()
    rows = torch.nn.functional.pad(degree.cumsum(0), (1, 0))
    return compressed(weight[u] * weight[v], rows, v)


def compressed(values: Tensor, rows: Tensor | None = None, columns: Tensor | None = None) -> Tensor:
    """A square matrix in compressed rows, from a dense one or from its parts, without torch's note that it is new."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta", UserWarning)
        if rows is None or columns is None:
            return values.to_sparse_csr()
        size = (len(rows) - 1, len(rows) - 1)
        # short integers spare the product a conversion
        return torch.sparse_csr_tensor(
            rows.int(), columns.int(), values, size, check_invariants=False
        )


def dirichlet_energy(y: Tensor, edge_index: Tensor) -> Tensor:
    """Σ ‖y_u − y_v‖² over undirected edges, with y = x/√(1 + d)."""
    return _sum_over_edges(y, edge_index[:, edge_index[0] < edge_index[1]])


def mean_average_distance(y: Tensor, edge_index: Tensor, degree: Tensor) -> Tensor:
    """The mean over nodes of the mean over neighbours of ‖y_u − y_v‖²/2, with directions y, 0 where none."""
    u, v = once = edge_index[:, edge_index[0] < edge_index[1]]
    share = 1 / degree.clamp(min=1).to(y.dtype)
    defined = y.any(dim=1)
    weight = (share[u] + share[v]) * (defined[u] & defined[v])  # an edge counts at both its ends
    return _sum_over_edges(y, once, weight) / 2 / (degree > 0).sum().clamp(min=1)


def _sum_over_edges(y: Tensor, edges: Tensor, weight: Tensor | None = None) -> Tensor:
    """Σ_e weight_e ‖y_u − y_v‖² over edges e = (u, v), some at a time, so that differences stay in the cache."""
    u, v = edges
    step = _BLOCK // max(1, y.shape[1]) + 1
    total = y.new_zeros(())
    for start in range(0, len(u), step):
        block = slice(start, start + step)
        squares = (y.index_select(0, u[block]) - y.index_select(0, v[block])).square()
        total = total + (squares.sum() if weight is None else squares.sum(dim=1) @ weight[block])
    return total


def second_eigenvalue(P: Tensor) -> float:
    """The eigenvalue of largest magnitude of P − QQᵀ, where √(1 + d) on each component is a column of Q.

    Lanczos iteration (ARPACK) needs few products where 1 − |λ₂| is not small. Where it is, the graph falls into parts
    that few edges join, and a factorization of P − σI with σ next to 1 is cheap: its largest inverse eigenvalue is
    1/(λ₂ − σ), if no negative eigenvalue is larger in magnitude; they are at least 2/(1 + d) − 1 for the largest d.

    Raises:
        LinAlgError: λ₂ was not found, because 1 − |λ₂| is tiny.
    """
    matrix = _to_scipy(P)
    Q = _preserved(matrix)

    def rest(x: Vector) -> Vector:
        return np.asarray(x - Q @ (Q.T @ x))

    start = rest(np.random.default_rng(0).normal(size=len(P)))
    if np.linalg.norm(rest(matrix @ start)) < 1e-10 * np.sqrt(len(P)):
        return 0.0  # every component is complete
    with suppress(ArpackNoConvergence):
        return _largest(lambda x: rest(matrix @ x), start)
    sigma = 1 + 1e-8
    shifted = csc_array(matrix - sigma * eye_array(len(P)))
    factors = splu(shifted, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    with suppress(ArpackNoConvergence):
        found = sigma + 1 / _largest(lambda x: rest(factors.solve(x)), start)
        if 1e-13 < 1 - found < 2 * matrix.diagonal().min():
            return found
    raise np.linalg.LinAlgError("P must have a larger gap: its second eigenvalue was not found")


def _largest(matvec: Callable[[Vector], Vector], start: Vector) -> float:
    """The eigenvalue of largest magnitude of a symmetric operator."""
    operator = LinearOperator((len(start), len(start)), matvec=matvec, dtype=np.float64)
    return float(
        eigsh(operator, k=1, v0=start, tol=1e-9, maxiter=_RESTARTS, return_eigenvectors=False)[0]
    )


def _preserved(matrix: csr_array) -> csr_array:
    """Q: √(1 + d) on each component, normalized, in a column of its own."""
    components, component = connected_components(matrix, directed=False)
    q = matrix.diagonal() ** -0.5
    q /= np.sqrt(np.bincount(component, q * q))[component]
    return csr_array((q, component, np.arange(len(q) + 1)), (len(q), components))


def _to_scipy(P: Tensor) -> csr_array:
    P = P.detach().cpu().to(torch.float64)
    P = P if P.layout == torch.sparse_csr else compressed(P)
    return csr_array(
        (P.values().numpy(), P.col_indices().numpy(), P.crow_indices().numpy()), tuple(P.shape)
    )
