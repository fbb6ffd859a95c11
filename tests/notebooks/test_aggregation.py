"""Notebook 03: other parameters, what it records, and answers in other styles, right and wrong ones."""

import re

import numpy as np
import pytest

from sheet11 import read_records
from sheet11.course.grading.mistakes import read_mistakes
from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet

STEM = "03_aggregation"
DEFAULT, SMALLEST = {}, {"num_nodes": 1, "max_degree": 2, "channels": 1, "fit_steps": 3, "seed": 4}
PARAMETERS = [
    DEFAULT,
    SMALLEST,
    {"num_nodes": 30, "max_degree": 9, "channels": 5, "fit_steps": 30, "seed": 77},
]

# the sheet's answers as others write them; every style answers what the sheet's own solution does not
LOOPS = {
    "a-one": """
def aggregate_one(m, lam=1.0, eta=0.0):
    m = m.numpy()  # no gradients are asked for here
    result = np.zeros(m.shape[1])
    for c in range(m.shape[1]):
        best = m[:, c].max() if lam > 0 else m[:, c].min()
        if math.isinf(lam):
            weights = [1.0 if x == best else 0.0 for x in m[:, c]]
        else:
            weights = [math.exp(lam * (x - best)) for x in m[:, c]]
        for w, x in zip(weights, m[:, c]):
            result[c] += w * x / sum(weights)
    return len(m) ** eta * result
""",
    "a-aggregate": """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    rows = []
    for v in range(num_nodes):
        m = messages[index == v]
        if len(m) == 0:
            rows.append(torch.zeros(messages.shape[1], dtype=messages.dtype))
            continue
        numbers = []
        for c in range(messages.shape[1]):
            weights = softargmax(m[:, c], lam)
            total = 0.0
            for u in range(len(m)):
                total = total + weights[u] * m[u, c]
            numbers.append(len(m) ** eta * total)
        rows.append(torch.stack(numbers))
    return torch.stack(rows)
""",
    "b-settings": """
def settings_of(name):
    if name in ("mean", "sum"):
        return [0, int(name == "sum")]
    return [math.inf if name == "max" else -math.inf, 0]
""",
    "b-bound": """
def bound(m, lam):
    ranked = sorted(set(m.tolist()))
    return (len(m) - 1) * (ranked[-1] - ranked[0]) * math.exp(-lam * (ranked[-1] - ranked[-2]))
""",
    "b-slope": """
def slope(m, lam):
    weights = [math.exp(lam * (float(x) - float(m[0]))) for x in m]
    mean = sum(w * float(x) for w, x in zip(weights, m)) / sum(weights)
    return sum(w * (float(x) - mean) ** 2 for w, x in zip(weights, m)) / sum(weights)
""",
    "c-train": """
def descend(loss, start, learning_rate, steps):
    lam = [torch.tensor(value, dtype=torch.float64) for value in start]
    parameters = torch.nn.Parameter(torch.stack(lam))
    optimizer = torch.optim.Adam([parameters], learning_rate)
    path = [parameters.tolist()]
    for _ in steps:
        error = loss(parameters)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        path.append(parameters.tolist())
    return torch.tensor(path, dtype=torch.float64)
""",
    "c-pairs": """
def pairs():
    return [([0, 4.0], [4, 0, 0, 4]), ((1, 1, 3), (1, 3))]
""",
}
SOFTMAX_PER_NODE = {
    "a-one": """
def aggregate_one(m, lam=1.0, eta=0.0):
    if math.isinf(lam):
        return len(m) ** eta * (m.amax(0) if lam > 0 else m.amin(0))
    return len(m) ** eta * (torch.softmax(lam * m, 0) * m).sum(0)
""",
    "a-aggregate": """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    lam, eta = torch.as_tensor(lam, dtype=messages.dtype), torch.as_tensor(eta, dtype=messages.dtype)
    rows = []
    for v in range(num_nodes):
        m = messages[index == v]
        if len(m) == 0:
            rows.append(torch.zeros(messages.shape[1], dtype=messages.dtype))
        elif torch.isinf(lam):
            rows.append(len(m) ** eta * (m.amax(0) if lam > 0 else m.amin(0)))
        else:
            rows.append(len(m) ** eta * (torch.softmax(lam * m, 0) * m).sum(0))
    return torch.stack(rows)
""",
    "b-slope": """
def slope(m, lam):
    w = np.exp(lam * (m.numpy() - m.numpy().max()))
    w = w / w.sum()
    return w @ m.numpy() ** 2 - (w @ m.numpy()) ** 2 if len(m) > 1 else 0
""",
}
SCATTER = {
    "a-one": """
aggregate_one = lambda m, lam=1.0, eta=0.0: len(m) ** eta * torch.einsum("uc,uc->c", softargmax(m, lam, 0), m)
""",
    "a-aggregate": """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    def reduce(values, how):
        target = index[:, None].expand_as(values)
        start = torch.zeros(num_nodes, values.shape[1], dtype=values.dtype)
        return start.scatter_reduce(0, target, values, how, include_self=False)

    extreme = reduce(messages, "amax" if lam > 0 else "amin")
    if abs(lam) == math.inf:
        mean = extreme
    else:
        weights = torch.exp(lam * (messages - extreme[index].detach()))
        total = reduce(weights, "sum")
        mean = reduce(weights * messages, "sum") / torch.where(total > 0, total, 1)
    count = reduce(torch.ones_like(messages), "sum")
    return torch.where(count > 0, count, 1) ** eta * mean
""",
    "b-bound": """
def bound(m, lam):
    m = m.numpy()
    top = m.max()
    return (m.size - 1) * (top - m.min()) * np.exp(-lam * (top - m[m < top].max()))
""",
}
ONE_HOT = {
    "a-aggregate": """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    member = torch.nn.functional.one_hot(index, num_nodes).T.bool()  # (num_nodes, num_edges)
    inside = member[:, :, None]
    favoured = torch.where(inside, messages, -math.inf if lam >= 0 else math.inf)
    best = favoured.amax(1) if lam >= 0 else favoured.amin(1)
    z = torch.where(inside, messages - best[:, None].detach(), 0.0)
    w = inside * ((z == 0).to(z.dtype) if math.isinf(lam) else torch.exp(lam * z))
    size = member.sum(1).clamp(min=1).to(messages.dtype)[:, None]
    return size**eta * (w * messages).sum(1) / w.sum(1).clamp(min=1)
""",
}
SPARSE = {
    "a-aggregate": """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    edges = torch.arange(len(index))
    ones = torch.ones(len(index), dtype=messages.dtype)
    A = torch.sparse_coo_tensor(torch.stack([index, edges]), ones, (num_nodes, len(index)))
    target = index[:, None].expand_as(messages)
    c = torch.zeros(num_nodes, messages.shape[1], dtype=messages.dtype)
    c = c.scatter_reduce(0, target, messages.detach(), "amax" if lam > 0 else "amin", include_self=False)
    z = messages - c[index]
    w = (z == 0).to(z.dtype) if math.isinf(lam) else torch.exp(lam * z)
    size = torch.bincount(index, minlength=num_nodes).clamp(min=1).to(z.dtype)[:, None]
    return size**eta * (A @ (w * messages)) / (A @ w).clamp(min=1)
""",
}
NAIVE = """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    rows = []
    for v in range(num_nodes):
        m = messages[index == v]
        if len(m) == 0:
            rows.append(torch.zeros(messages.shape[1], dtype=messages.dtype))
        elif abs(lam) == math.inf:
            rows.append(len(m) ** eta * (m.amax(0) if lam > 0 else m.amin(0)))
        else:
            w = torch.exp(lam * m)
            rows.append(len(m) ** eta * (w * m).sum(0) / w.sum(0))
    return torch.stack(rows)
"""
OVER_ALL = """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    w = softargmax(messages, lam, dim=0)
    zeros = torch.zeros(num_nodes, messages.shape[1], dtype=messages.dtype)
    degree = torch.bincount(index, minlength=num_nodes).clamp(min=1)[:, None]
    return degree**eta * zeros.index_add(0, index, w * messages)
"""
ISOLATED = """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    return torch.stack([
        (index == v).sum() ** eta * (torch.softmax(lam * messages[index == v], 0) * messages[index == v]).sum(0)
        for v in range(num_nodes)
    ])
"""
SORTED = """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    parts = messages.split(torch.bincount(index, minlength=num_nodes).tolist())
    nothing = 0 * messages[0]
    return torch.stack([len(m) ** eta * (softargmax(m, lam, 0) * m).sum(0) if len(m) else nothing for m in parts])
"""
STYLES = {
    "loops": LOOPS,
    "softmax per node": SOFTMAX_PER_NODE,
    "scatter_reduce": SCATTER,
    "one-hot": ONE_HOT,
    "sparse": SPARSE,
}
# wrong answers that a visible check tells apart: what to change in the sheet's own, or None and the whole answer, and
# what the check says
WRONG = [
    ("a-one", "len(m) ** eta * ", "", "η = 1 multiplies by |N| = 3"),
    ("a-one", "** eta", "* eta", "a weighted mean of 1, 2, 3"),
    ("a-one", "(m, lam, dim=0)", "(m, -lam, dim=0)", "a weighted mean of 1, 2, 3"),
    ("a-one", "(m, lam, dim=0)", "(m, abs(lam), dim=0)", "a negative λ favours small messages"),
    ("a-one", "(m, lam, dim=0)", "(m, lam, dim=1)", "a weighted mean of 1, 2, 3"),
    ("a-one", ".sum(dim=0)", ".mean(dim=0)", "a weighted mean of 1, 2, 3"),
    (
        "a-one",
        "softargmax(m, lam, dim=0)",
        "torch.softmax(lam * m, dim=0)",
        "at λ = ∞ only the largest message",
    ),
    ("a-aggregate", "degree[:, None] ** eta * mean", "mean", "the factor |N|^η"),
    ("a-aggregate", "c[index]", "c.amax()", "λ = "),
    (
        "a-aggregate",
        "index_add(0, index, w) + 1e-16",
        "index_add(0, index, w)",
        "and 0 without messages",
    ),
    (
        "a-aggregate",
        "lam.nan_to_num()",
        "lam",
        "λ = ∞",
    ),
    ("a-aggregate", None, NAIVE, "neither overflow nor underflow in single precision"),
    ("a-aggregate", None, OVER_ALL, "every node has its own softmax"),
    ("a-aggregate", None, ISOLATED, "and 0 without messages, whatever η"),
    ("a-aggregate", None, SORTED, "every node has its own softmax"),
    (
        "a-aggregate",
        "return degree",
        "mean = mean.detach()\n    return degree",
        "does not require grad|gradients must",
    ),
    ("b-settings", '"sum": (0.0, 1.0)', '"sum": (0.0, 0.0)', "sum of 1, 2, 3 is 6, and .* gives 2"),
    ("b-settings", '"max": (math.inf', '"max": (-math.inf', "max of 1, 2, 3 is 3, and .* gives 1"),
    ("b-settings", '"max": (math.inf', '"max": (10.0', "max of 1, 2, 3 is 3"),
    ("b-bound", "(len(m) - 1) * ", "", r"\(\|N\| − 1\) R exp"),
    ("b-bound", "len(m) - 1", "len(m)", r"\(\|N\| − 1\) R exp"),
    ("b-bound", "m.unique()", "m.sort().values", "with ties, Δ leads to the next smaller value"),
    ("b-bound", "largest - next_smaller)", "largest - m.mean())", "Δ is the gap|with ties"),
    ("b-bound", "-lam * (", "lam * (", r"\(\|N\| − 1\) R exp"),
    ("b-slope", "w = softargmax(m, lam)", "w = softargmax(m, 0.0)", "the weights are those at λ"),
    ("b-slope", "mean = w @ m", "mean = m.mean()", "the weights are those at λ"),
    ("b-slope", "(w @ (m - mean) ** 2)", "((m - mean) ** 2).mean()", "the weights are those at λ"),
    (
        "b-slope",
        "(w @ (m - mean) ** 2)",
        "(lam * (w @ (m - mean) ** 2))",
        "the weights are those at λ",
    ),
    ("c-train", "        optimizer.zero_grad()\n", "", "are gradients set to zero"),
    (
        "c-train",
        "path.append(parameters.detach().clone())",
        "path.append(parameters.detach())",
        "all alike: keep copies",
    ),
    (
        "c-train",
        "[parameters.detach().clone()]",
        "[]",
        "the start, then a row for each of 40 steps",
    ),
    (
        "c-train",
        "path = [parameters.detach().clone()]",
        "path = [parameters.detach()]",
        "the first row is the start",
    ),
    ("c-train", "lr=learning_rate", "lr=1e-3", "Adam's first step is the learning rate"),
    ("c-train", "optim.Adam", "optim.SGD", "Adam's first step is the learning rate"),
    ("c-train", "        optimizer.step()\n", "", "all alike"),
    ("c-train", "optim.Adam(", "optim.AdamW(", "Adam's first step is the learning rate"),
    (
        "c-pairs",
        "([1, 2], [1, 1, 2, 2])",
        "([1, 2], [1, 2, 2])",
        "pair 1 must be told apart by sum alone",
    ),
    (
        "c-pairs",
        "([1, 2, 2], [1, 1, 2])",
        "([1, 2, 2], [1, 2, 3])",
        "pair 2 must be told apart by mean and sum alone",
    ),
    (
        "c-pairs",
        "[([1, 2], [1, 1, 2, 2])",
        "[([1, 1], [1])",
        "pair 1: two different numbers on each side",
    ),
]


