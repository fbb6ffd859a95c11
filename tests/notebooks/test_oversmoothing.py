"""Notebook 04: other parameters, what it records, and answers in other styles, right and wrong ones."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from sheet11 import read_records
from sheet11.course.notebooks import error_of

STEM = "04_oversmoothing"
QUICK = {"deepest": 2, "epochs": 4, "networks": 2, "hidden": 4}
PARAMETERS = [
    {"graph": "grid", "depth": 100, "seed": 7, **QUICK},
    {
        "graph": "sbm",
        "depth": 1,
        "features": 2,
        "deepest": 1,
        "epochs": 1,
        "networks": 1,
        "hidden": 1,
        "nodes": 4,
    },
]

# the sheet's answers as others write them
LOOPS = {
    "a-adjacency": """
def normalized_adjacency(edge_index, num_nodes):
    degree = [0] * num_nodes
    for u in edge_index[0].tolist():
        degree[u] += 1
    P = torch.zeros(num_nodes, num_nodes, dtype=torch.float64)
    for u, v in edge_index.T.tolist() + [[v, v] for v in range(num_nodes)]:
        P[u, v] = 1 / math.sqrt((1 + degree[u]) * (1 + degree[v]))
    return P
""",
    "a-energy": """
def dirichlet_energy(x, edge_index):
    degree = [0] * len(x)
    for u in edge_index[0].tolist():
        degree[u] += 1
    total = 0.0
    for u, v in edge_index.T.tolist():
        if u < v:
            difference = x[u] / math.sqrt(1 + degree[u]) - x[v] / math.sqrt(1 + degree[v])
            total += float(difference @ difference)
    return total
""",
    "a-mad": """
def mean_average_distance(x, edge_index):
    neighbours = [[] for _ in range(len(x))]
    for u, v in edge_index.T.tolist():
        neighbours[v].append(u)
    unit = x / x.norm(dim=1, keepdim=True)
    means = []
    for v in range(len(x)):
        distances = [((unit[u] - unit[v]) ** 2).sum().item() / 2 for u in neighbours[v]]
        means.append(sum(distances) / len(distances))
    return sum(means) / len(means)
""",
    "a-rate": """
def predicted_rate(P):
    values = sorted(torch.linalg.eigvalsh(dense(P)).tolist(), key=abs)
    return 2 * math.log(abs(values[-2]))
""",
    "a-aggregate": """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    rows = []
    for v in range(num_nodes):
        m = messages[index == v]
        weights = torch.stack([softargmax(m[:, c], lam) for c in range(m.shape[1])], dim=1)
        rows.append(len(m) ** eta * (weights * m).sum(dim=0))
    return torch.stack(rows)
""",
    "b-train": """
def train(model, x, P, labels, train_mask, epochs, learning_rate):
    adam = torch.optim.Adam(list(model.parameters()), learning_rate)
    history = [accuracy(model(x, P), labels, train_mask).tolist()]
    for step in range(epochs):
        loss = cross_entropy(model(x, P), labels, train_mask)
        loss.backward()
        adam.step()
        adam.zero_grad()
        with torch.no_grad():
            history.append(accuracy(model(x, P), labels, train_mask).tolist())
    return history
""",
    "b-residual": """
def residual(P, H, H0, W, l):
    return torch.stack([(H[c] + (P @ H[c] @ W[c]).clamp(min=0)) / 2 for c in range(len(H))])
""",
    "b-gcnii": """
def gcnii(P, H, H0, W, l, alpha=0.1, theta=0.5):
    beta = np.log1p(theta / l)
    mixed = []
    for h, h0, w in zip(H, H0, W):
        S = (1 - alpha) * (P @ h) + alpha * h0
        mixed.append(torch.relu(S @ ((1 - beta) * torch.eye(len(w), dtype=w.dtype) + beta * w)))
    return torch.stack(mixed)
""",
    "b-pairnorm": """
