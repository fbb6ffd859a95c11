"""Functions of exercise 3 for graphs with many nodes or edges: sparse, in blocks, by iteration."""

from collections.abc import Callable
from contextlib import suppress
from warnings import catch_warnings

import numpy as np
import torch
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh, splu
from torch import Tensor

from sheet11.given.checks import Floats

_BLOCK = 2**17  # entries in a block of differences
_RESTARTS = 200  # restarts of the Lanczos iteration, about 10 products each


def normalized_adjacency(
    edge_index: Tensor,
    num_nodes: int,
    dtype: torch.dtype,
) -> Tensor:
    """Return P, with its entries sorted by SciPy, which is several times faster than torch."""
    loops = torch.arange(num_nodes, device=edge_index.device).expand(2, -1)
    u, v = torch.cat([edge_index, loops], dim=1).cpu().numpy()
    scale = np.bincount(u) ** -0.5
    sorted_by_row = csr_array((scale[u] * scale[v], (u, v)), (num_nodes, num_nodes))
    with catch_warnings(action="ignore", category=UserWarning):  # CSR tensors are in beta
        return torch.sparse_csr_tensor(
            sorted_by_row.indptr,
            sorted_by_row.indices,
            sorted_by_row.data,
            sorted_by_row.shape,
            dtype=dtype,
            device=edge_index.device,
        )


def compressed(P: Tensor) -> Tensor:
    """Return a matrix in CSR format."""
    with catch_warnings(action="ignore", category=UserWarning):  # CSR tensors are in beta
        return P.to_sparse_csr()


def dirichlet_energy(y: Tensor, edge_index: Tensor) -> Tensor:
    """Return Σ ‖y_u − y_v‖² over undirected edges, with y = x/√(1 + d), in blocks that fit into the cache."""
    once = edge_index[:, edge_index[0] < edge_index[1]]
    total = y.new_zeros(())
    for u, v in torch.split(once, _BLOCK // max(1, y.shape[1]) + 1, dim=1):
        total = total + (y.index_select(0, u) - y.index_select(0, v)).square().sum()
    return total


def second_eigenvalue(P: Tensor) -> float:
    """Return the eigenvalue of largest magnitude of P − QQᵀ, where √(1 + d) on each component is a column of Q.

    Lanczos iteration (ARPACK) needs few products unless 1 − |λ₂| is small. If it is small, the graph consists of parts
    joined by few edges, and factorizing P − σI with σ close to 1 is cheap: the largest eigenvalue of its inverse is
    1/(λ₂ − σ), if no negative eigenvalue is larger in magnitude; those are at least 2/(1 + d) − 1 for the largest d.

    Raises:
        LinAlgError: λ₂ was not found, because 1 − |λ₂| is tiny.
    """
    matrix = _to_scipy(P)
    Q = _preserved(matrix)

    def rest(x: Floats) -> Floats:
        return np.asarray(x - Q @ (Q.T @ x))

    def propagate(x: Floats) -> Floats:
        return rest(matrix @ x)

    generator = np.random.default_rng(0)
    start = rest(generator.normal(size=len(P)))
    if np.linalg.norm(propagate(start)) < 1e-10 * np.sqrt(len(P)):
        return 0.0  # every component is complete
    with suppress(ArpackNoConvergence):
        if _largest(propagate, start, tolerance=1e-2) < 0.99:
            return _largest(propagate, start)
        sigma = 1 + 1e-8
        shifted = csc_array(matrix - sigma * eye_array(len(P)))
        factors = splu(shifted, "MMD_AT_PLUS_A")  # symmetric, so that half the entries suffice
        found = sigma + 1 / _largest(lambda x: rest(factors.solve(x)), start)
        if 1e-13 < 1 - found < 2 * matrix.diagonal().min():
            return found
    raise np.linalg.LinAlgError("P must have a larger gap: its second eigenvalue was not found")


def _largest(
    matvec: Callable[[Floats], Floats],
    start: Floats,
    tolerance: float = 1e-9,
) -> float:
    """Return the eigenvalue of largest magnitude of a symmetric operator."""
    operator = LinearOperator((len(start), len(start)), matvec=matvec, dtype=np.float64)
    found, _ = eigsh(operator, k=1, v0=start, tol=tolerance, maxiter=_RESTARTS)
    return float(found[0])


def _preserved(matrix: csr_array) -> csr_array:
    """Return Q, which has one column for each component: √(1 + d) on its nodes, normalized."""
    components, component = connected_components(matrix, directed=False)
    q = matrix.diagonal() ** -0.5
    q /= np.sqrt(np.bincount(component, q * q))[component]
    return csr_array((q, component, np.arange(len(q) + 1)), (len(q), components))


def _to_scipy(P: Tensor) -> csr_array:
    P = compressed(P.detach().cpu().double())
    parts = (
        P.values().numpy(),
        P.col_indices().numpy(),
        P.crow_indices().numpy(),
    )
    return csr_array(parts, tuple(P.shape))
