"""Log-sum-exp and its derivative soft(arg)max, the weights of an aggregation between min and max (exercise 2).

λ (`lam`) is an inverse temperature.
"""

import torch
from torch import Tensor

from sheet11.given.tensors import check_floating, to_tensor


def lse(m: Tensor, lam: float | Tensor = 1.0, dim: int = -1) -> Tensor:
    r"""Return the log-sum-exp (1/λ)·log Σ_u exp(λ m_u), a smooth maximum.

    The limit is the maximum at λ = ∞ and the minimum at λ = −∞.

    Args:
        m: messages, floating point.
        lam: inverse temperature λ, a number or a tensor with one value; not 0.
        dim: dimension to reduce.

    Returns:
        Tensor with the shape of m without `dim`.

    Raises:
        TypeError, ValueError: m is not floating point or empty along `dim`, or lam is 0, NaN or of another shape.
    """
    lam, c = _favoured(m, lam, dim)
    if lam == 0:
        raise ValueError("lam must not be 0, by which lse divides, got 0")
    if lam.isinf():
        return c.squeeze(dim)
    c = torch.where(c.isfinite(), c, 0)  # ∞ − ∞ would be NaN
    total = _powers(m, lam, c).sum(dim, keepdim=True)
    return (c + torch.log(total) / lam).squeeze(dim)


def softargmax(m: Tensor, lam: float | Tensor = 1.0, dim: int = -1) -> Tensor:
    r"""Return the weights soft(arg)max(m; λ) = ∂lse/∂m = exp(λ m) / Σ_u exp(λ m_u), which sum to 1.

    At λ = ±∞ the messages that attain the maximum or minimum share the weight equally.

    Args:
        m: messages, floating point.
        lam: inverse temperature λ, a number or a tensor with one value; may be ±inf.
        dim: dimension along which the weights sum to 1.

    Returns:
        Tensor with the shape of m.

    Raises:
        TypeError, ValueError: m is not floating point or empty along `dim`, lam is NaN or of another shape, or the
            message that lam favours is infinite.
    """
    lam, c = _favoured(m, lam, dim)
    weights = (m == c).to(m.dtype) if lam.isinf() else _powers(m, lam, c)
    weights = weights / weights.sum(dim, keepdim=True)
    if weights.isnan().any():
        raise ValueError(f"m must be finite where lam favours it, got {c[~c.isfinite()][0].item()}")
    return weights


def _favoured(m: Tensor, lam: float | Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Return λ as a tensor and the message that it favours (largest or smallest), or raise."""
    check_floating("m", m)
    if not -m.ndim <= dim < m.ndim or not m.shape[dim]:
        raise ValueError(
            f"m must have at least one message along dim {dim}, got shape {tuple(m.shape)}"
        )
    lam = to_tensor("lam", lam, m)
    return lam, m.amax(dim, keepdim=True) if lam > 0 else m.amin(dim, keepdim=True)


def _powers(m: Tensor, lam: Tensor, c: Tensor) -> Tensor:
    """Return exp(λ(m − c)), which is at most 1; with halves the difference cannot overflow."""
    return torch.exp(2 * lam * (m / 2 - c / 2))