def pair_norm(x):
    centred = x - x.mean(dim=1)[:, None]
    return centred / (1e-12 + (centred**2).sum(dim=(1, 2)) / x.shape[1]).sqrt()[:, None, None]


def pairnorm(P, H, H0, W, l):
    return pair_norm(P @ (H @ W)).relu()
""",
    "b-limit": """
def limit_of_gcnii(P, H0, alpha):
    values, vectors = torch.linalg.eigh(P)
    return vectors @ torch.diag(alpha / (1 - (1 - alpha) * values)) @ vectors.T @ H0
""",
}
DENSE = {
    "a-adjacency": """
def normalized_adjacency(edge_index, num_nodes):
    A = torch.zeros(num_nodes, num_nodes).double()
    A[tuple(edge_index)] = 1
    A_tilde = A + torch.eye(num_nodes)
    root = torch.diag(A_tilde.sum(0) ** -0.5)
    return torch.einsum("ij,jk,kl->il", root, A_tilde, root)
""",
    "a-energy": """
def dirichlet_energy(x, edge_index):
    A = torch.zeros(len(x), len(x), dtype=x.dtype)
    A[edge_index[0], edge_index[1]] = 1
    y = x / (1 + A.sum(dim=1, keepdim=True)).sqrt()
    return torch.einsum("uv,uvc->", A, (y[:, None] - y[None]) ** 2) / 2
""",
    "a-mad": """
def mean_average_distance(x, edge_index):
    A = torch.zeros(len(x), len(x), dtype=x.dtype)
    A[edge_index[0], edge_index[1]] = 1
    unit = torch.nn.functional.normalize(x)
    distance = (unit[:, None] - unit[None]).square().sum(-1) / 2
    return ((A * distance).sum(1) / A.sum(1)).mean()
""",
    "b-limit": """
def limit_of_gcnii(P, H0, alpha):
    return torch.inverse((torch.eye(P.shape[0]) - (1 - alpha) * P) / alpha) @ H0
""",
}
SPARSE = {
    "a-adjacency": """
def normalized_adjacency(edge_index, num_nodes):
    loops = torch.arange(num_nodes).expand(2, -1)
    places = torch.cat([edge_index, loops], dim=1)
    d = torch.bincount(places[0], minlength=num_nodes).double()
    values = 1 / (d[places[0]] * d[places[1]]).sqrt()
    return torch.sparse_coo_tensor(places, values, (num_nodes, num_nodes)).coalesce()
""",
    "a-energy": """
def dirichlet_energy(x, edge_index):
    u, v = edge_index[:, edge_index[0] < edge_index[1]]
    d = torch.bincount(edge_index[1], minlength=len(x))  # integers: their root is single precision
    return torch.sum((x[u] / torch.sqrt(1 + d[u, None]) - x[v] / torch.sqrt(1 + d[v, None])) ** 2)
""",
    "a-rate": """
def predicted_rate(P):
    if P.is_sparse:
        P = P.to_dense()
    values = np.linalg.eigvalsh(P.numpy())
    return 2 * np.log(np.delete(np.abs(values), np.argmax(values)).max())