@pytest.fixture(scope="module")
def solutions(notebooks):
    """The sheet's own answers in code, by id."""
    code = [cell for cell in notebooks[STEM].cells if cell.cell_type == "code"]
    return {
        cell.id: cell.source for cell in code if cell.metadata.get("nbgrader", {}).get("solution")
    }


@pytest.fixture
def answered(notebooks, solutions):
    """Run an answer and its check after the cells before the first answer; gives what the check records."""
    code = [cell for cell in notebooks[STEM].cells if cell.cell_type == "code"]
    first = next(number for number, cell in enumerate(code) if cell.id in solutions)
    sources = {cell.id: cell.source for cell in code}

    def answered(task, source, hidden=False, **parameters):
        space, found = {}, {}
        for cell in code[:first]:
            exec(cell.source, space)
            if "parameters" in cell.metadata.get("tags", []):
                space.update(parameters)
        space["record"] = found.update
        exec(source, space)
        check = sources[f"{task}-check"]
        if not hidden:
            check = re.sub("### BEGIN HIDDEN.*### END HIDDEN TESTS", "", check, flags=re.DOTALL)
        exec(check, space)
        return {name: np.asarray(value) for name, value in found.items()}

    return answered


@pytest.mark.parametrize(
    "parameters", [SMALLEST, {"num_nodes": 200, "max_degree": 30, "fit_steps": 50, "seed": 9}]
)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    assert set(read_records(executed)) >= promised[STEM]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_degree": 2.5}, "TypeError: max_degree must be an integer, got 2.5"),
        ({"max_degree": 1}, "ValueError: max_degree must be at least 2, got 1"),
        ({"learning_rate": 0.0}, "ValueError: learning_rate must be positive and finite, got 0.0"),
        ({"fit_steps": 0}, "ValueError: fit_steps must be at least 1, got 0"),
    ],
)
def test_impossible_parameters(parameters, message, refused):
    assert refused(STEM, **parameters).startswith(message)


