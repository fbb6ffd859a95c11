"""Training nodes, loss, training and accuracy of node classification (exercise 3b)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sheet11.given.checks import check_int


def draw_training_nodes(
    labels: Tensor, labels_per_class: int, copies: int, seed: int = 0
) -> Tensor:
    """Draw masks of random training nodes, the same number from every class, independently for each copy.

    Args:
        labels: class of each node, shape (num_nodes,).
        labels_per_class: training nodes of each class; every class must keep at least one node to test on.
        copies: number of masks.
        seed: seed of the draw.

    Returns:
        Boolean, shape (copies, num_nodes).

    Raises:
        TypeError, ValueError: a number is not a positive integer, or a class is too small.
    """
    labels_per_class = check_int("labels_per_class", labels_per_class)
    copies = check_int("copies", copies)
    classes, sizes = torch.unique(labels, return_counts=True)
    smallest = int(sizes.min())
    if labels_per_class >= smallest:
        raise ValueError(
            f"labels_per_class must be below {smallest}, the size of the smallest class, got {labels_per_class}"
        )
    seed = check_int("seed", seed, minimum=0)
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(copies, len(labels), dtype=torch.bool)
    for copy in mask:
        for label in classes:
            nodes = (labels == label).nonzero().squeeze(1)
            order = torch.randperm(len(nodes), generator=generator)
            copy[nodes[order[:labels_per_class]]] = True
    return mask


def cross_entropy(logits: Tensor, labels: Tensor, train_mask: Tensor) -> Tensor:
    """Return the mean cross-entropy over the training nodes, summed over the copies, which do not interact.

    Args:
        logits: scores of the classes, shape ([copies,] num_nodes, classes).
        labels: class of each node, shape (num_nodes,).
        train_mask: True for training nodes, shape ([copies,] num_nodes), at least one True and one False.

    Returns:
        A tensor with one value.

    Raises:
        TypeError, ValueError: the mask is not boolean, or leaves nothing to train or to test on.
    """
    share = train_mask.to(logits.dtype) / _count(train_mask)[..., None]
    logits = logits.masked_fill(~train_mask[..., None], 0)  # 0 times −∞ would be NaN
    log_probability = logits.log_softmax(dim=-1)[..., torch.arange(len(labels)), labels]
    return -(log_probability * share).sum()


def accuracy(logits: Tensor, labels: Tensor, train_mask: Tensor) -> Tensor:
    """Return the share of test nodes whose largest score is that of their class; nodes with NaN scores count as wrong.

    Args:
        logits: scores of the classes, shape ([copies,] num_nodes, classes).
        labels: class of each node, shape (num_nodes,).
        train_mask: True for training nodes, shape ([copies,] num_nodes).

    Returns:
        One value for each copy, shape ([copies]), float64.

    Raises:
        TypeError, ValueError: the mask is not boolean, or leaves nothing to train or to test on.
    """
    correct = (logits.argmax(dim=-1) == labels) & ~train_mask & ~logits.isnan().any(dim=-1)
    return correct.sum(dim=-1).double() / (len(labels) - _count(train_mask))


def train(
    model: nn.Module,
    x: Tensor,
    P: Tensor,
    labels: Tensor,
    train_mask: Tensor,
    steps: Sequence[int],
    learning_rate: float,
) -> Tensor:
    """Train all weights of a network with Adam, and measure its accuracy after these numbers of steps.

    Args:
        model: called with x and P, such as a `GCN`.
        x: features, shape ([copies,] num_nodes, in_features).
        P: matrix of each layer, shape ([copies,] num_nodes, num_nodes).
        labels: class of each node, shape (num_nodes,).
        train_mask: True for training nodes, shape ([copies,] num_nodes).
        steps: numbers of steps, in ascending order; training ends after the last.
        learning_rate: of Adam.

    Returns:
        Accuracy on the test nodes, shape (len(steps), [copies]).
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    found = []
    for step in range(steps[-1] + 1):
        scores = model(x, P)
        if step in steps:
            found.append(accuracy(scores, labels, train_mask))
        if step < steps[-1]:
            optimizer.zero_grad()
            cross_entropy(scores, labels, train_mask).backward()
            optimizer.step()
    return torch.stack(found)


def _count(train_mask: Tensor) -> Tensor:
    """Return the number of training nodes in each copy."""
    if train_mask.dtype != torch.bool:
        raise TypeError(f"train_mask must be boolean, got {train_mask.dtype}")
    chosen = train_mask.sum(dim=-1)
    nodes = train_mask.shape[-1]
    if not ((chosen > 0) & (chosen < nodes)).all():
        raise ValueError(
            "train_mask must leave nodes to train on and nodes to test on, "
            f"got {chosen.tolist()} of {nodes}"
        )
    return chosen


def linear_probe(H: Tensor, labels: Tensor, train_mask: Tensor) -> Tensor:
    """Return the accuracy of a linear read-out fitted to the features: how well they separate two classes at any scale.

    The mean over the nodes is subtracted, the rest scaled to mean square 1, and least squares fitted on the training
    nodes. Of all solutions (fewer training nodes than hidden + 1 are fitted exactly) it is that of least norm, with
    singular values cut off at the rounding errors.

    Args:
        H: features, shape (copies, num_nodes, hidden).
        labels: class of each node, 0 or 1, shape (num_nodes,).
        train_mask: True for training nodes, shape (copies, num_nodes), equally many in each copy.

    Returns:
        Accuracy on the test nodes, one value for each copy; 0 if the features are not finite.
    """
    finite = H.isfinite().all(dim=(1, 2))
    H = H.where(finite[:, None, None], 0)
    z = H - H.mean(dim=1, keepdim=True)
    size = z.square().mean(dim=(1, 2), keepdim=True).sqrt()
    z = z / size.clamp(min=torch.finfo(z.dtype).tiny)
    z = torch.nn.functional.pad(z, (0, 1), value=1)
    wanted = (2 * labels.to(H.dtype) - 1).expand(len(H), -1)[train_mask].view(len(H), -1, 1)
    chosen = z[train_mask].view(len(H), -1, z.shape[2])  # (copies, labelled nodes, hidden + 1)
    fitted = torch.linalg.lstsq(chosen, wanted, driver="gelsd").solution
    score = (z @ fitted).squeeze(2)
    return finite * accuracy(torch.stack([-score, score], dim=-1), labels, train_mask)
