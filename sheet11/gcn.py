"""A graph convolutional network, plain or with a remedy against oversmoothing (exercise 3b).

Remedies: Chen et al. 2020 (GCNII), arXiv:2007.02133; Zhao & Akoglu 2020 (PairNorm), arXiv:1909.12223.
"""

import math

import torch
from torch import Tensor, nn

from sheet11.checks import check_between, check_choice, check_int, check_positive

REMEDIES = ("none", "residual", "gcnii", "pairnorm")


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


def _left_multiply(P: Tensor, H: Tensor) -> Tensor:
    """P H for H of shape ([copies,] num_nodes, features); torch broadcasts a dense P, but not a sparse one."""
    if H.ndim == 2 or P.layout == torch.strided:
        return P @ H
    columns = H.movedim(0, 1)  # (num_nodes, copies, features)
    return (P @ columns.flatten(1)).view(columns.shape).movedim(1, 0)
