"""Propagation of node features, attention among neighbours, and the decay of their energy (exercise 3a)."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from sheet11.given.checks import check_array, check_int


def propagate(x: Tensor, step: Tensor | Callable[[Tensor], Tensor], depth: int) -> Iterator[Tensor]:
    """Yield X⁽⁰⁾ = X, then X⁽ˡ⁺¹⁾ = step X⁽ˡ⁾, up to and including X⁽ᵈᵉᵖᵗʰ⁾.

    Args:
        x: node features, shape (num_nodes, features).
        step: a matrix to multiply with from the left, such as P, or a function of the features.
        depth: number of steps.

    Yields:
        depth + 1 tensors.

    Raises:
        TypeError, ValueError: depth is not an integer, or negative.
    """
    depth = check_int("depth", depth, minimum=0)
    apply = (lambda x: step @ x) if isinstance(step, Tensor) else step
    yield x
    for _ in range(depth):
        x = apply(x)
        yield x


def attention(x: Tensor, P: Tensor) -> Tensor:
    r"""Return softmax(X Xᵀ/√p) X, where the softmax of node v runs over its neighbours and v itself.

    Like the mean, it averages with weights that are positive and sum to 1; unlike it, they depend on the features.

    Args:
        x: node features, shape (num_nodes, p).
        P: shape (num_nodes, num_nodes), not 0 where u is v or a neighbour of v; sparse or dense.
    """
    scores = x @ x.T / math.sqrt(x.shape[1])
    scores = scores.masked_fill(P.to_dense() == 0, -math.inf)
    return scores.softmax(dim=1) @ x


def decay_rate(energy: ArrayLike) -> float:
    r"""Fit the rate at which an energy decays per layer: the slope of log(energy) over the second half of the layers.

    The first half is left out because the slope may still change there, and so are layers whose energy is below 1e-20
    of the first, because those values are rounding errors.

    Args:
        energy: shape (depth + 1,), depth at least 1.

    Returns:
        Slope per layer; −∞ if the energy vanishes after the first layer.

    Raises:
        ValueError: there are fewer than two energies, or one is negative or not finite.
    """
    energy = check_array("energy", energy, ndim=1)
    if len(energy) < 2:
        raise ValueError(f"energy must hold at least two values, got shape {energy.shape}")
    if energy.min() < 0:
        raise ValueError(f"energy must not be negative, got {energy.min()}")
    layers = np.flatnonzero(energy > 1e-20 * energy[0])
    if len(layers) < 2:
        return -math.inf
    layers = layers[min(len(layers) // 2, len(layers) - 2) :]
    return float(np.polyfit(layers, np.log(energy[layers]), 1)[0])
