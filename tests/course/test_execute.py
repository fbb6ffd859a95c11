"""Execution of small notebooks."""

import os
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from sheet11.course.errors import NotebookError
from sheet11.course.execute import execute
from sheet11.course.notebooks import error_of
from sheet11.lab.records import read_records

NOISY = "import sys, time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.02)"


class Executed(NamedTuple):
    """A notebook, and what came of it in a folder with a file."""

    notebook: NotebookNode
    before: str  # the notebook, written
    folder: Path
    result: NotebookNode


@pytest.fixture(scope="module")
def executed(build, recording, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder")
    (folder / "data.txt").write_text("here")
    notebook = build(recording, NOISY, "record(text=open('data.txt').read())")
    before = nbformat.writes(notebook)
    return Executed(notebook, before, folder, execute(notebook, {"n": 5}, folder))


def test_parameters_replace_defaults_and_the_argument_stays_as_it_is(executed):
    records = read_records(executed.result)
    assert records["square"] == 25
    assert np.array_equal(records["many"], np.arange(5))
    assert nbformat.writes(executed.notebook) == executed.before
    nbformat.validate(executed.result)


@pytest.mark.slow
def test_same_input_same_output(executed):
    again = execute(executed.notebook, {"n": 5}, executed.folder)
    assert nbformat.writes(again) == nbformat.writes(executed.result)
    assert [output.text for output in again.cells[4].outputs] == ["0\n1\n2\n"], "however it came"


HANDLER = "get_ipython().set_custom_exc((Exception,), lambda *_, **__: print('mine'))"
EXITED = "DeadKernelError: the notebook ended its kernel with exit() or quit()"
DIED = "DeadKernelError: Kernel died"
ENDED = {
    "raise ValueError('n must be odd, got 4')": "ValueError: n must be odd, got 4",
    "def f(:": "SyntaxError: ",
    "%nosuchmagic": "UsageError: Line magic function `%nosuchmagic` not found.",
    "%autoreload 2": "UsageError: Line magic function `%autoreload` not found.",
    "%%nosuch\nprint(1)": "UsageError: Cell magic `%%nosuch` not found.",
    "get_ipython().run_line_magic('nosuch', '')": "UsageError: ",
    "%%bash\nexit 3": "CalledProcessError: ",
    f"{HANDLER}\n1 / 0": "ZeroDivisionError: division by zero",
    "get_ipython().showtraceback = lambda *_, **__: None\n1 / 0": "ZeroDivisionError: ",
    "exit()": EXITED,
    "quit": EXITED,
    "def f():\n    quit()\nf()\nprint('the cell goes on')": EXITED,
    "import sys; sys.exit(0)": "SystemExit: 0",
    "raise SystemExit": "SystemExit: ",
    "import os\nos._exit(0)": DIED,
    "import os\nos.kill(os.getpid(), 9)": DIED,
    "import ctypes\nctypes.string_at(0)": DIED,
    "await __import__('asyncio').sleep(0); 1 / 0": "ZeroDivisionError: ",
    "raise KeyboardInterrupt": "KeyboardInterrupt: ",
    "class A:\n    def __repr__(self): raise ValueError('no')\nA()": "ValueError: no",
}
GOES_ON = {
    "exit(keep_kernel=True)": [],
    "!false": [],
    "import sys; sys.stdout.close(); sys.stderr.close()": [],
    "1 / 0": ["raises-exception"],
    "%nosuchmagic": ["raises-exception"],
    "import sys; sys.exit(1)": ["raises-exception"],
    "import os; os._exit(1)": ["skip-execution"],
}


@pytest.mark.parametrize("source", ENDED)
def test_a_notebook_that_stopped_says_so_in_the_cell_that_ended_it(source, build):
    executed = execute(build(source, "print('later')"), {}, warm=True)
    assert f"{error_of(executed)}".startswith(ENDED[source])
    assert "error" in {output.output_type for output in executed.cells[-2].outputs}
    assert executed.cells[-1].outputs == [] and executed.cells[-1].execution_count is None
    nbformat.validate(executed)


@pytest.mark.parametrize("source", GOES_ON)
def test_what_is_permitted_or_left_out_ends_nothing(source, build):
    notebook = build(source, "print('later')")
    notebook.cells[-2].metadata.tags = GOES_ON[source]
    executed = execute(notebook, {}, warm=True)
    assert error_of(executed) is None and executed.cells[-1].outputs[0].text == "later\n"


@pytest.mark.parametrize("source", ["import os; os._exit(1)", "exit()", "while True: pass"])
def test_a_kernel_may_not_end_where_an_error_may_be_raised(source, build):
    notebook = build(source, "print('later')")
    notebook.cells[-2].metadata.tags = ["raises-exception"]
    executed = execute(notebook, {}, warm=True, timeout=1)
    assert error_of(executed) and executed.cells[-1].outputs == []


@pytest.mark.parametrize("source", ["%nosuchmagic", f"{HANDLER}\n1 / 0", "exit()", "def f(:"])
def test_the_ordinary_kernel_ends_alike(source, build):
    assert error_of(execute(build(source, "2"), {})).startswith(ENDED[source])


def test_cells_that_were_not_executed_show_nothing_of_an_earlier_execution(build):
    before = execute(build("from sheet11 import record\nrecord(a=1)", "record(a=2)"), {}, warm=True)
    before.cells[2].source = "1 / 0"
    assert read_records(execute(before, {}, warm=True)) == {}


@pytest.mark.parametrize(
    ("source", "length"),
    [
        ("print('x' * 5_000_000)", 5_000_001),
        ("print('\\r'.join(['x' * 49] * 100_000), end='')", 49),
        ("print('x\\b' * 2_000_000)", 4_000_001),
        ("for _ in range(300): print('x' * 10_000, end='', flush=True)", 3_000_000),
    ],
)
def test_a_long_line_takes_as_long_as_many_short_ones(source, length, build):
    start = time.monotonic()
    executed = execute(build(source), {}, warm=True)
    assert [len(output.text) for output in executed.cells[-1].outputs] == [length]
    assert time.monotonic() - start < 20


def test_working_directory(executed):
    assert read_records(executed.result)["text"] == "here"
    assert [path.name for path in executed.folder.iterdir()] == ["data.txt"]


@pytest.mark.parametrize("warm", [True, False])
def test_a_module_beside_the_notebook_is_imported(warm, build, tmp_path):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "__init__.py").write_text("")
    (tmp_path / "networkx.py").write_text("own = 1")  # though a server has imported the other one
    (tmp_path / "torch").mkdir()  # a folder of data
    source = "import beside, networkx\nassert networkx.own\nimport torch; torch.ones(2)"
    assert error_of(execute(build(source), {}, tmp_path, warm=warm)) is None


@pytest.mark.parametrize("warm", [True, False])
def test_a_long_name_of_the_temporary_folder(warm, build, tmp_path, monkeypatch):
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert error_of(execute(build("1"), {}, warm=warm)) is None
    assert os.listdir(folder) == []


def test_unknown_kernel(build):
    with pytest.raises(NotebookError, match="no kernel named 'nope'"):
        execute(build("1", kernelspec={"name": "nope", "display_name": "nope"}), {})