""",
}


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    records = read_records(executed)
    assert set(records) >= promised[STEM]
    assert len(records["dirichlet_energy"]) == len(records["mad"]) == parameters["depth"] + 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"graph": "ring"}, "ValueError: graph must be one of 'karate', 'grid', 'sbm', got 'ring'"),
        ({"labels_per_class": 17}, "ValueError: labels_per_class must be below 17"),
        ({"features": 1}, "ValueError: features must be at least 2, got 1"),
        ({"learning_rate": 0}, "ValueError: learning_rate must be positive and finite, got 0"),
    ],
)
def test_impossible_parameters(parameters, message, refused):
    assert refused(STEM, **parameters).startswith(message)


def test_recorded_decay(notebooks):
    records = read_records(notebooks[STEM])
    assert np.isclose(records["decay_rate"], -0.2193, atol=5e-5)
    assert np.isclose(records["decay_rate"], records["predicted_rate"], rtol=0.01)


def test_recorded_experiment_says_what_the_text_says(notebooks):
    table = read_records(notebooks[STEM])["accuracy"]
    short, long = np.unique(table["epochs"])

    def mean(graph, model, depth, epochs):
        chosen = [
            table[name] == value
            for name, value in zip(table.dtype.names, (graph, model, depth, epochs), strict=False)
        ]
        return table["accuracy"][np.logical_and.reduce(chosen)].mean()

    assert set(table["graph"]) == {"karate", "sbm"}
    for graph in ("karate", "sbm"):
        for epochs in (short, long):
            for depth in (1, 2, 4, 8, 16, 32):
                assert mean(graph, "no graph", depth, epochs) < 0.65
            assert mean(graph, "none", 4, epochs) > 0.85
            assert mean(graph, "none", 32, epochs) < 0.6
            assert mean(graph, "residual", 32, epochs) < 0.7
            assert mean(graph, "gcnii", 32, epochs) > 0.85
        assert mean(graph, "first two", 16, long) > mean(graph, "none", 16, long)
        assert mean(graph, "first two", 32, long) > mean(graph, "none", 32, long)
        assert mean(graph, "one layer", 16, long) > 0.9 > 0.7 > mean(graph, "one layer", 32, long)
    assert mean("sbm", "pairnorm", 32, long) > mean("sbm", "pairnorm", 4, long)


@pytest.mark.parametrize("answers", [LOOPS, DENSE, SPARSE], ids=["loops", "dense", "sparse"])
@pytest.mark.parametrize(
    "parameters", [{}, {"seed": 11, "graph": "grid"}, {"seed": 3, "graph": "sbm", "nodes": 12}]
)
def test_right_answers_in_other_styles_pass_every_check(answers, parameters, try_task):
    for task, source in answers.items():
        if task != "a-aggregate":
            error, records = try_task(STEM, task, source, True, **parameters)
            assert error is None, f"{task}: {error}"
            assert records


@pytest.mark.parametrize("answers", [LOOPS, DENSE | SPARSE], ids=["loops", "dense and sparse"])
def test_the_notebook_runs_with_them(answers, run_with):
    assert error_of(run_with(STEM, answers, graph="grid", depth=20, **QUICK)) is None


# the law that a wrong answer breaks, as the visible check names it, in the order of answers/04_oversmoothing_wrong.toml
LAWS = {
    "a-adjacency": ["self-loops", "symmetric"],
    "a-energy": ["each undirected edge counts once", "1/2 for x", "1/2 for x"],
    "a-mad": ["average over the neighbours of each node first", "1 − cos is"],
    "a-rate": ["quadratic", "magnitude decides"],
    "b-train": ["gradients add up"],
    "b-residual": ["half of H", "negative entries"],
    "b-gcnii": ["W has no say", "α is the part of H⁰", "β depends on θ/l|β = log"],
    "b-pairnorm": [r"mean ‖h_v‖² is 1", "mean node"],
    "b-limit": ["with the factor α|α = 1 keeps H⁰"],
}
MISTAKES = tomllib.loads(
    Path(__file__).with_name("answers").joinpath(f"{STEM}_wrong.toml").read_text(encoding="utf-8")
)
WRONG = [
    (task, mistake["of"], mistake["instead"], law)
    for task, mistakes in MISTAKES.items()
    for mistake, law in zip(mistakes, LAWS[task], strict=True)
]


@pytest.mark.parametrize(("task", "of", "instead", "law"), WRONG)
@pytest.mark.parametrize("parameters", [{}, {"seed": 11}])
def test_wrong_answers_are_told_which_law_they_break(
    task, of, instead, law, parameters, notebooks, run_task
):
    (solution,) = [cell.source for cell in notebooks[STEM].cells if cell.id == task]
    assert of in solution
    error = run_task(STEM, task, solution.replace(of, instead), **parameters)
    assert error and error.startswith("AssertionError"), error
    assert re.search(law, error), error
