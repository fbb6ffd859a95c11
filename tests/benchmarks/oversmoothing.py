"""Time and memory of 64 layers of propagation with their energies, beside PyTorch Geometric's and dense matrices.

    pip install -e '.[bench]'
    python tests/benchmarks/oversmoothing.py [--edges 20000 1000000] [--repeat 3]

A two-block model with 11 neighbours for each node on average, float32, 16 features. The contenders start from the same
edges:

* sheet11: `normalized_adjacency`, `propagate`, `dirichlet_energy`;
* PyTorch Geometric: `GCNConv` with its weights taken out and its normalization cached, on edges, or on its sparse
  matrix, and the energy as its users write it, by indexing with both ends of every edge;
* dense: P as a dense matrix, and the energy as tr(Xᵀ(I − P)X), where that fits into memory.

The floor is the time that the bytes which must move take at the bandwidth of a copy: for each layer every edge's weight
and neighbour, and the features in and out.
"""

import argparse
import math
import os
import warnings
from collections.abc import Callable
from functools import partial

import torch
from measure import calls_of, copy_of, in_turn, peak, table
from torch import Tensor

from sheet11 import dirichlet_energy, normalized_adjacency, propagate, two_block_model

DEPTH, FEATURES = 64, 16
DENSE_NODES = 4000
Step = Callable[[Tensor], Tensor]
Tool = Callable[[Tensor, Tensor], tuple[Step, Step]]


def draw(edges: int) -> tuple[Tensor, Tensor]:
    """Features, and a two-block model with about that many undirected edges."""
    block_size = max(20, round(edges / 11))
    graph = two_block_model(block_size, 10 / block_size, 1 / block_size)
    generator = torch.Generator().manual_seed(0)
    return torch.randn(graph.num_nodes, FEATURES, generator=generator), graph.edge_index


def ours(x: Tensor, edge_index: Tensor) -> tuple[Step, Step]:
    """The kit's layer and energy."""
    P = normalized_adjacency(edge_index, len(x), x.dtype)
    return lambda x: P @ x, lambda x: dirichlet_energy(x, edge_index)


def geometric(sparse: bool) -> Tool:
    """PyTorch Geometric's layer, on edges or on a sparse matrix."""
    from torch_geometric.nn import GCNConv
    from torch_geometric.utils import degree, to_torch_csr_tensor

    warnings.filterwarnings("ignore", "Sparse", UserWarning)  # of its matrix

    def parts(x: Tensor, edge_index: Tensor) -> tuple[Step, Step]:
        convolution = GCNConv(FEATURES, FEATURES, bias=False, cached=True)
        convolution.lin = torch.nn.Identity()
        graph = to_torch_csr_tensor(edge_index, size=(len(x), len(x))) if sparse else edge_index
        u, v = edge_index
        scale = (1 + degree(u, len(x))).rsqrt()[:, None]

        def energy(x: Tensor) -> Tensor:
            y = x * scale
            return (y[u] - y[v]).square().sum() / 2

        return torch.no_grad()(lambda x: convolution(x, graph)), energy

    return parts


def dense(x: Tensor, edge_index: Tensor) -> tuple[Step, Step]:
    """Layer and energy by a dense matrix."""
    P = normalized_adjacency(edge_index, len(x), x.dtype).to_dense()
    return lambda x: P @ x, lambda x: (x * (x - P @ x)).sum()


def layers(tool: Tool, x: Tensor, edge_index: Tensor, energies: bool = True) -> list[float]:
    """All states one after another, from the edges on; their energies."""
    step, energy = tool(x, edge_index)
    return [energy(state).item() if energies else 0.0 for state in propagate(x, step, DEPTH)]


def compare(edges: int, repeat: int) -> None:
    """Print medians, ratios and memory of runs in turn."""
    x, edge_index = draw(edges)
    makers = {
        "sheet11": "ours",
        "PyTorch Geometric, edges": "geometric(False)",
        "PyTorch Geometric, sparse matrix": "geometric(True)",
    }
    if len(x) <= DENSE_NODES:
        makers["dense"] = "dense"
    found = {name: eval(maker) for name, maker in makers.items()}
    expected = layers(ours, x, edge_index)[4]
    for name, tool in found.items():  # deep energies are lost to rounding in the trace
        assert math.isclose(layers(tool, x, edge_index)[4], expected, rel_tol=1e-3), name
    # weights and columns; features in and out
    moved = DEPTH * ((edge_index.shape[1] + len(x)) * (4 + 4) + 2 * x.nbytes)
    for_energies = DEPTH * (edge_index.nbytes / 2 + x.nbytes)
    for kind, energies in {"64 layers": False, "64 layers with energies": True}.items():
        contenders, memory = {}, {}
        for name, maker in makers.items():
            contenders[name] = calls_of(partial(layers, found[name], x, edge_index, energies))
            large = f"lambda data=draw({edges}): layers({maker}, *data, {energies})"
            memory[name] = peak(__file__, large, f"lambda: layers({maker}, *draw(100))")
        contenders["floor"] = copy_of(moved + energies * for_energies)
        title = f"{kind}, {edge_index.shape[1] // 2} edges, {len(x)} nodes"
        table(title, in_turn(contenders, repeat), "sheet11", memory=memory)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, nargs="*", default=[20_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, torch {torch.__version__}")
    for edges in options.edges:
        compare(edges, options.repeat)


if __name__ == "__main__":
    main()
