"""Missing answers are shown as one line, and the rest of the notebook runs."""

import linecache

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.execute import execute
from sheet11.course.notebooks import error_of
from sheet11.lab.answers import _assigned, _assigned_by

MARK = "from sheet11.lab.answers import mark_unanswered\nmark_unanswered()"
STUB = "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def shown(*sources):
    """For every cell the error that it shows, or what it prints."""
    executed = execute(
        new_notebook(cells=[new_code_cell(source) for source in (MARK, *sources)]), {}, warm=True
    )
    first = [cell.outputs[0] if cell.outputs else {} for cell in executed.cells[1:]]
    return [output.get("evalue", output.get("text", "").strip()) for output in first], executed


def test_a_missing_answer_is_one_line_and_the_rest_runs():
    said, executed = shown(
        STUB,
        "E = f()\nF = 1",
        "print(E)",
        "print(F)",
        "print('on')",
        "def g():\n    return E\nh = g()",
        "h",
    )
    waits = "Waits for an answer that gives {!r}.".format
    assert said == ["", "Not answered yet.", waits("E"), waits("F"), "on", waits("E"), waits("h")]
    assert all(cell.execution_count for cell in executed.cells)
    assert executed.cells[2].outputs[0].traceback == ["Not answered yet."]


def test_what_is_half_done_or_left_from_before_is_not_taken_for_an_answer():
    said, _ = shown(STUB, "E, table = 1, []", "table = {}\ntable['E'] = E = f()", "table", "E")
    waits = "Waits for an answer that gives {!r}.".format
    assert said[2:] == ["Not answered yet.", waits("table"), waits("E")]


def test_an_answer_that_comes_later_ends_the_waiting():
    said, executed = shown(STUB, "E = f()", "def f():\n    return 7", "E = f()", "print(E)")
    assert said[-1] == "7" and error_of(executed) == "NotImplementedError: Not answered yet."


@pytest.mark.parametrize("bad", ["1 / 0", "print(misspelt)", "def f(:"])
def test_other_errors_end_the_run(bad):
    said, executed = shown(STUB, "E = f()", bad, "print('on')")
    assert "answer" not in said[2] and said[2] and said[3] == ""
    assert executed.cells[-1].execution_count is None
    assert len(executed.cells[3].outputs[0].traceback[-1]) > 5


def test_names_that_a_cell_assigns():
    source = """
import os
a = b = 1
c, (d, *e) = 1, (2, 3)
for f in g: h += 1
with i as j: pass
def k(l): m = 1
class n: o = 1
p = [q for q in range(3)]
r: int = 1
s.t = u[0] = 1
(lambda v: (w := v))
"""
    assert _assigned(source) == set("abcdefhjknpr")


@pytest.mark.parametrize("name", ["<module>", "<cell line: 2>"])  # IPython 9 and 7.34
def test_a_cell_is_found_under_the_name_that_ipython_gives_its_code(name):
    source = "\nE = 1 / 0"
    linecache.cache["a cell"] = (len(source), None, source.splitlines(keepends=True), "a cell")
    code = compile(source, "a cell", "exec").replace(co_name=name)
    with pytest.raises(ZeroDivisionError) as raised:
        exec(code)
    assert _assigned_by(raised.tb) == {"E"}
