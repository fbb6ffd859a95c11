"""Exercise 3b: the layers that mend oversmoothing. H: features before layer l = 1, 2, …; H0: those after the encoder.

Sources: He et al. 2016 (residual connections), arXiv:1512.03385; Chen et al. 2020 (GCNII), arXiv:2007.02133; Zhao &
Akoglu 2020 (PairNorm), arXiv:1909.12223. Every layer takes P of shape (num_nodes, num_nodes), H and H0 of shape
([copies,] num_nodes, hidden) and W of shape ([copies,] hidden, hidden), and returns the shape of H.
"""

import math

import torch
from torch import Tensor


def residual(P: Tensor, H: Tensor, H0: Tensor, W: Tensor, l: int) -> Tensor:
    """(H + ReLU(P H W))/2, the mean of both, because a sum would grow with depth."""
    return (H + torch.relu(P @ H @ W)) / 2


def gcnii(
    P: Tensor, H: Tensor, H0: Tensor, W: Tensor, l: int, alpha: float = 0.1, theta: float = 0.5
) -> Tensor:
    """ReLU((1 − β) S + β S W) with S = (1 − α) P H + α H⁰ and β = log(θ/l + 1)."""
    S = (1 - alpha) * P @ H + alpha * H0
    beta = math.log(theta / l + 1)
    return torch.relu((1 - beta) * S + beta * S @ W)


def pairnorm(P: Tensor, H: Tensor, H0: Tensor, W: Tensor, l: int) -> Tensor:
    """ReLU(N(P H W)) with N of `pair_norm`."""
    return torch.relu(pair_norm(P @ H @ W))


def pair_norm(x: Tensor) -> Tensor:
    r"""PairNorm (with s = 1): take the mean node off, then scale to a root mean square of 1 over the nodes' norms.

    The mean squared distance between two nodes is then the same, whatever the layer before did.

    Args:
        x: shape (…, num_nodes, features).
    """
    centred = x.double() - x.double().mean(dim=-2, keepdim=True)  # float16 holds no 1e-12
    mean_square = centred.square().sum(dim=-1, keepdim=True).mean(dim=-2, keepdim=True)
    return (centred / (1e-12 + mean_square).sqrt()).to(x.dtype)  # not 0/0 where all nodes are equal
