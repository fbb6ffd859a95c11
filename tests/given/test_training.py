"""Training nodes are drawn evenly; loss and accuracy of several networks against single networks."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, normal

from sheet11.given.gcn import GCN
from sheet11.given.training import (
    accuracy,
    cross_entropy,
    draw_training_nodes,
    linear_probe,
    train,
)

LABELS = torch.tensor([0, 0, 0, 1, 1])
MASK = torch.tensor([True, False, False, True, False])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from([2, 3, 5]), max_size=10),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 10**6),
)
def test_training_nodes_are_the_same_number_of_each_class(labels, per_class, copies, seed):
    labels = torch.tensor(labels + [2, 3, 5] * (per_class + 1))
    mask = draw_training_nodes(labels, per_class, copies, seed)
    assert mask.shape == (copies, len(labels)) and mask.dtype == torch.bool
    for copy in mask:
        assert sorted(labels[copy].tolist()) == sorted([2, 3, 5] * per_class)
    assert torch.equal(mask, draw_training_nodes(labels, per_class, copies, seed))


def test_training_nodes_are_drawn_uniformly_and_anew():
    mask = draw_training_nodes(LABELS, 1, copies=3000)
    frequency = mask.double().mean(dim=0)
    close(frequency, [1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2], 2 / math.sqrt(3000))
    assert len(mask.unique(dim=0)) == 6  # every choice


def test_loss_and_accuracy_of_copies_are_those_of_each():
    logits, labels = normal(3, 34, 2), torch.arange(34) % 2
    mask = draw_training_nodes(labels, 4, copies=3)
    losses = []
    for z, chosen, found in zip(logits, mask, accuracy(logits, labels, mask), strict=True):
        losses.append(torch.nn.functional.cross_entropy(z[chosen], labels[chosen]))
        close(cross_entropy(z, labels, chosen), losses[-1])
        tested = [node for node in range(34) if not chosen[node]]
        right = [z[node].argmax() == labels[node] for node in tested]
        assert found.item() == pytest.approx(sum(right) / len(tested))
        assert accuracy(z, labels, chosen) == found
    close(cross_entropy(logits, labels, mask), sum(losses))


def test_scores_that_are_no_numbers_are_never_right():
    assert accuracy(torch.full((5, 2), math.nan), LABELS, MASK) == 0
    H = torch.stack([torch.full((5, 3), math.nan), LABELS[:, None].expand(5, 3).float()])
    assert linear_probe(H, LABELS, MASK.expand(2, 5)).tolist() == [0, 1]


def test_accuracy_is_in_double_precision():
    logits = torch.nn.functional.one_hot(LABELS).float()
    logits[1] = torch.tensor([0.0, 1.0])
    assert accuracy(logits, LABELS, MASK).item() == 2 / 3


def test_only_nodes_that_are_trained_on_count_in_the_loss():
    logits = torch.zeros(5, 2)
    logits[1], logits[2], logits[4] = -math.inf, math.nan, torch.tensor([0.0, -math.inf])
    loss = cross_entropy(logits.requires_grad_(), LABELS, MASK)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == pytest.approx(math.log(2))
    assert gradient.isfinite().all() and not gradient[~MASK].any()


def test_training_is_that_of_torchs_adam():
    x, mask = normal(3, 5, 2), draw_training_nodes(LABELS, 1, copies=3)
    torch.manual_seed(0)
    ours = GCN(2, 4, 2, depth=2, copies=3)
    torch.manual_seed(0)
    theirs = GCN(2, 4, 2, depth=2, copies=3)
    adam = torch.optim.Adam(theirs.parameters(), lr=0.05)
    P = torch.eye(5, dtype=torch.float64)
    expected = []
    for step in range(13):
        if step in (0, 2, 12):
            expected.append(accuracy(theirs(x, P), LABELS, mask))
        if step < 12:
            adam.zero_grad()
            cross_entropy(theirs(x, P), LABELS, mask).backward()
            adam.step()
    assert torch.equal(train(ours, x, P, LABELS, mask, [0, 2, 12], 0.05), torch.stack(expected))
    close(ours(x, P), theirs(x, P).detach(), 1e-9)
