"""Training nodes are drawn evenly; loss and accuracy of several networks against each one by itself."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, normal

from sheet11.given.gcn import GCN, REMEDIES
from sheet11.given.graphs import karate_club, two_block_model
from sheet11.given.training import accuracy, cross_entropy, draw_training_nodes
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


@pytest.mark.parametrize("remedy", REMEDIES)
def test_training_improves_on_separable_blocks(remedy):
    graph = two_block_model(30, p_in=0.4, p_out=0.02)
    P = normalized_adjacency(graph.edge_index, 60).to_dense()
    x = normal(60, 3) + 2.0 * graph.labels[:, None]
    mask = draw_training_nodes(graph.labels, 5, copies=4)
    torch.manual_seed(0)
    model = GCN(3, 5, 2, 2, remedy, copies=4, alpha=0.2, theta=0.7)
    before = trained(model, x, P, graph.labels, mask, epochs=0)
    after = trained(model, x, P, graph.labels, mask, epochs=60)
    assert before.shape == after.shape == (4,)
    assert after.min() > 0.9
    assert after.mean() > before.mean()


LABELS, LOGITS = torch.tensor([0, 0, 0, 1, 1]), torch.zeros(5, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: draw_training_nodes(LABELS, 2, 1),
            ValueError,
            "labels_per_class must be below 2, .*, got 2",
        ),
        (
            lambda: draw_training_nodes(LABELS, 0, 1),
            ValueError,
            "labels_per_class must be at least 1, got 0",
        ),
        (lambda: draw_training_nodes(LABELS, 1, 0), ValueError, "copies must be at least 1, got 0"),
        (
            lambda: draw_training_nodes(LABELS, 1, 1, -1),
            ValueError,
            "seed must be at least 0, got -1",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("measure", [cross_entropy, accuracy])
@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (torch.tensor([1, 0, 0, 0, 0]), TypeError, "train_mask must be boolean, got torch.int64"),
        (torch.tensor([True] * 5), ValueError, "train_mask must .* nodes to test on"),
        (torch.tensor([False] * 5), ValueError, "train_mask must .* nodes to train on"),
        (
            torch.tensor([[True, True, True, False, True], [False] * 5]),
            ValueError,
            r"train_mask .*, got \[4, 0\] of 5",
        ),
    ],
)
def test_bad_masks(measure, mask, error, message):
    with pytest.raises(error, match=message):
        measure(LOGITS, LABELS, mask)
