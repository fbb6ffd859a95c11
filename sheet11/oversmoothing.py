"""Oversmoothing (exercise 3): propagation, two measures of smoothness, and graph convolutional networks with remedies.

Sources: Oono & Suzuki 2020, arXiv:1905.10947; Cai & Wang 2020, arXiv:2006.13318; Chen et al. 2020, arXiv:1909.03211;
Rusch, Bronstein & Mishra 2023, arXiv:2303.10993. Remedies: Chen et al. 2020 (GCNII), arXiv:2007.02133; Zhao & Akoglu
2020 (PairNorm), arXiv:1909.12223.
"""

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from sheet11.adam import adam
from sheet11.checks import check_between, check_choice, check_int, check_positive

_BLOCK = 2**17  # entries of a block of differences
_LANCZOS_STEPS = 5000  # more, and the tridiagonal matrix takes longer than the products with P
REMEDIES = ("none", "residual", "gcnii", "pairnorm")

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
    degree = _degrees(edge_index, num_nodes)
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
    _check_features(x)
    degree = _degrees(edge_index, len(x)).to(x.dtype)
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
    _check_features(x)
    degree = _degrees(edge_index, len(x))
    largest = x.abs().amax(dim=1, keepdim=True)
    x = x / torch.where(largest > 0, largest, 1)  # squares of tiny or huge features would leave the range of floats
    norm = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    direction = x / torch.where(norm > 0, norm, 1)
    defined = (norm > 0).squeeze(1)
    u, v = _edges_once(edge_index)
    share = 1 / degree.clamp(min=1).to(x.dtype)
    weight = (share[u] + share[v]) * (defined[u] & defined[v])  # an edge counts at both its ends
    return _sum_over_edges(direction, u, v, weight) / 2 / (degree > 0).sum().clamp(min=1)


def propagate(x: Tensor, step: Tensor | Callable[[Tensor], Tensor], depth: int) -> Iterator[Tensor]:
    """Yield X⁽⁰⁾ = X and then X⁽ˡ⁺¹⁾ = step X⁽ˡ⁾, up to and including X⁽ᵈᵉᵖᵗʰ⁾.

    Args:
        x: node features, shape (num_nodes, features).
        step: a matrix that multiplies from the left, such as P, or a function of the features.
        depth: number of steps.

    Yields:
        depth + 1 tensors.

    Raises:
        TypeError, ValueError: depth is no integer, or negative.
    """
    depth = check_int("depth", depth, minimum=0)
    apply = (lambda x: step @ x) if isinstance(step, Tensor) else step
    yield x
    for _ in range(depth):
        x = apply(x)
        yield x


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