def test_recorded_aggregation(notebooks):
    records = read_records(notebooks[STEM])
    assert all(records[f"error_{name}"] < 1e-12 for name in ("max", "min", "mean", "sum"))
    assert np.isclose(records["slope_at_zero"], records["variance"], rtol=1e-9)
    learned = {row["target"]: row for row in records["learned"]}
    assert learned["max"]["lam"] > 2 and learned["min"]["lam"] < -2
    assert abs(learned["mean"]["eta"]) < 0.01 and abs(learned["sum"]["eta"] - 1) < 0.01


def test_nothing_gives_the_settings_away_before_they_are_asked_for(notebooks):
    cells = notebooks[STEM].cells
    asked = next(number for number, cell in enumerate(cells) if cell.id == "b-settings-task")
    for cell in cells[:asked]:
        if not cell.metadata.get("nbgrader", {}).get("solution"):
            assert not re.search(r"eta ?= ?[01]\$? (is|gives) the|sum for|mean for", cell.source), (
                cell.id
            )


@pytest.mark.parametrize("parameters", PARAMETERS, ids=["default", "smallest", "other"])
@pytest.mark.parametrize(
    ("style", "task"), [(style, task) for style in STYLES for task in STYLES[style]]
)
def test_right_answers_in_other_styles_pass_every_check(
    style, task, parameters, answered, solutions
):
    ours = answered(task, solutions[task], hidden=True, **parameters)
    theirs = answered(task, STYLES[style][task], hidden=True, **parameters)
    assert ours.keys() == theirs.keys()
    if task != "c-pairs":  # where many answers are right
        for name, expected in ours.items():
            np.testing.assert_allclose(theirs[name], expected, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("style", STYLES)
def test_notebook_goes_with_other_styles(style, run_with):
    executed = run_with(STEM, STYLES[style], fit_steps=20)
    assert error_of(executed) is None
    assert not any(
        output.get("name") == "stderr"
        for cell in executed.cells
        for output in cell.get("outputs", [])
    )


@pytest.mark.parametrize(("task", "of", "instead", "said"), WRONG, ids=range(len(WRONG)))
def test_a_visible_check_tells_wrong_answers(task, of, instead, said, answered, solutions):
    assert of is None or solutions[task].count(of) == 1
    with pytest.raises(AssertionError, match=said):
        answered(task, solutions[task].replace(of, instead) if of else instead)


def test_the_hints_are_for_what_visible_checks_let_pass(answered, solutions):
    path = find_sheet().beside("mistakes") / f"{STEM}.toml"
    mistakes = read_mistakes(path, solutions)
    assert mistakes
    for task, wrong in mistakes.items():
        right = answered(task, solutions[task])
        for mistake in wrong:
            found = answered(task, mistake.answer)
            assert any(
                not np.allclose(found[name], right[name], rtol=1e-4, atol=0) for name in right
            ), mistake.hint
