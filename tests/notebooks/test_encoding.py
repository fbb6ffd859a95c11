"""Notebook 01: other parameters, what it records, and answers in other styles, right and wrong ones."""

import re
import subprocess
import sys
import tomllib

import numpy as np
import pytest

from sheet11 import gram, positional_encoding, read_records
from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet
from sheet11.given.attention import self_attention
from sheet11.given.conventions import CONVENTIONS

STEM = "01_encoding"
PARAMETERS = [
    {"n": 2, "p": 1, "convention": "submission"},
    {"n": 2, "p": 2, "base": 1.0, "seed": 9},
    {"n": 33, "p": 7, "convention": "vaswani", "scale": 3.0, "base": 2.0, "seed": 5},
]

# the sheet's answers as others write them
LOOPS = {
    "a-deviation": """
def deviation(with_positions, X, order):
    p, n = X.shape
    first, then = np.zeros((p, n)), np.zeros((p, n))
    for tokens, result in ((X[:, order], first), (X, then)):
        Q = with_positions(tokens)
        for j in range(n):
            weights = [math.exp(sum(Q[r, i] * Q[r, j] for r in range(len(Q))) / math.sqrt(len(Q))) for i in range(n)]
            for i in range(n):
                result[:, j] += weights[i] / sum(weights) * tokens[:, i]
    return [math.sqrt(sum((first[r, j] - then[r, order[j]]) ** 2 for r in range(p))) for j in range(n)]
""",
    "encoding": """
def positional_encoding(n, p, convention="sheet", base=10000.0, scale=None):
    if scale is None:
        scale = p if convention == "vaswani" else 5000
    E = []
    for row in range(p):
        E.append([])
        for column in range(n):
            angle = (column + (convention == "sheet")) * math.exp(-2 * (row // 2) * math.log(base) / scale)
            E[row].append(math.cos(angle) if row % 2 else math.sin(angle))
    return E
""",
    "b-heatmap": """
def draw_gram(G):
    fig = plt.figure()
    ax = fig.add_subplot()
    largest = max(abs(value) for row in G for value in row)
    image = ax.imshow(G, cmap="coolwarm", vmin=-largest, vmax=largest)
    fig.colorbar(image, label="score")
    plt.xlabel("j")
    plt.ylabel("i")
    ax.set_xlabel("j")
    ax.set_ylabel("i")
    return ax
""",
    "b-rotation": """
def rotation(delta, p, convention="sheet", base=10000.0, scale=None):
    if scale is None:
        scale = p if convention == "vaswani" else 5000
    R = [[0.0] * p for _ in range(p)]
    for row in range(p):
        for column in range(p):
            a = delta * base ** (-2 * (row // 2) / scale)
            if row == column:
                R[row][column] = math.cos(a)
            elif row // 2 == column // 2:
                R[row][column] = math.sin(a) if row < column else -math.sin(a)
    return R
""",
    "b-spread": """
def diagonal_spread(G):
    spread = []
    for d in range(len(G)):
        entries = [G[i][i + d] for i in range(len(G) - d)]
        spread.append(max(entries) - min(entries))
    return spread
""",
}
EINSUM = {
    "a-deviation": """
def deviation(with_positions, X, order):
    def attend(V):
        Q = with_positions(V)
        w = np.exp(np.einsum("ri,rj->ij", Q, Q) / len(Q) ** 0.5)
        return np.einsum("ri,ij,j->rj", V, w, 1 / w.sum(0))

    D = attend(X[:, order]) - attend(X)[:, order]
    return np.einsum("rj,rj->j", D, D) ** 0.5
""",
    "encoding": """
def positional_encoding(n, p, convention="sheet", base=10000.0, scale=None):
    first = {"sheet": 1, "vaswani": 0}[convention]
    scale = {"sheet": 5000, "vaswani": p}[convention] if scale is None else scale
    omega = np.repeat(base ** (-2 * np.arange(p // 2 + 1) / scale), 2)[:p]
    angle = np.einsum("r,i->ri", omega, np.arange(first, first + n))
    angle[1::2] += np.pi / 2
    return np.sin(angle)
""",
    "b-heatmap": """
def draw_gram(G):
    m = np.max(np.abs(G))
    ax = sns.heatmap(G, center=0, vmin=-m, vmax=m, cmap="vlag", ax=plt.figure().gca())
    ax.set_xlabel("j")
    ax.set_ylabel("i")
    ax.collections[0].colorbar.set_label("EᵀE")
    return ax
""",
    "b-rotation": """
def rotation(delta, p, convention="sheet", base=10000.0, scale=None):
    scale = {"sheet": 5000, "vaswani": p}[convention] if scale is None else scale
    angle = delta * base ** (-2 * np.arange(p // 2) / scale)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.einsum("abk,kl->kalb", turn, np.eye(p // 2)).reshape(p, p)
""",
    "b-spread": """
def diagonal_spread(G):
    lag = np.subtract.outer(np.arange(len(G)), np.arange(len(G)))
    return np.array([G[lag == -d].max() - G[lag == -d].min() for d in range(len(G))])
""",
}
COMPLEX = {
    "encoding": """
def positional_encoding(n, p, convention="sheet", base=10000.0, scale=None):
    scale = scale or (p if convention == "vaswani" else 5000)
    wave = np.exp(1j * np.outer(base ** (-np.arange(0, p, 2) / scale), np.arange(n) + (convention != "vaswani")))
    return np.stack([wave.imag, wave.real], axis=1).reshape(-1, n)[:p]
""",
    "b-heatmap": """
def draw_gram(G):
    from matplotlib.colors import CenteredNorm

    ax = plt.subplots()[1]
    mesh = ax.pcolormesh(G, cmap="PuOr", norm=CenteredNorm(halfrange=np.abs(G).max()))
    ax.invert_yaxis()
    ax.figure.colorbar(mesh).ax.set_title("EᵀE")
    ax.set(xlabel="j", ylabel="i")
    return ax
""",
    "b-rotation": """
def rotation(delta, p, convention="sheet", base=10000.0, scale=None):
    scale = scale or (p if convention == "vaswani" else 5000)
    z = np.exp(-1j * delta * base ** (-np.arange(0, p, 2) / scale))
    R = np.kron(np.diag(z.real), np.eye(2)) + np.kron(np.diag(z.imag), [[0, -1], [1, 0]])
    return R
""",
}
SPARSE = {
    "encoding": """
def positional_encoding(n, p, convention="sheet", base=10000.0, scale=None):
    import torch

    scale = scale or (p if convention == "vaswani" else 5000)
    row, i = torch.arange(p), torch.arange(n, dtype=torch.float64) + (convention == "sheet")
    angle = i * base ** (-2 * torch.div(row, 2, rounding_mode="floor").double() / scale)[:, None]
    return torch.where(row[:, None] % 2 == 0, angle.sin(), angle.cos())
""",
    "b-rotation": """
def rotation(delta, p, convention="sheet", base=10000.0, scale=None):
    from scipy import sparse

    a = delta * base ** (-np.arange(0, p, 2) / (scale or (p if convention == "vaswani" else 5000)))
    return sparse.block_diag([[[np.cos(x), np.sin(x)], [-np.sin(x), np.cos(x)]] for x in a])
""",
    "b-spread": """
def diagonal_spread(G):
    from scipy import sparse

    M = sparse.dia_array(np.asarray(G) - np.min(G) + 1)  # no entry is zero, so that none is left out
    return [np.ptp(M.diagonal(d)) for d in range(len(G))]
""",
}
STYLES = {"loops": LOOPS, "einsum": EINSUM, "complex": COMPLEX, "sparse": SPARSE}

