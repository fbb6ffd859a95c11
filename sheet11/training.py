"""Training nodes, loss and accuracy of node classification (exercise 3b)."""

import torch
from torch import Tensor, nn

from sheet11.adam import adam
from sheet11.checks import check_int


def draw_training_nodes(labels: Tensor, labels_per_class: int, copies: int, seed: int = 0) -> Tensor:
    """Masks of randomly drawn training nodes, the same number from every class, drawn anew for each copy.

    Args:
        labels: class of each node, shape (num_nodes,).
        labels_per_class: training nodes of each class; every class must keep at least one node to test on.
        copies: number of masks.
        seed: of the draw.

    Returns:
        Boolean, shape (copies, num_nodes).

    Raises:
        TypeError, ValueError: a number is no positive integer, or a class is too small.
    """
    labels_per_class, copies = check_int("labels_per_class", labels_per_class), check_int("copies", copies)
    classes, sizes = labels.unique(return_counts=True)
    smallest = int(sizes.min())
    if labels_per_class >= smallest:
        raise ValueError(
            f"labels_per_class must be below {smallest}, the size of the smallest class, got {labels_per_class}"
        )
    generator = torch.Generator().manual_seed(check_int("seed", seed, minimum=0))
    mask = torch.zeros(copies, len(labels), dtype=torch.bool)
    for copy in mask:
        for label in classes:
            nodes = (labels == label).nonzero().squeeze(1)
            copy[nodes[torch.randperm(len(nodes), generator=generator)[:labels_per_class]]] = True
    return mask


def train(
    model: nn.Module,
    x: Tensor,
    P: Tensor,
    labels: Tensor,
    train_mask: Tensor,
    epochs: int = 40,
    learning_rate: float = 0.02,
    weight_decay: float = 5e-4,
) -> Tensor:
    """Train a node classifier (cross-entropy, Adam) on the masked nodes, and test it on all others.

    Args:
        model: called as model(x, P), gives logits of shape ([copies,] num_nodes, classes).
        x: node features, shape ([copies,] num_nodes, features).
        P: from `normalized_adjacency`, or its dense form, which is faster below about a thousand nodes.
        labels: class of each node, shape (num_nodes,).
        train_mask: True where a label may be used, shape ([copies,] num_nodes), at least one True and one False.
        epochs: gradient steps.
        learning_rate: of Adam.
        weight_decay: of Adam.

    Returns:
        Accuracy on the other nodes, one for each copy: shape ([copies]).

    Raises:
        TypeError, ValueError: epochs or learning_rate is out of range, or a mask leaves nothing to train or test on.
    """
    epochs = check_int("epochs", epochs, minimum=0)
    if train_mask.dtype != torch.bool:
        raise TypeError(f"train_mask must be boolean, got {train_mask.dtype}")
    chosen = train_mask.sum(dim=-1)
    if not ((chosen > 0) & (chosen < len(labels))).all():
        raise ValueError(
            f"train_mask must leave nodes to train on and nodes to test on, got {chosen.tolist()} of {len(labels)}"
        )
    step = adam(model.parameters(), learning_rate, weight_decay)
    share = train_mask.to(x.dtype) / chosen[..., None]
    for _ in range(epochs):
        log_probability = model(x, P).log_softmax(dim=-1)
        step(-(log_probability[..., torch.arange(len(labels)), labels] * share).sum())  # the copies do not interact
    with torch.no_grad():
        correct = model(x, P).argmax(dim=-1) == labels
    return (correct & ~train_mask).sum(dim=-1) / (~train_mask).sum(dim=-1)
