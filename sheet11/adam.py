"""The Adam optimizer (Kingma & Ba 2015, arXiv:1412.6980) without what torch.optim brings along.

The first step of any torch.optim optimizer imports torch's compiler, which takes longer than the exercises train; the
numbers are the same.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from sheet11.checks import check_positive


def adam(
    parameters: Iterable[Tensor],
    learning_rate: float,
    weight_decay: float = 0.0,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Callable[[Tensor], None]:
    r"""Return `step(loss)`, which moves the parameters in place against the gradient g of the loss.

    g ← ∂loss/∂θ + weight_decay·θ,  m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,
    θ ← θ − learning_rate · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)

    Args:
        parameters: leaf tensors that require gradients.
        learning_rate: largest change of a parameter in one step, roughly.
        weight_decay: strength of the pull towards 0.
        beta1: decay of the running mean m.
        beta2: decay of the running mean v.
        epsilon: keeps the quotient finite.

    Raises:
        TypeError, ValueError: learning_rate is not positive.
    """
    learning_rate = check_positive("learning_rate", learning_rate)
    parameters = list(parameters)
    m = [torch.zeros_like(theta) for theta in parameters]
    v = [torch.zeros_like(theta) for theta in parameters]
    t = 0

    def step(loss: Tensor) -> None:
        nonlocal t
        t += 1
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for theta, g, m_theta, v_theta in zip(parameters, gradients, m, v, strict=True):
                g = g + weight_decay * theta
                m_theta.lerp_(g, 1 - beta1)
                v_theta.lerp_(g * g, 1 - beta2)
                theta -= learning_rate * (m_theta / (1 - beta1**t)) / ((v_theta / (1 - beta2**t)).sqrt() + epsilon)

    return step