# wrong answers that a visible check tells apart: what to change in the sheet's own, and what the check says
WRONG = [
    ("a-deviation", "(X)[:, order]", "(X)", "without positions attention must commute"),
    (
        "a-deviation",
        "(X)[:, order]",
        "(X)[:, np.argsort(order)]",
        "without positions attention must commute",
    ),
    (
        "a-deviation",
        "attention(X[:, order])",
        "attention(X)[:, order]",
        "they stay in place while the tokens move",
    ),
    ("a-deviation", "axis=0)", "axis=1)", r"one number for each of 9 tokens, got shape \(6,\)"),
    ("a-deviation", ", axis=0)", ")", r"one number for each of 9 tokens, got shape \(\)"),
    (
        "a-deviation",
        "Q = K = with_positions(tokens)",
        "Q = K = tokens",
        "they stay in place while the tokens move",
    ),
    (
        "encoding",
        "np.cos(angle))",
        "np.cos(angle)).T",
        "E must have p rows and n columns, it has shape",
    ),
    (
        "encoding",
        "np.arange(1, n + 1)",
        "np.arange(n)",
        r"sheet, .*: row 0 must be sin\(i\) for i = 1, 2, …",
    ),
    (
        "encoding",
        "np.arange(n), p",
        "np.arange(1, n + 1), p",
        r"vaswani, .*: row 0 must be sin\(i\) for i = 0, 1, …",
    ),
    ("encoding", "row // 2, row", "row, row", "rows 2k and 2k\\+1 must have the same angles"),
    ("encoding", "-2 * k", "-k", r"row 2 must be sin\(i·ω₁\)"),
    ("encoding", "-2 * k", "2 * k", r"row 2 must be sin\(i·ω₁\)"),
    ("encoding", "row % 2 == 0", "row % 2 == 1", r"row 0 must be sin\(i\)"),
    ("encoding", "row % 2 == 0", "row < p / 2", "must have the same angles"),
    ("encoding", "np.arange(n), p", "np.arange(n), 5000", "vaswani, .*: row 2 must be"),
    ("encoding", "scale or own_scale", "own_scale", r"scale=30\.0: row 2 must be"),
    ("encoding", "base **", "10000.0 **", r"base=50\.0, .*: row 2 must be"),
    (
        "encoding",
        "return np.where",
        "E = np.where",
        "E must have p rows and n columns, it has shape",
    ),
    ("b-heatmap", "sns.heatmap(G", "sns.heatmap(G.T", "the picture is transposed"),
    ("b-heatmap", '"vmin": -limit, ', "", "0 must be in its middle"),
    ("b-heatmap", '"vmin": -limit, "vmax": limit', '"center": 0', "0 must be in its middle"),
    (
        "b-heatmap",
        "np.abs(G).max()",
        "256 / 2",
        "the scale ends at 128, and the largest magnitude is",
    ),
    ("b-heatmap", "RdBu_r", "viridis", "take a diverging colour map"),
    ("b-heatmap", '    ax.set(xlabel="token j", ylabel="token i")\n', "", "label both axes"),
    ("b-heatmap", ', "cbar_kws": {"label": "entry of EᵀE"}', "", "label the colour bar"),
    ("b-heatmap", "    return ax\n", "", "return the Axes that you drew into, got NoneType"),
    ("b-rotation", "delta *", "-delta *", r"R moves position 0 to -3 instead of 3"),
    (
        "b-rotation",
        "[[cosine, sine], [-sine, cosine]]",
        "[[cosine, -sine], [sine, cosine]]",
        "R moves position 0 to -3",
    ),
    ("b-rotation", "[-sine, cosine]", "[sine, cosine]", "R must be orthogonal"),
    ("b-rotation", "-2 * k /", "-k /", r"R E\[:, i\] must be E\[:, i \+ δ\], not so at i = 0"),
    ("b-rotation", "own_scale = p if", "own_scale = 2 * p if", r"vaswani, .* R E\[:, i\] must be"),
    ("b-rotation", "R = np.zeros", "R = np.ones", "R must be orthogonal"),
    ("b-rotation", "    return R\n", "    return R[::2]\n", "R must be p × p, it has shape"),
    (
        "b-rotation",
        "    return R\n",
        "    h = np.r_[:p:2, 1:p:2]\n    return R[h][:, h]\n",
        r"R E\[:, i\] must be",
    ),
    ("b-spread", "np.ptp", "np.std", "have the spreads 4, 4.5, 0, got"),
    ("b-spread", "np.diagonal(G, d)", "np.diagonal(G, -d)", "have the spreads 4, 4.5, 0, got"),
    (
        "b-spread",
        "np.ptp(np.diagonal(G, d))",
        "np.diagonal(np.roll(G, -d, axis=1)).std()",
        "have the spreads",
    ),
    (
        "b-spread",
        "range(len(G))",
        "range(1, len(G))",
        r"one number for each lag 0, 1, 2, got shape \(2,\)",
    ),
    ("b-spread", "np.ptp(", "np.max(", "have the spreads 4, 4.5, 0, got"),
]


