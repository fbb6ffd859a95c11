"""Log-sum-exp and its derivative, the weights of an aggregation between min and max (exercise 2).

λ (`lam`) is an inverse temperature.
"""

import torch
from torch import Tensor

from sheet11.given.tensors import check_floating, check_scalar


def lse(m: Tensor, lam: float | Tensor = 1.0, dim: int = -1) -> Tensor:
    r"""Log-sum-exp, a smooth maximum: (1/λ)·log Σ_u exp(λ m_u).

    It is the maximum at λ = ∞ and the minimum at λ = −∞.

    Args:
        m: messages, floating point.
        lam: inverse temperature λ, a number or a tensor with one value; not 0.
        dim: the dimension to reduce.

    Returns:
        The shape of m without `dim`.

    Raises:
        TypeError, ValueError: m is not floating point or empty along `dim`, or lam is 0, NaN or of another shape.
    """
    check_floating("m", m, dim)
    lam = check_scalar("lam", lam, m)
    if lam == 0:
        raise ValueError("lam must not be 0, by which lse divides, got 0")
    c = _extreme(m, lam, dim)
    if lam.isinf():
        return c.squeeze(dim)
    # the largest exponent is 0, so that exp cannot overflow
    return (c + torch.log(torch.exp(lam * (m - c)).sum(dim, keepdim=True)) / lam).squeeze(dim)


def softargmax(m: Tensor, lam: float | Tensor = 1.0, dim: int = -1) -> Tensor:
    r"""soft(arg)max(m; λ) = ∂lse/∂m = exp(λ m) / Σ_u exp(λ m_u): weights that sum to 1.

    At λ = ±∞ the messages that attain the maximum or minimum share the weight.

    Args:
        m: messages, floating point.
        lam: inverse temperature λ, a number or a tensor with one value; may be ±inf.
        dim: the dimension along which the weights sum to 1.

    Returns:
        The shape of m.

    Raises:
        TypeError, ValueError: m is not floating point or empty along `dim`, or lam is NaN or of another shape.
    """
    check_floating("m", m, dim)
    lam = check_scalar("lam", lam, m)
    z = m - _extreme(m, lam, dim)
    weights = (z == 0).to(m.dtype) if lam.isinf() else torch.exp(lam * z)
    return weights / weights.sum(dim, keepdim=True)


def _extreme(m: Tensor, lam: Tensor, dim: int) -> Tensor:
    """The message that λ favours."""
    return m.amax(dim, keepdim=True) if lam > 0 else m.amin(dim, keepdim=True)
