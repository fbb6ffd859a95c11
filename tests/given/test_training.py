"""Training nodes are drawn evenly; loss and accuracy of several networks against each one by itself."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, normal

from sheet11.given.gcn import GCN, REMEDIES
from sheet11.given.graphs import karate_club
from sheet11.given.training import accuracy, cross_entropy, draw_training_nodes, linear_probe
from sheet11.oversmoothing import normalized_adjacency

law = settings(deadline=None, max_examples=50)
KARATE = karate_club()


@law
@given(
    st.lists(st.integers(0, 2), max_size=10),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 10**6),
)
def test_training_nodes_are_the_same_number_of_each_class(labels, per_class, copies, seed):
    labels = torch.tensor(labels + [0, 1, 2] * (per_class + 1))
    mask = draw_training_nodes(labels, per_class, copies, seed)
    assert mask.shape == (copies, len(labels))
    assert mask.dtype == torch.bool
    for copy in mask:
        assert labels[copy].bincount().tolist() == [per_class] * 3
    assert torch.equal(mask, draw_training_nodes(labels, per_class, copies, seed))


def test_training_nodes_are_drawn_uniformly_and_anew():
    labels, copies = torch.tensor([0, 1, 0, 1, 1, 0, 1]), 3000
    mask = draw_training_nodes(labels, 2, copies)
    expected = torch.where(labels == 0, 2 / 3, 2 / 4)
    assert mask.double().mean(dim=0).tolist() == pytest.approx(
        expected.tolist(), abs=4 * 0.5 / math.sqrt(copies)
    )
    assert len(mask.unique(dim=0)) == 3 * 6  # every choice of 2 of 3 and 2 of 4


def test_training_nodes_of_classes_whose_numbers_have_gaps():
    labels = torch.tensor([5, 5, 2, 2])
    (mask,) = draw_training_nodes(labels, 1, 1)
    assert sorted(labels[mask].tolist()) == [2, 5]


def test_loss_and_accuracy_of_copies_are_those_of_each():
    logits, labels = normal(3, 34, 2), KARATE.labels
    mask = draw_training_nodes(labels, 4, copies=3)
    each = [
        torch.nn.functional.cross_entropy(z[m], labels[m])
        for z, m in zip(logits, mask, strict=True)
    ]
    close(cross_entropy(logits, labels, mask), sum(each))
    close(cross_entropy(logits[0], labels, mask[0]), each[0])
    for copy, found in enumerate(accuracy(logits, labels, mask)):
        tested = [node for node in range(34) if not mask[copy, node]]
        right = [logits[copy, node].argmax() == labels[node] for node in tested]
        assert found.item() == pytest.approx(sum(right) / len(tested))
        assert accuracy(logits[copy], labels, mask[copy]) == found


def trained(model, x, P, labels, mask, epochs, learning_rate=0.02):
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    for _ in range(epochs):
        optimizer.zero_grad()
        cross_entropy(model(x, P), labels, mask).backward()
        optimizer.step()
    with torch.no_grad():
        return accuracy(model(x, P), labels, mask)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_networks_train_side_by_side_as_they_do_alone(remedy):
    P, x = normalized_adjacency(KARATE.edge_index, 34).to_dense(), normal(34, 3)
    mask = draw_training_nodes(KARATE.labels, 4, copies=3)
    torch.manual_seed(0)
    model = GCN(3, 5, 2, 3, remedy, copies=3)
    alone = [GCN(3, 5, 2, 3, remedy) for _ in range(3)]
    with torch.no_grad():
        for copy, one in enumerate(alone):
            for mine, theirs in zip(one.parameters(), model.parameters(), strict=True):
                mine.copy_(theirs[:, copy] if theirs is model.layers else theirs[copy])
    together = trained(model, x, P, KARATE.labels, mask, 20)
    assert together.tolist() == [
        trained(one, x, P, KARATE.labels, mask[copy], 20).item() for copy, one in enumerate(alone)
    ]
    for copy, one in enumerate(alone):
        close(model(x, P)[copy], one(x, P).detach(), 1e-6)


LABELS, LOGITS = torch.tensor([0, 0, 0, 1, 1]), torch.zeros(5, 2)
MASK = torch.tensor([True, False, False, True, False])


def test_scores_that_are_no_numbers_are_never_right():
    assert accuracy(torch.full((5, 2), math.nan), LABELS, MASK) == 0
    H = torch.stack([torch.full((5, 3), math.nan), LABELS[:, None].expand(5, 3).float()])
    assert linear_probe(H, LABELS, MASK.expand(2, 5)).tolist() == [0, 1]


def test_accuracy_is_in_double_precision():
    logits = torch.nn.functional.one_hot(LABELS).float()
    logits[1] = torch.tensor([0.0, 1.0])
    assert accuracy(logits, LABELS, MASK).item() == 2 / 3


def test_only_nodes_that_are_trained_on_count_in_the_loss():
    logits = LOGITS.clone()
    logits[1], logits[2], logits[4] = -math.inf, math.nan, torch.tensor([0.0, -math.inf])
    logits.requires_grad_()
    loss = cross_entropy(logits, LABELS, MASK)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == pytest.approx(math.log(2))
    assert gradient.isfinite().all() and not gradient[~MASK].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 1), "labels_per_class must be below 2, .*, got 2"),
        ((0, 1), "labels_per_class must be at least 1, got 0"),
        ((1, 0), "copies must be at least 1, got 0"),
        ((1, 1, -1), "seed must be at least 0, got -1"),
    ],
)
def test_bad_numbers_of_nodes(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_training_nodes(LABELS, *arguments)


@pytest.mark.parametrize("measure", [cross_entropy, accuracy])
@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (MASK.long(), TypeError, "train_mask must be boolean, got torch.int64"),
        (MASK | True, ValueError, "train_mask must .* nodes to test on"),
        (torch.stack([MASK, MASK & False]), ValueError, r"train_mask .*, got \[2, 0\] of 5"),
    ],
)
def test_bad_masks(measure, mask, error, message):
    with pytest.raises(error, match=message):
        measure(LOGITS, LABELS, mask)
