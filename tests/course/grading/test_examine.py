"""Examinations: what is run of a student's answers, and what is blamed on whom."""

import ast
import sys

import pytest
from sheets import waves

from sheet11.course.engine.warm import SERVER
from sheet11.course.errors import SolutionError
from sheet11.course.grading.examine import examine, failure_of, hidden_name, paper_of, run_task
from sheet11.course.grading.exercises import draw_exercises
from sheet11.course.grading.grade import blank_examination
from sheet11.course.sandbox.sandbox import Batch, Limits

GIVEN = [("imports", "import os")]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return waves(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def blank(course):
    blank = blank_examination(
        course.sheet, draw_exercises(course.sheet, {"n": 9}, 1), Limits(), isolated=False
    )
    return blank._replace(hidden=())


def test_a_paper_is_the_code_with_what_is_given(course, blank):
    paper = blank.papers["1_waves"]
    assert [name for name, _ in paper.given] == ["imports", "parameters", "injected-parameters"]
    assert [name for name, _ in paper.cells[3:]] == ["wave", "wave-check", "totals", "totals-check"]
    assert [names for *names, _ in paper.tasks] == [
        ["wave", "wave-check"],
        ["totals", "totals-check"],
    ]
    assert "n = 9" in dict(paper.cells)["injected-parameters"]
    exercise = draw_exercises(course.sheet, {}, 1)["2_slopes"]
    assert [name for name, _ in paper_of("2_slopes", exercise).given][-1] == "figure"


def test_an_examination_needs_nothing_of_the_sheet(blank):
    files = dict(blank.package)
    assert {"waves/__init__.py", "waves/angles.py", "sheet11/lab/records.py"} <= files.keys()
    assert not [name for name in files if "solution" in name or "course" in name]


@pytest.mark.usefixtures("keep_sandboxes")
def test_what_is_not_answered_is_not_run(course, blank):
    stub = dict(blank.papers["1_waves"].cells)["wave"]
    answers = {
        "1_waves": {
            "wave": f"{stub}\n\n",
            "totals": "def totals(E): return E.sum(1)",
            "proof": "text",
        }
    }
    findings = examine(blank._replace(answers=answers))
    assert (
        findings.tasks["1_waves"].keys() == {"totals"}
        and findings.tasks["1_waves"]["totals"].ended is None
    )
    assert findings.whole["1_waves"].succeeded >= {"imports", "totals", "totals-check"}
    assert examine(blank._replace(answers={"1_waves": {"wave": stub}})).whole == {}


@pytest.mark.usefixtures("keep_sandboxes")
def test_what_ended_by_force_is_not_run_again_in_the_whole(course, blank):
    right = course.solutions["1_waves"]
    findings = examine(
        blank._replace(answers={"1_waves": right | {"wave": "import os\nos._exit(1)"}})
    )
    assert "wave" not in findings.tasks["1_waves"]["wave"].outputs
    assert "NotImplementedError" in failure_of(findings.whole["1_waves"]), (
        "the cell as students get it"
    )


@pytest.mark.usefixtures("keep_sandboxes")
def test_a_broken_sandbox_is_replaced(course, blank):
    script = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"  # without a sandbox it may
    findings = examine(
        blank._replace(answers={"1_waves": course.solutions["1_waves"] | {"wave": script}})
    )
    assert (
        findings.tasks["1_waves"]["wave"] is None
        and "totals-check" in findings.tasks["1_waves"]["totals"].succeeded
    )


def batch(*succeeded, **errors):
    shown = {
        name: [{"output_type": "error", "ename": kind, "evalue": "a\n b"}]
        for name, kind in errors.items()
    }
    return Batch(shown, set(succeeded), None)


def attempt(blank, *batches, hidden=""):
    """Run a task for which the sandbox answers with these batches; what came of it, and what it was asked to run."""
    answers, asked = list(batches), []

    def run(cells, go_on=False):
        asked.append(cells)
        return answers.pop(0)

    paper = blank.papers["1_waves"]._replace(
        given=GIVEN, cells=[*GIVEN, ("f", ""), ("check", "import sys\nrecord(f=1)")]
    )
    return run_task(run, paper, "f", "check", hidden, "f = 1"), asked


def test_a_given_cell_that_fails_is_no_fault_of_the_answer(blank):
    with pytest.raises(
        SolutionError, match="^the given cell 'imports' of 1_waves fails: KeyError: a b$"
    ):
        attempt(blank, batch(imports="KeyError"))
    with pytest.raises(SolutionError, match="fails: limit of time"):
        attempt(blank, batch()._replace(ended="time"))


def test_hidden_tests_come_last(blank):
    answered = batch("imports", "f", "check", hidden_name("check"))
    _, (cells,) = attempt(blank, answered, hidden="assert f == 1")
    assert cells[-2:] == [
        ("check", "import sys\nrecord(f=1)"),
        (hidden_name("check"), "assert f == 1"),
    ]


def test_an_import_error_in_a_check_is_looked_into(blank):
    missing = batch("imports", "f", check="ImportError")
    found, (first, second) = attempt(blank, missing, batch("imports", "check"))
    assert found is missing and first == [
        *GIVEN,
        ("f", "f = 1"),
        ("check", "import sys\nrecord(f=1)"),
    ]
    assert second == [*GIVEN, ("check", "import sys")], "the check's imports alone"
    with pytest.raises(
        SolutionError, match="^the given cell 'check' of 1_waves fails: ModuleNotFoundError: a b$"
    ):
        attempt(blank, missing, batch("imports", check="ModuleNotFoundError"))
    assert len(attempt(blank, batch("imports", "f", check="KeyError"))[1]) == 1


@pytest.mark.parametrize("died", [None, batch("imports"), batch("imports", "f")])
def test_a_process_that_died_is_looked_into(blank, died):
    """Something else may have killed it; only what happens again, and not without the answer, is the answer's doing."""
    well, alone = batch("imports", "f", "check"), batch("imports", "check")
    found, asked = attempt(blank, died, alone, well)
    assert found is well and asked[0] == asked[2] and asked[1] == [*GIVEN, ("check", "import sys")]
    assert attempt(blank, died, alone, died)[0] is died
    with pytest.raises(
        SolutionError, match="^the process that runs 1_waves ends without any answer in it$"
    ):
        attempt(blank, died, None)
    with pytest.raises(
        SolutionError, match="^the given cell 'check' of 1_waves fails: the process ended$"
    ):
        attempt(blank, died, batch("imports"))


@pytest.mark.usefixtures("keep_sandboxes")
def test_what_cannot_be_examined_is_one_task(course, blank):
    paper = blank.papers["1_waves"]
    cells = [
        (name, f"import not_here\n{source}" if name == "wave-check" else source)
        for name, source in paper.cells
    ]
    papers = blank.papers | {"1_waves": paper._replace(cells=cells)}
    findings = examine(
        blank._replace(papers=papers, answers={"1_waves": course.solutions["1_waves"]})
    )
    assert findings.failed == {
        "1_waves/wave": "the given cell 'wave-check' of 1_waves fails: ModuleNotFoundError: No module named 'not_here'"
    }
    assert findings.tasks["1_waves"].keys() == {"totals"}


@pytest.mark.parametrize("name", ["server.py", "forked.py", "huge.py", "watch.py"])
def test_what_is_inside_stands_alone(name):
    """It is given to the sandbox as a file: it imports nothing of the package, nor on its first lines anything else."""
    source = SERVER.with_name(name).read_text()
    imported = [
        node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {
        name.partition(".")[0]
        for node in imported
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    assert names <= sys.stdlib_module_names
