"""Sandboxes that serve one student after another, and tell none of them what an earlier one has seen."""

import pytest
from gradings import skip_without_graders

from sheet11.course.grading.sandboxes import NO_FIGURE, Setup, runner, sandboxes_shared
from sheet11.course.sandbox.sandbox import Limits

skip_without_graders()
SETUP = Setup((), (), ("numpy",), True, (), Limits(seconds=5))
WHERE = "open('/proc/1/stat').read().rsplit(')')[1].split()[19]"  # when the sandbox was started
MADE = "import os\nopen('a', 'x').close()\nos.stat('a').st_ino"
MAKE = "for k in range(1234):\n    open('b', 'x').close()\n    os.remove('b')"


@pytest.fixture
def run():
    """Run a cell in a new runner, as the next student's are, and return its value."""

    def run(source, for_grader=False):
        with runner(SETUP) as of_student:
            outputs = of_student([("a", source)], NO_FIGURE if for_grader else None).outputs
        return outputs["a"][0]["data"]["text/plain"] if outputs.get("a") else None

    with sandboxes_shared():
        yield run


def test_counters_tell_nothing_of_hidden_tests(run):
    """What is read in the grader's execution would otherwise be the number of the next file that anybody makes."""
    first = run(MADE)
    run(f"{MADE}\n{MAKE}", for_grader=True)
    assert int(run(MADE)) - int(first) < 100 < int(run(MADE, for_grader=True))


def test_a_sandbox_whose_cells_did_not_finish_is_replaced(run):
    first = run(WHERE)
    assert run(WHERE) == first, "sandboxes are kept"
    assert run("import os; os._exit(0)") is None
    assert run(WHERE) != first
