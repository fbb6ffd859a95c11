"""Notebooks of a sheet and draws: the parameters with which each student's notebooks are graded."""

import pytest
from sheets import waves

from sheet11.course.errors import ParameterError, SheetError
from sheet11.course.grading.draws import DRAWS, Draws
from sheet11.course.grading.sheet_notebooks import draw_parameters, read_sheet_notebooks
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import find_sheet


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return waves(tmp_path_factory.mktemp("sheet")).sheet


def test_parameters_are_drawn_by_the_seed_within_their_ranges(sheet):
    sources = read_sheet_notebooks(sheet)

    def drawn(seed, **given):
        return {
            stem: each.parameters for stem, each in draw_parameters(sources, given, seed).items()
        }

    many = [drawn(seed) for seed in range(20)]
    assert many == [drawn(seed) for seed in range(20)]
    assert {each["2_slopes"]["n"] for each in many} == {5, 6, 7, 8, 9}
    assert all(4 <= each["1_waves"]["p"] <= 9 for each in many)
    assert [each["n"] for each in drawn(1, n=99).values()] == [99, 99]
    assert drawn(1, p=3)["2_slopes"] == drawn(1)["2_slopes"]
    with pytest.raises(ParameterError, match="no notebook has a parameter 'm'; there are n, p"):
        drawn(1, m=3)


@pytest.mark.parametrize(
    ("grading", "problem"),
    [
        ({"ranges": {"m": [1, 9]}}, "'m', which no cell tagged 'parameters' sets"),
        ({"ranges": {"n": [9, 1]}}, "got {'ranges': {'n': \\[9, 1]}}"),
        ({"ranges": {"n": 9}}, "got {'ranges': {'n': 9}}"),
        ({"choices": {"n": []}}, "got {'choices': {'n': \\[]}}"),
        ({"range": {"n": [1, 9]}}, "got {'range': {'n': \\[1, 9]}}"),
        ([1], "got \\[1]"),
    ],
)
def test_what_cannot_be_drawn(sheet, grading, problem):
    sheet_notebooks = read_sheet_notebooks(sheet)
    sheet_notebooks["1_waves"].whole.metadata["sheet11"]["grading"] = grading
    with pytest.raises(SheetError, match=f"^1_waves: grading draws .*{problem}$"):
        draw_parameters(sheet_notebooks, {}, 1)


def test_a_paper_has_the_solutions_and_what_students_get(sheet):
    sheet_notebook = draw_parameters(read_sheet_notebooks(sheet), {"n": 9}, 1)["1_waves"]
    kinds = [(cell.name, cell.kind) for cell in sheet_notebook.cells if cell.code]
    assert kinds[1:3] == [("parameters", "parameters"), ("wave", "answer")]
    wave, check = sheet_notebook.cell("wave"), sheet_notebook.cell("wave-check")
    assert "np.stack" in wave.whole and "np.stack" not in wave.source
    assert "HIDDEN" in check.whole and "HIDDEN" not in check.source
    assert "n = 9" in sheet_notebook.cell("parameters").source
    assert [(task.name, task.answers) for task in sheet_notebook.checked] == [
        ("wave-check", ("wave",)),
        ("totals-check", ("totals",)),
    ]
    assert {name: len(many) for name, many in sheet_notebook.mistakes.items()} == {
        "wave": 1,
        "totals": 1,
    }


def test_who_gets_which_drawing(sheet):
    draws = Draws(sheet, {}, 5, Limits())
    names = [f"student{number}" for number in range(40 * DRAWS)]
    chosen = [draws.number_of(name, "x") for name in names]
    assert all(20 < chosen.count(number) < 60 for number in range(DRAWS))
    others = [draws.number_of(name, "y") for name in names]
    assert sum(map(int.__eq__, chosen, others)) < len(names) / 2, "other answers, other numbers"


def test_what_a_result_depends_on(tmp_path):
    course = waves(tmp_path)

    def digest(seed=7, seconds=6, isolated=True):
        draws = Draws(find_sheet(tmp_path), {}, seed, Limits(seconds=seconds), isolated)
        return draws.key(0)

    before = digest()
    assert digest() == before
    assert len({before, digest(seed=8), digest(seconds=9), digest(isolated=False)}) == 4
    for name, old, new in [
        ("waves/angles.py", "Given to", "A gift to"),
        (f"notebooks/{course.first}.ipynb", '"tolerance": 1e-05', '"tolerance": 1e-06'),
        (f"notebooks/{course.first}.ipynb", '"points": 2', '"points": 3'),
        (f"notebooks/{course.first}.ipynb", "angle(row + 1, position", "angle(row + 2, position"),
        (f"notebooks/{course.first}.ipynb", "np.arange(3, 12)", "np.arange(3, 11)"),
        ("notebooks/mistakes/1_waves.toml", "here they", "yours"),
    ]:
        path = tmp_path / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        assert digest() != before, name
        path.write_text(text)
    (tmp_path / "notebooks" / "data.csv").write_text("1")
    assert digest() != before
