"""Matching of a student's cells with the sheet's; no answer is lost."""

import pytest
from sheets_of_nbgrader import answer, check, given, heading, locked, notebook, task, text

from sheet11.course.release import MEMBERS_ASKED
from sheet11.course.submissions.matching import blank_of, match
from sheet11.course.submissions.reading import Cell

STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
STUB_OF_F = f'def f(x):\n    """Twice."""\n    {STUB}'
BLANK = "YOUR ANSWER HERE"
EDITION = notebook(
    heading("# Sheet"),
    given("import math"),
    heading("## Part A"),
    answer("f", STUB_OF_F),
    given("f(1)"),
    check("f-1", "assert f(1) == 2"),
    check("f-2", "assert f(2) == 4"),
    heading("## Part B\nProve it."),
    text("proof", BLANK),
    heading("## Part C"),
    answer("y", STUB),
    check("y-1", "assert y"),
    task("sums", "## Part D\nVerify it."),
)
F, PROOF, Y = "def f(x):\n    return 2 * x", "Because.", "y = 3"
ANSWERS = {"f": F, "proof": PROOF, "y": Y}
HANDED_OUT = blank_of("p", EDITION)


def copy_of(name, source, kind=None):
    """A cell with the marks of one of the sheet's."""
    wanted = EDITION.cells[HANDED_OUT.names[name]]
    return Cell(name, "", kind or wanted.cell_type, source)


def own(source, kind="code"):
    return Cell("", "", kind, source)


def by_task(found):
    """Values by the name of the task."""
    return {column.removeprefix("p/"): value for column, value in found.items()}


def hand_in(change, **answers):
    """The notebook with all answers but these, and a change of its cells: what is found in it."""
    cells = []
    for cell in EDITION.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        source = (ANSWERS | answers).get(name, cell.source)
        cells.append(Cell(name, cell.id, cell.cell_type, source))
    change(cells)
    return match(cells, HANDED_OUT)


def source_of(found, name):
    (number,) = [
        number for number, place in found.places.items() if place == HANDED_OUT.names[name]
    ]
    return found.cells[number].source


@pytest.mark.parametrize("answers", [{}, {"f": STUB_OF_F, "proof": BLANK, "y": ""}])
def test_all_as_it_should_be(answers):
    found = hand_in(list, **answers)
    assert found.places == {number: number for number in range(len(EDITION.cells))}
    assert found.remarks == found.elsewhere == {}


