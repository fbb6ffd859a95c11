"""Aggregation between min, mean, sum and max (exercise 2); lse and softargmax are in `given/softmax.py`.

λ (`lam`) is an inverse temperature and η (`eta`) an exponent of the number of neighbours.
Sources: the sheet; Li et al. 2020, DeeperGCN, arXiv:2006.07739, whose softmax aggregation is the case η = 0.
"""

import torch
from torch import Tensor

from sheet11.given.tensors import check_aggregate, check_messages, summable, to_tensor
from sheet11.large.aggregation import aggregate_in_blocks

LARGE = 2**17  # entries of the messages, from which blocks are faster


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

    A node with one neighbour gets its message, a node without neighbours gets 0 for every η. The result is
    differentiable in the messages, λ and η; at λ = ±∞ tied messages share the gradient.

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
    index, num_nodes = check_messages(messages, index, num_nodes)
    if messages.numel() >= LARGE:
        agg = aggregate_in_blocks(messages, index, num_nodes, lam, eta)
        if agg is not None:
            return check_aggregate(agg, messages, eta)

    m = summable(messages)
    lam = to_tensor("lam", lam, m, m.shape[1])
    eta = to_tensor("eta", eta, m, m.shape[1], finite=True)
    zeros = m.new_zeros(num_nodes, m.shape[1])
    target, sign = index[:, None].expand_as(m), lam.sign()
    # subtract the message that λ favours: no exponent is positive, and the gradients do not change
    c = sign * zeros.scatter_reduce(0, target, sign * m.detach(), "amax", include_self=False)
    z = m - c[index]
    w = torch.exp(lam.nan_to_num() * z)  # at λ = ±∞: 1 where z is 0, else 0
    total = zeros.index_add(0, index, w) + 1e-16  # avoids 0/0 for nodes without messages
    mean = c + zeros.index_add(0, index, w * z) / total
    degree = torch.bincount(index, minlength=num_nodes).clamp(min=1).to(z.dtype)
    agg = degree[:, None] ** eta * mean
    return check_aggregate(agg.to(messages.dtype), messages, eta)
