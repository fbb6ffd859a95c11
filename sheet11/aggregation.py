"""Aggregation functions between min, mean, sum and max (exercise 2).

λ (`lam`) is an inverse temperature and η (`eta`) an exponent of the number of neighbours.
Sources: the sheet; Li et al. 2020, DeeperGCN, arXiv:2006.07739, whose softmax aggregation is the case η = 0.
"""

import torch
from torch import Tensor

from sheet11.given.tensors import check_aggregate, check_messages, check_per_channel
from sheet11.large.aggregation import aggregate_in_blocks

LARGE = 2**17  # entries of the messages; from here on blocks are faster


def softargmax_aggregate(
    messages: Tensor,
    index: Tensor,
    num_nodes: int,
    lam: float | Tensor = 1.0,
    eta: float | Tensor = 0.0,
) -> Tensor:
    r"""Aggregate the messages of each neighbourhood, channel by channel.

    soft(arg)max_agg(v, m; λ, η) = |N(v)|^η · Σ_{u∈N(v)} soft(arg)max(m; λ)_u · m_u

    | λ   | η | result        |
    |-----|---|---------------|
    | −∞  | 0 | minimum       |
    | 0   | 0 | mean          |
    | 0   | 1 | sum           |
    | +∞  | 0 | maximum       |

    A neighbourhood of one gives its message; a node without neighbours gives 0 whatever η. The result is
    differentiable in the messages, λ and η; at λ = ±∞ ties share the gradient.

    Args:
        messages: shape (num_edges, channels), floating point and finite.
        index: target node of each message, shape (num_edges,), integers in [0, num_nodes), in any order.
        num_nodes: number of nodes.
        lam: inverse temperature λ, a number or a tensor with one value or one per channel; may be ±inf.
        eta: exponent η of the neighbourhood's size, a number or a tensor with one value or one per channel; finite.

    Returns:
        Shape (num_nodes, channels).

    Raises:
        TypeError, ValueError: an argument has another shape or type, or a value that is out of range.
    """
    index = check_messages(messages, index, num_nodes)
    lam, eta = (
        check_per_channel("lam", lam, messages),
        check_per_channel("eta", eta, messages, finite=True),
    )
    if (
        messages.numel() >= LARGE
        and (agg := aggregate_in_blocks(messages, index, num_nodes, lam, eta)) is not None
    ):
        return check_aggregate(agg, messages, eta)

    # The weights do not change when a constant c is taken from all messages of a neighbourhood, and neither does any
    # gradient. With c the message that λ favours no exponent is positive, and one weight is exactly 1.
    zeros, sign = messages.new_zeros(num_nodes, messages.shape[1]), lam.detach().sign()
    target = index[:, None].expand_as(messages)
    c = sign * zeros.scatter_reduce(0, target, sign * messages.detach(), "amax", include_self=False)
    z = messages - c[index]
    w = torch.where(lam.isinf(), z == 0, torch.exp(lam.nan_to_num() * z))

    total = zeros.index_add(0, index, w).clamp(min=1)  # below 1 only without neighbours
    mean = c + zeros.index_add(0, index, w * z) / total
    degree = torch.bincount(index, minlength=num_nodes).clamp(min=1)[:, None]  # 0^η may be ∞
    return check_aggregate(degree**eta * mean, messages, eta)
