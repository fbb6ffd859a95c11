"""Time of the soft(arg)max aggregation beside PyTorch Geometric's SoftmaxAggregation, and how it grows with the edges.

    pip install -e '.[bench]'
    python tests/benchmarks/aggregation.py [--edges 1000000] [--repeat 3] [--growth 10000 100000 1000000 10000000]

float32, 64 channels, 20 messages for each node on average, λ = 1, η = 0. The floor is the time that the bytes which
must move (the messages in; backward, the gradient out as well) take at the bandwidth of a copy, measured in the same
run.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

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


def seconds(work: Callable[[], object]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def works(tool: Callable, messages: torch.Tensor, index: torch.Tensor, num_nodes: int) -> dict[str, Callable]:
    """Forward, and forward with backward."""

    def both() -> None:
        leaf = messages.detach().requires_grad_()
        tool(leaf, index, num_nodes).sum().backward()

    return {"forward": lambda: tool(messages, index, num_nodes), "forward and backward": both}


def compare(edges: int, repeat: int, ordered: bool) -> None:
    """Print medians and ratios of runs in turn."""
    messages, index, num_nodes = draw(edges, ordered)
    target = torch.empty_like(messages)
    times: dict[tuple[str, str], list[float]] = {}
    for turn in range(repeat + 1):
        for name, tool in tools().items():
            for kind, work in works(tool, messages, index, num_nodes).items():
                times.setdefault((kind, name), []).append(seconds(work))
        copied = seconds(lambda: target.copy_(messages)) / 2  # it reads and writes
        times.setdefault(("forward", "floor"), []).append(copied)
        times.setdefault(("forward and backward", "floor"), []).append(3 * copied)
        if turn == 0:
            times = {}  # warm-up
    medians = {key: statistics.median(values) for key, values in times.items()}
    print(f"\n| {edges} edges, targets {'sorted' if ordered else 'unsorted'} | tool | seconds | relative to ours |")
    print("|---|---|---|---|")
    for (kind, name), median in sorted(medians.items()):
        print(f"| {kind} | {name} | {median:.3f} | {median / medians[kind, 'softargmax_aggregate']:.2f} |")


def peak(name: str, edges: int) -> float:
    """Largest memory of forward and backward above that of the messages, in units of the messages' size."""
    code = f"""
import sys
sys.path.insert(0, {os.path.dirname(__file__)!r})
import aggregation

def largest():
    lines = dict(line.split(":") for line in open("/proc/self/status"))
    return int(lines["VmHWM"].split()[0]) * 1024

for edges in (1000, {edges}):
    messages, index, num_nodes = aggregation.draw(edges, False)
    before = largest()
    aggregation.works(aggregation.tools()[{name!r}], messages, index, num_nodes)["forward and backward"]()
print((largest() - before) / messages.nbytes)
"""
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--growth", type=int, nargs="*", default=[10**4, 10**5, 10**6, 10**7])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, torch {torch.__version__}")
    for ordered in (False, True):
        compare(options.edges, options.repeat, ordered)
    print("\n| memory besides the messages, forward and backward | in units of their size |\n|---|---|")
    for name in tools():
        print(f"| {name} | {peak(name, options.edges):.1f} |")
    print("\n| edges | forward and backward, seconds | nanoseconds for each edge |\n|---|---|---|")
    for edges in options.growth:
        work = works(softargmax_aggregate, *draw(edges, False))["forward and backward"]
        work()
        median = statistics.median(seconds(work) for _ in range(options.repeat))
        print(f"| {edges} | {median:.4f} | {median / edges * 1e9:.0f} |")


if __name__ == "__main__":
    main()
