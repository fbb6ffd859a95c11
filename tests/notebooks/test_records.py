"""Records of the notebooks: with other parameters, with the defaults against the text, and from other tools."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sheet11 import (
    attention_scores,
    gram,
    load_graph,
    normalized_adjacency,
    positional_encoding,
    read_records,
)
from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet
from sheet11.given.attention import self_attention
from sheet11.given.conventions import CONVENTIONS

QUICK = {"deepest": 1, "epochs": 1, "networks": 1, "hidden": 1}


@pytest.mark.parametrize(
    ("stem", "parameters"),
    [
        ("01_encoding", {"n": 2, "p": 1, "convention": "submission"}),
        ("02_scores", {"n": 40, "p": 512, "convention": "vaswani", "draws": 3, "seed": 2}),
        ("03_aggregation", {"num_nodes": 200, "max_degree": 30, "fit_steps": 50, "seed": 9}),
        ("04_oversmoothing", {"graph": "sbm", "depth": 1, "features": 2, "nodes": 4, **QUICK}),
    ],
)
def test_other_parameters(stem, parameters, run, promised):
    executed = run(stem, {}, **parameters)
    assert error_of(executed) is None
    assert set(read_records(executed)) >= promised[stem]


@pytest.mark.parametrize(
    ("stem", "name", "value", "message"),
    [
        ("01_encoding", "n", 0, "n must be at least 2, got 0"),
        ("01_encoding", "p", -3, "p must be at least 1, got -3"),
        (
            "01_encoding",
            "convention",
            "sheep",
            "convention must be one of 'sheet', .*, got 'sheep'",
        ),
        ("01_encoding", "base", -1.0, "base must be at least 1, .*, got -1.0"),
        ("01_encoding", "scale", 0.0, "scale must be positive and finite, got 0.0"),
        ("02_scores", "seed", -1, "seed must be at least 0, got -1"),
        ("03_aggregation", "max_degree", 2.5, "max_degree must be an integer, got 2.5"),
        ("03_aggregation", "learning_rate", 0.0, "learning_rate must be positive .*, got 0.0"),
        ("03_aggregation", "fit_steps", 0, "fit_steps must be at least 1, got 0"),
        ("04_oversmoothing", "graph", "ring", "graph must be one of 'karate', .*, got 'ring'"),
        ("04_oversmoothing", "labels_per_class", 17, "labels_per_class must be below 17"),
        ("04_oversmoothing", "features", 1, "features must be at least 2, got 1"),
    ],
)
def test_impossible_parameters_are_refused_right_away(stem, name, value, message, notebooks):
    space = {}
    imports, parameters, check, *_ = [
        cell.source for cell in notebooks[stem].cells if cell.cell_type == "code"
    ]
    exec(imports, space)
    exec(parameters, space)
    with pytest.raises((TypeError, ValueError), match=message):
        exec(check, space | {name: value})


def test_plain_papermill(tmp_path):
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", find_sheet().notebooks["01_encoding"], out]
    options = ["-p", "n", "96", "-p", "convention", "vaswani"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    records = read_records(out)
    np.testing.assert_allclose(records["E"], positional_encoding(96, 256, "vaswani"), atol=1e-12)
    np.testing.assert_allclose(records["gram"], gram(96, 256, "vaswani"), atol=1e-9)


def test_what_the_text_of_01_says():
    profile = {convention: gram(64, 256, convention)[0] for convention in CONVENTIONS}
    assert np.flatnonzero(profile["vaswani"] < 64)[0] == 53
    assert round(profile["sheet"][8] / 128, 2) == 0.66
    assert 0.18 < np.abs(profile["sheet"][17:]).max() / 128 < 0.23


@pytest.mark.parametrize(
    ("n", "p", "convention"), [(64, 256, "sheet"), (33, 64, "vaswani"), (20, 6, "sheet")]
)
def test_reversing_the_tokens_leaves_no_trace_if_positions_are_appended(n, p, convention):
    E = positional_encoding(n, p, convention)
    X = np.random.default_rng(0).standard_normal((p, n)) / np.sqrt(p)

    def largest_deviation(order, with_positions):
        def attention(tokens):
            Q = with_positions(tokens)
            return self_attention(Q, Q, tokens)

        return np.abs(attention(X[:, order]) - attention(X)[:, order]).max()

    backwards, turned = np.arange(n)[::-1], np.roll(np.arange(n), 1)
    assert largest_deviation(backwards, lambda tokens: np.vstack([tokens, E])) < 1e-13
    assert largest_deviation(turned, lambda tokens: np.vstack([tokens, E])) > 1e-3
    assert largest_deviation(backwards, lambda tokens: tokens + E) > 1e-3


def test_the_given_code_of_01_is_the_submission(notebooks):
    (source,) = [cell.source for cell in notebooks["01_encoding"].cells if cell.id == "handed-in"]
    space = {"np": np}
    exec(source, space)
    for n, p, base, scale in [(64, 256, 1e4, None), (5, 3, 20.0, 7.0), (2, 1, 1e4, None)]:
        expected = positional_encoding(n, p, "submission", base, scale)
        np.testing.assert_allclose(space["handed_in"](n, p, base, scale), expected, atol=1e-12)


def test_what_the_text_of_02_says(notebooks):
    records = read_records(notebooks["02_scores"])
    E = positional_encoding(64, 256)
    X = np.random.default_rng(0).normal(0, E.std(), size=(256, 64))
    for mode in ("cat", "add"):
        np.testing.assert_allclose(records[f"scores_{mode}"], attention_scores(E, X, mode))
    expected = {"slope": -0.5, "predicted_cross_std": 128**0.5, "total_variation": 0.22}
    assert {name: records[name] for name in expected} == pytest.approx(expected, rel=0.02)
    assert records["cross_std"] == pytest.approx(128**0.5, rel=0.05)
    assert records["total_variation_itself"] < 0.001


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_bound_of_02_is_one_of_the_standard_deviation_and_not_of_the_error(convention):
    n, p = 24, 32
    E = positional_encoding(n, p, convention)
    generator = np.random.default_rng(1)
    off = ~np.eye(n, dtype=bool)
    measured = []
    for _ in range(1000):
        EX = E.T @ generator.standard_normal((p, n))
        measured.append(np.sqrt(np.mean((EX + EX.T)[off] ** 2)))
    error = measured / np.sqrt(2 * np.mean(np.sum(E**2, axis=0))) - 1
    bound = np.linalg.norm(E, 2) / np.linalg.norm(E) / np.sqrt(n - 1)
    assert 0.4 * bound < error.std() < 0.8 * bound
    assert 0.03 < np.mean(np.abs(error) > bound) < 0.2


def test_what_the_text_of_03_says(notebooks):
    records = read_records(notebooks["03_aggregation"])
    assert all(records[f"error_{name}"] < 1e-12 for name in ("max", "min", "mean", "sum"))
    assert records["slope_at_zero"] == pytest.approx(records["variance"])
    learned = {row["target"]: row for row in records["learned"]}
    assert learned["max"]["lam"] > 2 and learned["min"]["lam"] < -2
    assert abs(learned["mean"]["eta"]) < 0.01 and abs(learned["sum"]["eta"] - 1) < 0.01


def test_a_fit_of_03_whose_loss_stays_near_1_is_told(run):
    executed = run("03_aggregation", {}, max_degree=60, fit_steps=40)
    learned = {row["target"]: row for row in read_records(executed)["learned"]}
    assert learned["min"]["loss"] > 0.5 > learned["max"]["loss"]
    (cell,) = [cell for cell in executed.cells if cell.id == "c-table"]
    printed = "".join(output.get("text", "") for output in cell.outputs)
    assert re.findall(r"(min|max).*not learned", printed) == ["min"]


def test_what_the_text_of_04_says(notebooks):
    records = read_records(notebooks["04_oversmoothing"])
    assert records["decay_rate"] == pytest.approx(-0.2193, abs=5e-5)
    assert records["decay_rate"] == pytest.approx(records["predicted_rate"], rel=0.01)

    seconds = {"karate": (0.896, 0.774), "grid": (0.978, 0.954), "sbm": (0.885, 0.581)}
    for name, (second, other) in seconds.items():  # largest eigenvalues below 1, each told apart
        graph = load_graph(name, 0, 100)
        P = normalized_adjacency(graph.edge_index, graph.num_nodes).to_dense()
        below = np.unique(np.linalg.eigvalsh(P).round(3))[-3:-1]
        assert below.tolist() == [other, second]

    table = pd.DataFrame(records["accuracy"])
    short, long = sorted(table.epochs.unique())
    mean = table.groupby(list(table.columns[:4])).accuracy.mean()
    for graph in ("karate", "sbm"):
        for epochs in (short, long):
            assert mean[graph, "no graph", :, epochs].max() < 0.6
            assert mean[graph, "none", 2, epochs] > 0.9
            assert mean[graph, "none", 32, epochs] < 0.55
            assert mean[graph, "projected", 32, epochs] > 0.9
            assert mean[graph, "residual", 32, epochs] < 0.6
        assert mean[graph, "first two", 8, long] > mean[graph, "first two", 32, long]
        assert mean[graph, "first two", 32, long] > mean[graph, "none", 32, long] + 0.1
        assert mean[graph, "one layer", 32, short] < 0.55
        assert abs(mean[graph, "gcnii", 32, long] - mean[graph, "gcnii", 2, long]) < 0.1
        assert mean[graph, "none", 2, long] > mean[graph, :, 32, long].max() - 0.05
        assert mean[graph, "pairnorm", 2, short] > mean[graph, "pairnorm", 2, long]
    assert mean["sbm", "pairnorm", 32, long] > mean["sbm", "pairnorm", 2, long]