@pytest.fixture(scope="module")
def solutions(notebooks):
    """The sheet's own answers, by id."""
    return {
        cell.id: cell.source
        for cell in notebooks[STEM].cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    records = read_records(executed)
    assert set(records) >= promised[STEM]
    n, p, *others = (
        {"n": 64, "p": 256, "convention": "sheet", "base": 1e4, "scale": None} | parameters
    ).values()
    np.testing.assert_allclose(
        records["E"], positional_encoding(n, p, *others[:3]), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n": 0}, "ValueError: n must be at least 2, got 0"),
        ({"p": -3}, "ValueError: p must be at least 1, got -3"),
        (
            {"convention": "sheep"},
            "ValueError: convention must be one of 'sheet', 'submission', 'vaswani'",
        ),
        ({"base": -1.0}, "ValueError: base must be at least 1, or the frequencies"),
        ({"scale": 0.0}, "ValueError: scale must be positive and finite, got 0.0"),
    ],
)
def test_impossible_parameters(parameters, message, refused):
    assert refused(STEM, **parameters).startswith(message)


def test_plain_papermill(tmp_path):
    command = [
        sys.executable,
        "-m",
        "papermill",
        find_sheet().notebooks[STEM],
        tmp_path / "out.ipynb",
    ]
    subprocess.run(
        [*command, "-p", "n", "96", "-p", "convention", "vaswani"], check=True, capture_output=True
    )
    records = read_records(tmp_path / "out.ipynb")
    np.testing.assert_allclose(
        records["E"], positional_encoding(96, 256, "vaswani"), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(records["gram"], gram(96, 256, "vaswani"), rtol=1e-9, atol=1e-9)


def test_what_the_text_says_of_the_defaults(notebooks):
    text = "\n".join(cell.source for cell in notebooks[STEM].cells)
    profile = {convention: gram(64, 256, convention)[0] for convention in CONVENTIONS}
    assert "half of that at lag 53" in text and np.flatnonzero(profile["vaswani"] < 64)[0] == 53
    assert (
        "comes back at lag 8 to two thirds" in text and round(profile["sheet"][8] / 128, 2) == 0.66
    )
    assert (
        "side lobes reach up to a fifth" in text
        and 0.18 < np.abs(profile["sheet"][17:]).max() / 128 < 0.23
    )
    assert "wavelengths $2\\pi/\\omega$ run from 6 tokens to some 60 000" in text
    assert "their spread is 0.98" in text
    minutes = [
        int(found) for found in re.findall(r"^\*\d+ points? · (\d+) minutes", text, re.MULTILINE)
    ]
    assert f"{sum(minutes)} of them for nine tasks" in text and len(minutes) == 9


def test_appended_positions_do_not_tell_left_from_right(solutions):
    """The question that the notebook ends with."""
    space = {"np": np, "self_attention": self_attention}
    exec(solutions["a-deviation"], space)
    X, E = np.random.default_rng(0).normal(size=(8, 9)), positional_encoding(9, 8)
    backwards = np.arange(9)[::-1]
    assert np.allclose(
        space["deviation"](lambda tokens: np.vstack([tokens, E]), X, backwards), 0, atol=1e-12
    )
    assert space["deviation"](lambda tokens: tokens + E, X, backwards).max() > 0.1


def test_the_bug_that_is_asked_for_is_that_of_the_given_code(notebooks):
    cells = {cell.id: cell.source for cell in notebooks[STEM].cells}
    printed = re.search(r"```python\n(.*)```", cells["b-bug-task"], re.DOTALL)[1]
    body = re.search(r'"""\n(.*?)\n\n', cells["handed-in"], re.DOTALL)[1]
    assert printed.split() == body.split()
    space = {"np": np}
    exec(cells["handed-in"], space)
    for n, p, base, scale in [(64, 256, 1e4, None), (5, 3, 20.0, 7.0), (2, 1, 1e4, None)]:
        expected = positional_encoding(n, p, "submission", base, scale)
        np.testing.assert_allclose(
            space["handed_in"](n, p, base, scale), expected, rtol=0, atol=1e-12
        )


@pytest.mark.parametrize(
    "parameters", [{}, *PARAMETERS], ids=["default", "smallest", "small", "odd"]
)
@pytest.mark.parametrize("style", STYLES)
def test_right_answers_in_other_styles_pass_and_record_the_same(
    style, parameters, try_task, solutions
):
    for task, source in STYLES[style].items():
        error, records = try_task(STEM, task, source, True, **parameters)
        assert error is None, task
        expected = try_task(STEM, task, solutions[task], **parameters)[1]
        assert records.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(
                records[name], value, rtol=0, atol=1e-9 * np.abs(value).max(), err_msg=name
            )


@pytest.mark.parametrize("answers", [LOOPS, EINSUM | COMPLEX | SPARSE], ids=["loops", "others"])
def test_right_answers_in_other_styles_carry_the_whole_notebook(answers, run_with):
    executed = run_with(STEM, answers, n=12, p=10, seed=3)
    assert error_of(executed) is None


@pytest.mark.parametrize(("task", "of", "instead", "said"), WRONG, ids=range(len(WRONG)))
def test_wrong_answers_are_told_apart_by_a_visible_check(
    task, of, instead, said, run_task, solutions
):
    assert of in solutions[task]
    error = run_task(STEM, task, solutions[task].replace(of, instead))
    assert error and re.search(said, error), error


def test_hints_are_for_mistakes_that_no_visible_check_stops(try_task, solutions):
    path = find_sheet().notebooks[STEM].parent / "mistakes" / f"{STEM}.toml"
    for task, mistakes in tomllib.loads(path.read_text()).items():
        seen = [try_task(STEM, task, solutions[task], n=30, p=40, seed=77)[1]]
        for mistake in mistakes:
            assert mistake["of"] in solutions[task]
            source = solutions[task].replace(mistake["of"], mistake["instead"])
            error, records = try_task(STEM, task, source, n=30, p=40, seed=77)
            assert error is None, f"a visible check stops it already: {mistake['hint']}"
            for other in seen:
                assert any(
                    not np.allclose(records[name], other[name], rtol=1e-4) for name in records
                ), mistake["hint"]
            seen.append(records)
