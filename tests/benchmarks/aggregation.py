"""Time of the soft(arg)max aggregation beside PyTorch Geometric's, from 10⁴ to 10⁷ edges.

    pip install -e '.[bench]'
    python tests/benchmarks/aggregation.py [--edges 10000 100000 1000000 10000000] [--threads 1 2] [--repeat 5]

float32, 64 channels (16 with 10⁷ edges), 20 messages for each node on average, λ = 1, η = 0; forward and backward.

* softargmax_aggregate: this kit's, targets in any order;
* SoftmaxAggregation: PyTorch Geometric's as it comes;
* SoftmaxAggregation, compiled: by `torch.compile` for any number of edges, which needs a C++ compiler; compiling is no
  part of its time, but told apart.

The floor is the time that the bytes which must move (the messages in; backward again, and the gradient out) take at the
bandwidth of a copy, measured in the same run.
"""

import argparse
import os
import time
from collections.abc import Callable

import torch
from measure import calls_of, copy_of, in_turn, peak, table
from torch._inductor.utils import fresh_cache
from torch_geometric.nn import SoftmaxAggregation

from sheet11 import softargmax_aggregate

MEMORY = 10**6  # edges with which the memory is measured
COMPILED = "SoftmaxAggregation, compiled"


def draw(edges: int, ordered: bool) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Messages, targets and the number of nodes."""
    generator = torch.Generator().manual_seed(0)
    num_nodes, channels = max(1, edges // 20), 64 if edges < 10**7 else 16
    index = torch.randint(num_nodes, (edges,), generator=generator)
    messages = torch.randn(edges, channels, generator=generator)
    return messages, index.sort().values if ordered else index, num_nodes


def geometric(aggregation: Callable) -> Callable:
    """One of PyTorch Geometric's as a function of messages, index and number of nodes."""
    return lambda messages, index, num_nodes: aggregation(messages, index, dim_size=num_nodes)


TOOLS = {
    "softargmax_aggregate": softargmax_aggregate,
    "SoftmaxAggregation": geometric(SoftmaxAggregation(t=1.0)),
    COMPILED: geometric(torch.compile(SoftmaxAggregation(t=1.0), dynamic=True)),
}


def work(
    name: str, messages: torch.Tensor, index: torch.Tensor, num_nodes: int
) -> Callable[[], torch.Tensor]:
    """Forward and backward by one of the tools; it gives the gradient."""

    def both() -> torch.Tensor:
        leaf = messages.detach().requires_grad_()
        TOOLS[name](leaf, index, num_nodes).square().sum().backward()
        return leaf.grad

    return both


def compare(edges: int, ordered: bool, repeat: int) -> None:
    """Print medians and ratios of runs in turn."""
    data = draw(edges, ordered)
    works = {name: work(name, *data) for name in TOOLS}
    expected = works["softargmax_aggregate"]()
    for name, each in works.items():
        assert torch.allclose(each(), expected, rtol=1e-3, atol=1e-5), name
    contenders = {name: calls_of(each) for name, each in works.items()}
    contenders["floor"] = copy_of(3 * data[0].nbytes)
    memory = {}
    if edges == MEMORY:
        for name in TOOLS:
            if name != COMPILED:  # what compiling takes is no part of it
                large, small = (f"work({name!r}, *draw({n}, {ordered}))" for n in (edges, 1000))
                memory[name] = peak(__file__, large, small)
    order = "sorted" if ordered else "unsorted"
    title = f"{edges:.0e} edges × {data[0].shape[1]}, targets {order}, threads: {torch.get_num_threads()}"
    table(title, in_turn(contenders, repeat), "softargmax_aggregate", memory=memory)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, nargs="*", default=[10**4, 10**5, 10**6, 10**7])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, torch {torch.__version__}")
    for threads in options.threads:
        torch.set_num_threads(threads)
        torch.compiler.reset()
        with fresh_cache():  # nothing is compiled already
            start = time.perf_counter()
            work(COMPILED, *draw(1000, True))()
            print(f"\nCompiling takes {time.perf_counter() - start:.1f} s.", flush=True)
            for edges in options.edges:
                compare(edges, False, options.repeat)
                compare(edges, True, options.repeat)


if __name__ == "__main__":
    main()
