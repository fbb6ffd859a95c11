"""Sheet's answers against the package: equal values on random inputs, and equal text between notebooks."""

import math

import numpy as np
import pytest
import torch

import sheet11
from sheet11 import remedies
from sheet11.encoding import rotation
from sheet11.given.gcn import GCN
from sheet11.given.softmax import softargmax
from sheet11.scores import predict_cross_term

NAMES = {
    "positional_encoding": sheet11.positional_encoding,
    "rotation": rotation,
    "difference_std": predict_cross_term,
    "aggregate": sheet11.softargmax_aggregate,
    "normalized_adjacency": lambda *edges: sheet11.normalized_adjacency(*edges).to_dense(),
    "dirichlet_energy": sheet11.dirichlet_energy,
    "residual": remedies.residual,
    "gcnii": remedies.gcnii,
}


@pytest.fixture(scope="module")
def answers(notebooks):
    """Return the sources of functions defined in answers, by name; several if several notebooks define one."""
    found = {}
    for notebook in notebooks.values():
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
                space = {"np": np, "math": math, "torch": torch, "softargmax": softargmax}
                exec(cell.source, space)
                for name in NAMES.keys() & space.keys():
                    found.setdefault(name, []).append((cell.source, space[name]))
    return found


def drawn(name, seed):
    """Arguments for one of the functions."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    convention = ("sheet", "vaswani", "submission")[seed % 3]
    graph = sheet11.load_graph(("karate", "grid", "sbm")[seed % 3])
    messages, index = sheet11.random_neighbourhoods(9, 5, 2, seed)
    E = normal(6, 8).numpy()
    layer = normal(5, 5), normal(2, 5, 3), normal(2, 5, 3), normal(2, 3, 3), 1 + seed
    lam = (math.inf, -math.inf, 0.0, 1.5, -3.0)[seed % 5]
    return {
        "positional_encoding": (5 + seed, 7 + seed, convention, 50.0, (None, 30.0)[seed % 2]),
        "rotation": (seed - 3, 2 + 2 * seed, ("sheet", "vaswani")[seed % 2], 50.0, None),
        "difference_std": (E, 0.7),
        "aggregate": (messages, 2 * index, 20, lam, 0.5 - seed),
        "normalized_adjacency": (graph.edge_index, graph.num_nodes),
        "dirichlet_energy": (normal(graph.num_nodes, 3), graph.edge_index),
    }.get(name, layer)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", NAMES)
def test_answers_and_package_are_equal_on_drawn_inputs(name, seed, answers):
    arguments = drawn(name, seed)
    for _, answer in answers[name]:
        ours, theirs = NAMES[name](*arguments), answer(*arguments)
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_a_function_that_is_asked_for_again_is_there_in_the_same_text(answers):
    again = {name: found for name, found in answers.items() if len(found) > 1}
    assert {"positional_encoding", "aggregate"} <= again.keys()
    for name, found in again.items():
        assert len({source for source, _ in found}) == 1, name


def test_a_layer_of_students_runs_on_a_sparse_matrix(answers):
    graph = sheet11.karate_club()
    P = sheet11.normalized_adjacency(graph.edge_index, 34)
    x = torch.randn(34, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (_, layer), *_ = answers["gcnii"]
    model = GCN(3, 4, 2, 3, layer)
    torch.testing.assert_close(model(x, P), model(x, P.to_dense()))
