"""Layers that counteract oversmoothing (exercise 3b). H: features before layer l = 1, 2, …; H0: after the encoder.

Sources: He et al. 2016 (residual connections), arXiv:1512.03385; Chen et al. 2020 (GCNII), arXiv:2007.02133; Zhao &
Akoglu 2020 (PairNorm), arXiv:1909.12223. Every layer takes P of shape (num_nodes, num_nodes), H and H0 of shape
([copies,] num_nodes, hidden) and W of shape ([copies,] hidden, hidden), and returns the shape of H.
"""

import math

import torch
from torch import Tensor


def residual(P: Tensor, H: Tensor, H0: Tensor, W: Tensor, l: int) -> Tensor:
    """Return (H + ReLU(P H W))/2: the mean, because a sum would grow with depth."""
    return (H + torch.relu(P @ H @ W)) / 2


def gcnii(
    P: Tensor, H: Tensor, H0: Tensor, W: Tensor, l: int, alpha: float = 0.1, theta: float = 0.5
) -> Tensor:
    """Return ReLU((1 − β) S + β S W) with S = (1 − α) P H + α H⁰ and β = log(θ/l + 1)."""
    S = (1 - alpha) * P @ H + alpha * H0
    beta = math.log(theta / l + 1)
    return torch.relu((1 - beta) * S + beta * S @ W)


def pairnorm(P: Tensor, H: Tensor, H0: Tensor, W: Tensor, l: int) -> Tensor:
    """Return ReLU(N(P H W)), where N is `pair_norm`."""
    return torch.relu(pair_norm(P @ H @ W))


def pair_norm(x: Tensor) -> Tensor:
    r"""Apply PairNorm with s = 1: subtract the mean over the nodes, then scale their norms to a root mean square of 1.

    The mean squared distance between two nodes is then the same after every layer.

    Args:
        x: shape (…, num_nodes, features).
    """
    centred = x.double() - x.double().mean(dim=-2, keepdim=True)  # float16 holds no 1e-12
    mean_square = centred.square().sum(dim=-1, keepdim=True).mean(dim=-2, keepdim=True)
    return (centred / (1e-12 + mean_square).sqrt()).to(x.dtype)  # 1e-12 avoids 0/0 for equal nodes
