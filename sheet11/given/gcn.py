"""Graph convolutional networks with a choice of layer, several trained side by side (exercise 3b)."""

import math
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from sheet11.given.checks import check_between, check_choice, check_int, check_positive

REMEDIES = ("none", "residual", "gcnii", "pairnorm")
Layer = Callable[[Any, Tensor, Tensor, Tensor, int], Tensor]


def convolution(
    P: Tensor,
    H: Tensor,
    H0: Tensor,
    W: Tensor,
    l: int,
) -> Tensor:
    """Return ReLU(P H W), the plain layer."""
    return torch.relu(P @ H @ W)


class GCN(nn.Module):
    r"""Graph convolutional network of `depth` layers between a linear encoder and a linear decoder.

    H⁰ = ReLU(X · encoder), then H ← layer(P, H, H⁰, W_l, l) for l = 1 … depth, then scores H · decoder + bias.

    Weights are initialised as N(0, 2/fan-in) from torch's global generator. Through a ReLU this preserves the mean
    square of features over all draws (He et al. 2015, arXiv:1502.01852); a typical narrow network shrinks all the same.

    Several networks of the same form train side by side at little more than the cost of one: with `copies`, every
    weight, the states and the output have a leading dimension of that size.

    Args:
        in_features: columns of X.
        hidden: columns of H.
        classes: columns of the output.
        depth: number of layers, at least 1.
        remedy: "none" for the plain layer ReLU(P H W); a function of P, H, H⁰, W and l to use as the layer; or
            "residual", "gcnii", "pairnorm" for the function of that name in `sheet11.remedies`.
        copies: number of networks side by side, or None for a single network.
        alpha: α of "gcnii", in [0, 1].
        theta: θ of "gcnii", positive.
        dtype: type of the weights.

    Raises:
        TypeError, ValueError: a size is not a positive integer, the remedy is unknown, or alpha or theta is out of
            range.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        classes: int,
        depth: int,
        remedy: str | Layer = "none",
        copies: int | None = None,
        alpha: float = 0.1,
        theta: float = 0.5,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        in_features = check_int("in_features", in_features)
        hidden = check_int("hidden", hidden)
        classes = check_int("classes", classes)
        depth = check_int("depth", depth)
        theta = check_positive("theta", theta)
        alpha = check_between(
            "alpha",
            alpha,
            low=0,
            high=1,
            wanted="be between 0 and 1",
        )
        self.remedy = remedy
        self.layer = remedy if callable(remedy) else _layer_named(remedy, alpha, theta)
        batch = () if copies is None else (check_int("copies", copies),)

        def weight(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, dtype=dtype) * math.sqrt(2 / shape[-2]))

        self.encoder = weight(*batch, in_features, hidden)
        self.layers = weight(depth, *batch, hidden, hidden)
        self.decoder = weight(*batch, hidden, classes)
        self.bias = nn.Parameter(torch.zeros(*batch, 1, classes, dtype=dtype))

    def hidden_states(self, x: Tensor, P: Any) -> list[Tensor]:
        """Return H⁰, H¹ … H^depth, each of shape ([copies,] num_nodes, hidden)."""
        H = H0 = torch.relu(x @ self.encoder)
        if P.layout != torch.strided:
            P = _Sparse(P)
        states = [H]
        for number, W in enumerate(self.layers, start=1):
            H = self.layer(P, H, H0, W, number)
            states.append(H)
        return states

    def forward(self, x: Tensor, P: Tensor) -> Tensor:
        """Return the scores of the classes (logits) for x of shape ([copies,] num_nodes, in_features).

        Returns:
            Shape ([copies,] num_nodes, classes).
        """
        return self.hidden_states(x, P)[-1] @ self.decoder + self.bias


class _Sparse:
    """Sparse P that broadcasts over features of shape ([copies,] num_nodes, features), unlike torch's."""

    def __init__(self, P: Tensor) -> None:
        self.P = P

    def __rmul__(self, factor: float) -> "_Sparse":
        return _Sparse(factor * self.P)

    def __matmul__(self, H: Tensor) -> Tensor:
        columns = H.movedim(-2, 0)  # (num_nodes, [copies,] features)
        return (self.P @ columns.flatten(1)).view(columns.shape).movedim(0, -2)


def _layer_named(remedy: str, alpha: float, theta: float) -> Layer:
    if check_choice("remedy", remedy, REMEDIES) == "none":
        return convolution
    remedies = import_module("sheet11.remedies")  # students write it, so it may be missing
    if remedy == "gcnii":
        return partial(remedies.gcnii, alpha=alpha, theta=theta)
    layer: Layer = getattr(remedies, remedy)
    return layer
