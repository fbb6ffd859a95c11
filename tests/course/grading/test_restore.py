"""Executed notebook of a submission: which cells are the student's and which the sheet's."""

import pytest
from playing import STUB, answer, check, given, own, run, sheet_notebook

from sheet11.course.grading.restore import VALUES, restore, version
from sheet11.course.grading.sandboxes import execute_version
from sheet11.course.sandbox.sandbox import Batch
from sheet11.course.submissions.submissions import HandedCell

HELP = given("import math")
LOCKED = HELP._replace(name="locked", source="n = 3", whole="n = 3")
OPEN = HELP._replace(name="open", source="k = 1", whole="k = 1", locked=False)
F, TEST = answer("f", "f = 'SOLUTION'"), check("f-check", "record(f=f)", "assert f")
SHEET = sheet_notebook(HELP, LOCKED, OPEN, F, TEST)


def handed(name, source):
    if name is None:
        return own(source)
    return HandedCell(name, SHEET.place(name), "code", source, "")


def sources(*cells):
    restored = restore(SHEET, [handed(*cell) for cell in cells])
    return [source for _, source in version(restored)]


def test_the_sheets_cells_are_the_sheets_and_answers_the_students():
    assert sources(("locked", "n = 99"), ("f", "f = 1"), ("f-check", "")) == [
        "import math", "n = 3", "k = 1", "f = 1", "record(f=f)",
    ]  # fmt: skip
    assert sources() == ["import math", "n = 3", "k = 1", STUB, "record(f=f)"]


def test_added_cells_stay_behind_the_cell_that_they_follow():
    added = [
        (None, "first"),
        (HELP.name, HELP.source),
        (None, "second"),
        ("f", "f = 1"),
        (None, "third"),
    ]
    assert sources(*added) == [
        "first", "import math", "second", "n = 3", "k = 1", "f = 1", "third", "record(f=f)",
    ]  # fmt: skip


def test_a_change_of_a_cell_that_was_not_locked_follows_it():
    assert sources(("open", "k = 2"))[2:4] == ["k = 1", "k = 2"]
    restored = restore(SHEET, [handed("locked", "n = 99"), handed("open", " k  = 1")])
    assert [cell.source for cell in restored.undone] == ["n = 99"]


def test_what_is_answered_and_what_is_missing():
    (task,) = SHEET.tasks
    restored = restore(SHEET, [handed("f", f"{STUB}\n\n")])
    assert restored.is_unanswered(task) and list(restored.answers) == ["f"]
    missing = restore(SHEET, [])
    assert missing.is_unanswered(task) and missing.answers == {}
    assert not restore(SHEET, [handed("f", "f = 1")]).is_unanswered(task)


@pytest.mark.parametrize(("ours", "instead"), [(False, STUB), (True, "f = 'SOLUTION'")])
def test_cells_that_end_the_process(ours, instead):
    """An answer is as it was handed out, and in our executions the sheet's own; an added cell is empty."""
    restored = restore(SHEET, [handed("f", "f = die"), handed(None, "die()")])
    run.seen = []
    executed = execute_version(run, restored, version(restored), ours)
    assert executed.left_out == {"own-2": "died"} and "f-check" in executed.succeeded
    again = execute_version(run, restored, version(restored), ours, {"f": "time"})
    assert [source for _, source in run.seen[-1]][3:] == [instead, "", "record(f=f)"]
    assert again.left_out == {"f": "time", "own-2": "died"}


def test_ours_has_hidden_tests_and_repairs_what_has_failed():
    sheet = sheet_notebook(
        F, TEST, answer("g", "g = f"), check("g-check", "record(g=g)"), given("z = 1")
    )
    restored = restore(sheet, [HandedCell("f", 0, "code", "f = 1", "")])
    whole = "record(f=f)\nassert f"
    ours = version(restored, failed=[("f",)], until=["g-check"], hidden=True)
    assert [source for name, source in ours if not name.endswith(VALUES)] == [
        "f = 1",
        whole,
        "f = 'SOLUTION'",
        whole,
        STUB,
        "record(g=g)",
    ]
    assert [name for name, _ in version(restored, until=["f-check"])] == ["f", "f-check"]


def test_a_cell_is_not_blamed_for_what_one_before_it_did():
    """A limit is noticed late: the bomb's own cell has ended when the next one is blamed."""
    sheet = sheet_notebook(F, TEST, answer("g", "g = 1"), check("g-check", "record(g=g)"))
    cells = [HandedCell("f", 0, "code", "bomb", ""), HandedCell("g", 2, "code", "g = 2", "")]

    def run(cells, instead_of_figures):
        names = [name for name, _ in cells]
        if "bomb" not in dict(cells).values():
            return Batch(dict.fromkeys(names, []), set(names), None)
        last = "g" if dict(cells)["g"] == "g = 2" else "f"
        return Batch(dict.fromkeys(names[: names.index(last)], []), set(), "processes")

    restored = restore(sheet, cells)
    executed = execute_version(run, restored, version(restored))
    assert executed.left_out == {"f": "processes"} and "g" in executed.succeeded