def decay_rate(energy: ArrayLike) -> float:
    r"""Rate at which an energy falls per layer: the slope of log(energy) over the second half of the layers.

    A sum of decaying exponentials has a logarithm that is convex in the layer: its slope rises towards that of the
    slowest one, and the second half is where it is closest. Layers whose energy is below 1e-20 of the first hold
    rounding errors and are left out.

    Args:
        energy: shape (depth + 1,), depth at least 1.

    Returns:
        The slope, per layer; −∞ if the energy vanishes after the first layer.

    Raises:
        ValueError: fewer than two energies, or one that is negative or not finite.
    """
    energy = np.asarray(energy, dtype=float)
    if energy.ndim != 1 or len(energy) < 2:
        raise ValueError(f"energy must hold at least two values, got shape {energy.shape}")
    usable = np.isfinite(energy) & (energy >= 0)
    if not usable.all():
        raise ValueError(f"energy must be finite and not negative, got {energy[~usable][0]}")
    layers = np.flatnonzero(energy > 1e-20 * energy[0])
    if len(layers) < 2:
        return -math.inf
    layers = layers[min(len(layers) // 2, len(layers) - 2) :]
    return float(np.polyfit(layers, np.log(energy[layers]), 1)[0])


class GCN(nn.Module):
    r"""A graph convolutional network of `depth` layers between a linear encoder and a linear decoder.

    With H the features before layer l, H⁰ those after the encoder, and W the layer's weights, the layer computes

    | remedy   | layer                                                                        |
    |----------|------------------------------------------------------------------------------|
    | none     | ReLU(P H W)                                                                  |
    | residual | (H + ReLU(P H W))/2, the mean of both, because a sum would grow with depth   |
    | gcnii    | ReLU((1 − β_l) S + β_l S W), S = (1 − α) P H + α H⁰, β_l = log(θ/l + 1)       |
    | pairnorm | ReLU(N(P H W)) with N of `pair_norm`                                         |

    Weights start as N(0, 2/fan-in), which keeps the size of features through a ReLU (He et al. 2015,
    arXiv:1502.01852), so that features which shrink do so because of P. They are drawn by torch's global generator.

    Several networks of the same form train side by side at little more than the cost of one: with `copies`, every
    weight has a leading dimension of that size, and so do the states and the output.

    Args:
        in_features: columns of X.
        hidden: columns of H.
        classes: columns of the output.
        depth: number of layers, at least 1.
        remedy: one of the four above.
        copies: None for one network, or how many to hold side by side.
        alpha: α of GCNII, the part of H⁰, in [0, 1].
        theta: θ of GCNII, the strength of the weights, positive.
        dtype: of the weights.

    Raises:
        TypeError, ValueError: a size is no positive integer, another remedy, or alpha or theta out of range.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        classes: int,
        depth: int,
        remedy: str = "none",
        copies: int | None = None,
        alpha: float = 0.1,
        theta: float = 0.5,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        in_features, hidden = check_int("in_features", in_features), check_int("hidden", hidden)
        classes, depth = check_int("classes", classes), check_int("depth", depth)
        self.remedy = check_choice("remedy", remedy, REMEDIES)
        self.theta = check_positive("theta", theta)
        self.alpha = check_between("alpha", alpha, 0, 1, "be between 0 and 1")
        batch = () if copies is None else (check_int("copies", copies),)

        def weight(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, dtype=dtype) * math.sqrt(2 / shape[-2]))

        self.encoder = weight(*batch, in_features, hidden)
        self.layers = weight(depth, *batch, hidden, hidden)
        self.decoder = weight(*batch, hidden, classes)
        self.bias = nn.Parameter(torch.zeros(*batch, 1, classes, dtype=dtype))

    def hidden_states(self, x: Tensor, P: Tensor) -> list[Tensor]:
        """H⁰, H¹ … H^depth, each of shape ([copies,] num_nodes, hidden)."""
        H = H0 = torch.relu(x @ self.encoder)
        states = [H]
        for number, W in enumerate(self.layers, start=1):
            PH = _left_multiply(P, H)
            if self.remedy == "gcnii":
                beta = math.log(self.theta / number + 1)
                S = (1 - self.alpha) * PH + self.alpha * H0
                H = torch.relu((1 - beta) * S + beta * (S @ W))
            elif self.remedy == "pairnorm":
                H = torch.relu(pair_norm(PH @ W))
            elif self.remedy == "residual":
                H = (H + torch.relu(PH @ W)) / 2
            else:
                H = torch.relu(PH @ W)
            states.append(H)
        return states

    def forward(self, x: Tensor, P: Tensor) -> Tensor:
        """Scores of the classes (logits) from x of shape ([copies,] num_nodes, in_features).

        Returns:
            Shape ([copies,] num_nodes, classes).
        """
        return self.hidden_states(x, P)[-1] @ self.decoder + self.bias


def pair_norm(x: Tensor) -> Tensor:
    r"""PairNorm (with s = 1): take the mean node off, then scale to a root mean square of 1 over the nodes' norms.

    The mean squared distance between two nodes is then the same, whatever the layer before did.

    Args:
        x: shape (…, num_nodes, features).
    """
    centred = x - x.mean(dim=-2, keepdim=True)
    mean_square = centred.square().sum(dim=-1).mean(dim=-1)[..., None, None]
    return centred / (mean_square + 1e-12).sqrt()  # not 0/0 where all nodes are equal


def train(
    model: nn.Module,
    x: Tensor,
    P: Tensor,
    labels: Tensor,
    train_mask: Tensor,
    epochs: int = 40,
    learning_rate: float = 0.02,
    weight_decay: float = 5e-4,
) -> Tensor:
    """Train a node classifier (cross-entropy, Adam) on the masked nodes, and test it on all others.

    Args:
        model: called as model(x, P), gives logits of shape ([copies,] num_nodes, classes).
        x: node features, shape ([copies,] num_nodes, features).
        P: from `normalized_adjacency`, or its dense form, which is faster below about a thousand nodes.
        labels: class of each node, shape (num_nodes,).
        train_mask: True where a label may be used, shape ([copies,] num_nodes), at least one True and one False.
        epochs: gradient steps.
        learning_rate: of Adam.
        weight_decay: of Adam.

    Returns:
        Accuracy on the other nodes, one for each copy: shape ([copies]).

    Raises:
        TypeError, ValueError: epochs or learning_rate is out of range, or a mask leaves nothing to train or test on.
    """
    epochs = check_int("epochs", epochs, minimum=0)
    if train_mask.dtype != torch.bool:
        raise TypeError(f"train_mask must be boolean, got {train_mask.dtype}")
    chosen = train_mask.sum(dim=-1)
    if not ((chosen > 0) & (chosen < len(labels))).all():
        raise ValueError(
            f"train_mask must leave nodes to train on and nodes to test on, got {chosen.tolist()} of {len(labels)}"
        )
    step = adam(model.parameters(), learning_rate, weight_decay)
    share = train_mask.to(x.dtype) / chosen[..., None]
    for _ in range(epochs):
        log_probability = model(x, P).log_softmax(dim=-1)
        step(-(log_probability[..., torch.arange(len(labels)), labels] * share).sum())  # the copies do not interact
    with torch.no_grad():
        correct = model(x, P).argmax(dim=-1) == labels
    return (correct & ~train_mask).sum(dim=-1) / (~train_mask).sum(dim=-1)


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


def _left_multiply(P: Tensor, H: Tensor) -> Tensor:
    """P H for H of shape ([copies,] num_nodes, features); torch broadcasts a dense P, but not a sparse one."""
    if H.ndim == 2 or P.layout == torch.strided:
        return P @ H
    columns = H.movedim(0, 1)  # (num_nodes, copies, features)
    return (P @ columns.flatten(1)).view(columns.shape).movedim(1, 0)


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


def _degrees(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Number of neighbours of each node; checks the form of edge_index on the way, in O(num_edges)."""
    if not isinstance(edge_index, Tensor) or edge_index.dtype != torch.int64:
        raise TypeError(
            f"edge_index must be an int64 tensor, got {getattr(edge_index, 'dtype', type(edge_index).__name__)}"
        )
    if edge_index.ndim != 2 or len(edge_index) != 2:
        raise ValueError(f"edge_index must have shape (2, num_edges), got {tuple(edge_index.shape)}")
    u, v = edge_index
    if edge_index.numel() and not 0 <= edge_index.min() <= edge_index.max() < num_nodes:
        bad = edge_index[(edge_index < 0) | (edge_index >= num_nodes)][0].item()
        raise ValueError(f"edge_index must hold nodes in [0, num_nodes) = [0, {num_nodes}), got {bad}")
    if (u == v).any():
        raise ValueError(f"edge_index must not hold self-loops, got one at node {u[u == v][0].item()}")
    # Σ r_u s_v over the edges equals Σ r_v s_u if every edge has its reverse, and, for scrambled integers r and s, next
    # to never otherwise; that costs less than sorting the edges.
    r = (torch.arange(num_nodes, device=edge_index.device) + 1) * 0x1E3779B97F4A7C15  # products wrap around
    r = (r ^ (r >> 29)) * 0x3F58476D1CE4E5B9
    s = (r ^ (r >> 32)) * 0x14D049BB133111EB
    if torch.dot(r.index_select(0, u), s.index_select(0, v)) != torch.dot(r.index_select(0, v), s.index_select(0, u)):
        forward, backward = (u * num_nodes + v).sort().values, (v * num_nodes + u).sort().values
        first = (forward != backward).nonzero()[0].item()
        edge = divmod(min(forward[first], backward[first]).item(), num_nodes)
        raise ValueError(f"edge_index must hold both directions of every undirected edge, got only one of edge {edge}")
    return torch.bincount(v, minlength=num_nodes)


def _check_features(x: Tensor) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise TypeError(f"x must be a floating-point tensor, got {getattr(x, 'dtype', type(x).__name__)}")
    if x.ndim != 2:
        raise ValueError(f"x must have shape (num_nodes, features), got {tuple(x.shape)}")