@pytest.mark.parametrize(
    ("change", "answers", "tasks", "said"),
    [
        pytest.param(
            lambda cells: cells.insert(9, own("And so.", "markdown")), {}, {"proof"}, "And so.",
            id="more of a proof in an added cell",
        ),
        pytest.param(
            lambda cells: cells.__setitem__(7, own("## Part B\nProve it.\nBecause.", "markdown")),
            {"proof": BLANK}, {"proof"}, "Because.",
            id="in the cell of the question",
        ),
        pytest.param(
            lambda cells: cells.__setitem__(11, copy_of("y-1", "y = 3\nassert y")), {"y": STUB}, {"y-1"},
            "y = 3", id="in the check",
        ),
        pytest.param(
            lambda cells: cells.__setitem__(3, copy_of("f", F, "markdown")), {}, {"f-1", "f-2"},
            "has become a markdown cell", id="retyped",
        ),
        pytest.param(
            lambda cells: cells.__setitem__(3, own(F)), {}, {"f-1", "f-2"}, "its cell has lost its nbgrader metadata",
            id="without marks, known by what it defines",
        ),
        pytest.param(
            lambda cells: cells.__setitem__(10, own(Y)), {}, {"y-1"}, "y = 3",
            id="without marks, known by its place",
        ),
        pytest.param(
            lambda cells: cells.insert(3, copy_of("f", "def f(x):\n    return x")), {}, {"f-1", "f-2"},
            "copies of its cell hold different answers", id="copied, and both answered",
        ),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_where_it_should_be(change, answers, tasks, said):
    found = hand_in(change, **answers)
    assert by_task(found.remarks).keys() == tasks
    assert all(said in remark and "\n" not in remark for remark in found.remarks.values())


def test_an_answer_that_was_moved_is_found():
    found = hand_in(lambda cells: cells.append(cells.pop(10)))
    assert source_of(found, "y") == Y and found.remarks == {}


def test_copies_with_different_pictures_are_different():
    page = copy_of("proof", "![](attachment:image.png)")
    pages = [page._replace(attachments={"image.png": {"image/png": each}}) for each in "ab"]
    found = hand_in(lambda cells: cells.__setitem__(slice(8, 9), pages))
    assert found.remarks.keys() == {"p/proof"} and found.elsewhere == {"p/proof": [8]}


def test_a_task_cell_is_about_what_stands_around_it():
    found = hand_in(lambda cells: cells.extend([own("1 + 2"), own("So it is.", "markdown")]))
    assert by_task(found.elsewhere) == {"sums": [13, 14]} and found.remarks == {}


def test_a_notebook_that_holds_nothing_of_the_sheet_may_answer_all_of_it():
    found = match([own("y = 3"), own("It is so.", "markdown")], HANDED_OUT)
    assert by_task(found.remarks).keys() == {"f-1", "f-2", "proof", "y-1"}
    assert set(map(tuple, found.elsewhere.values())) == {(0, 1)}


def test_an_empty_notebook():
    assert match([], HANDED_OUT) == ([], {}, {}, {})


def test_work_that_is_no_answer_needs_nobody():
    blank = blank_of(
        "p",
        notebook(
            check("installed", "import json"),
            given("n = 3"),
            answer("f", STUB),
            locked("given", "m = 4"),
            check("f-1", "f"),
        ),
    )
    blank.cells[1].metadata["tags"] = ["parameters"]
    cells = [Cell("", "", "markdown", MEMBERS_ASKED.replace("(names", "Anna (names"))]
    for cell in blank.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cells.append(Cell(name, cell.id, cell.cell_type, cell.source.replace("n = 3", "n = 9")))
    found = match(cells, blank)
    assert found.remarks == found.elsewhere == {}
    assert found.places == {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}


@pytest.mark.parametrize(
    ("name", "place", "tasks"), [("f", 3, {"f-1", "f-2"}), ("proof", 8, {"proof"})]
)
@pytest.mark.parametrize("left", ["its stub", "nothing in it", "no cell"])
@pytest.mark.parametrize("where", range(1, len(EDITION.cells) + 1))
def test_an_answer_is_found_wherever_it_stands(name, place, tasks, left, where):
    def put_elsewhere(cells):
        wanted = EDITION.cells[place]
        del cells[place]
        if left != "no cell":
            cells.insert(place, copy_of(name, wanted.source if left == "its stub" else ""))
        cells.insert(where, own(ANSWERS[name], wanted.cell_type))

    found = hand_in(put_elsewhere)
    number = [cell.source for cell in found.cells].index(ANSWERS[name])
    assert tasks <= by_task(found.remarks).keys()
    if found.places.get(number) != place:
        assert all(number in by_task(found.elsewhere)[task] for task in tasks)


@pytest.mark.parametrize("answers", [{}, {"f": STUB_OF_F, "proof": BLANK, "y": ""}])
@pytest.mark.parametrize("lost", [{"name": ""}, {"name": "", "id": ""}])
def test_marks_that_are_gone_everywhere(lost, answers):
    def strip(cells):
        cells[:] = [cell._replace(**lost) for cell in cells]

    found = hand_in(strip, **answers)
    assert found.remarks.keys() == (set() if answers else {"p/f-1", "p/f-2", "p/proof", "p/y-1"})
    if "id" not in lost:
        assert found.places == {number: number for number in range(len(EDITION.cells))}
    elif not answers:
        assert (found.elsewhere["p/proof"], found.elsewhere["p/y-1"]) == ([8], [10])


@pytest.mark.parametrize("where", [3, 4])
@pytest.mark.parametrize("copy", [STUB_OF_F, F])
def test_copies_of_an_answer_that_say_nothing_else_need_nobody(where, copy):
    found = hand_in(lambda cells: cells.insert(where, copy_of("f", copy)))
    assert source_of(found, "f") == F and found.remarks == {}
    assert STUB_OF_F not in [cell.source for cell in found.cells]


def test_of_answered_copies_the_last_one_counts_and_the_others_stay():
    found = hand_in(lambda cells: cells.insert(3, copy_of("f", "half = 1")))
    assert source_of(found, "f") == F
    assert found.cells[3].source == "half = 1" and 3 not in found.places
