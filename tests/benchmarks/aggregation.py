"""Time of the soft(arg)max aggregation beside PyTorch Geometric's SoftmaxAggregation, and how it grows with the edges.

    pip install -e '.[bench]'
    python tests/benchmarks/aggregation.py [--edges 1000000] [--repeat 3] [--growth 10000 100000 1000000 10000000]

float32, 64 channels, 20 messages for each node on average, λ = 1, η = 0. The floor is the time that the bytes which
must move (the messages in; backward, the gradient out as well) take at the bandwidth of a copy, measured in the same
run.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import torch
from measure import copy_of, in_turn, peak, table

from sheet11 import softargmax_aggregate

CHANNELS = 64


def draw(edges: int, ordered: bool) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Messages, targets and the number of nodes."""
    generator = torch.Generator().manual_seed(0)
    num_nodes = max(1, edges // 20)
    index = torch.randint(num_nodes, (edges,), generator=generator)
    return torch.randn(edges, CHANNELS, generator=generator), index.sort().values if ordered else index, num_nodes


def tools() -> dict[str, Callable]:
    """What is compared: functions of messages, index and number of nodes."""
    found = {"softargmax_aggregate": softargmax_aggregate}
    try:
        from torch_geometric.nn import SoftmaxAggregation
    except ImportError:
        print("without PyTorch Geometric: pip install -e '.[bench]'")
        return found
    return found | {"SoftmaxAggregation": lambda m, i, n: SoftmaxAggregation(t=1.0)(m, i, dim_size=n)}


def works(tool: Callable, messages: torch.Tensor, index: torch.Tensor, num_nodes: int) -> dict[str, Callable]:
    """Forward, and forward with backward."""

    def both() -> None:
        leaf = messages.detach().requires_grad_()
        tool(leaf, index, num_nodes).sum().backward()

    return {"forward": lambda: tool(messages, index, num_nodes), "forward and backward": both}


def compare(edges: int, repeat: int, ordered: bool) -> None:
    """Print medians and ratios of runs in turn, and the memory besides the messages."""
    messages, index, num_nodes = draw(edges, ordered)
    for kind, copies in {"forward": 1, "forward and backward": 3}.items():
        todo = {name: works(tool, messages, index, num_nodes)[kind] for name, tool in tools().items()}
        todo["floor"] = copy_of(copies * messages.nbytes)
        memory = {
            name: peak(
                Path(__file__),
                f"works(tools()[{name!r}], *draw({edges}, {ordered}))[{kind!r}]",
                f"works(tools()[{name!r}], *draw(1000, {ordered}))[{kind!r}]",
            )
            for name in tools()
        }
        title = f"{kind}, {edges} edges, targets {'sorted' if ordered else 'unsorted'}"
        table(title, in_turn(todo, repeat), "softargmax_aggregate", memory)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--growth", type=int, nargs="*", default=[10**4, 10**5, 10**6, 10**7])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, torch {torch.__version__}")
    print(f"The messages take {options.edges * CHANNELS * 4 / 2**20:.0f} MiB, which the memory peaks do not count.")
    for ordered in (False, True):
        compare(options.edges, options.repeat, ordered)
    if options.growth:
        print("\n| edges | forward and backward, seconds | nanoseconds for each edge |\n|---|---|---|")
    for edges in options.growth:
        work = works(softargmax_aggregate, *draw(edges, False))["forward and backward"]
        median = in_turn({"ours": work}, options.repeat)["ours"]
        print(f"| {edges} | {median:.4f} | {median / edges * 1e9:.0f} |", flush=True)


if __name__ == "__main__":
    main()
