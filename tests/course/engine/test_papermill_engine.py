"""`papermill --engine sheet11` matches papermill's own engine, and costs nothing when it is not used."""

import subprocess
import sys

import nbformat
import papermill
import pytest
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from sheet11.course.engine.warm import CAN_FORK, server
from sheet11.lab.records import read_records

pytestmark = pytest.mark.skipif(
    not CAN_FORK, reason="needs fork; elsewhere the ordinary kernel serves"
)
KERNEL = {"name": "python3", "display_name": "", "language": "python"}
TURNS = """
from IPython.display import clear_output, display, update_display
for number in range(3):
    print(number)
    display(number, display_id=str(number))
update_display("later", display_id="1")
"""


@pytest.fixture
def execute(build, tmp_path, monkeypatch):
    """Execute cells with an engine of papermill, and return the executed notebook."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "beside.py").write_text("value = 11")

    def execute(engine, *cells, **options):
        nbformat.write(build(*cells, kernelspec=KERNEL), "in.ipynb")
        options |= {"engine_name": engine, "progress_bar": False}
        papermill.execute_notebook("in.ipynb", "out.ipynb", **options)
        return nbformat.read("out.ipynb", as_version=4)

    return execute


def test_kernels_are_forks_of_this_process_s_server(execute, recording):
    parent = "import psutil\nrecord(server=psutil.Process().parent().ppid())"
    records = read_records(execute("sheet11", f"{recording}\n{parent}", parameters={"n": 6}))
    assert records["square"] == 36 and records["server"] == server().process.pid


def test_outputs_and_metadata_are_those_of_papermills_own_engine(execute):
    cells = [
        TURNS,
        "import beside, os; beside.value, os.path.basename(os.getcwd())",
        "n",
        "%time 1",
    ]
    ours, theirs = (
        execute(engine, *cells[:3], cwd="sub", parameters={"n": 4})
        for engine in ("sheet11", "nbclient")
    )
    assert [cell.get("outputs") for cell in ours.cells] == [
        cell.get("outputs") for cell in theirs.cells
    ]
    assert ours.metadata.language_info == theirs.metadata.language_info
    assert [cell.metadata.papermill.status for cell in ours.cells] == ["completed"] * 6
    assert [cell.get("execution_count") for cell in ours.cells] == [None, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("1 / 0", PapermillExecutionError),
        ("%nosuchmagic", PapermillExecutionError),
        ("import sys; sys.exit(3)", PapermillExecutionError),
        ("exit()", DeadKernelError),
        ("import os; os._exit(0)", DeadKernelError),
        ("print(chr(0xD800)); 1 / 0", PapermillExecutionError),
    ],
)
def test_what_ends_a_notebook_is_raised(source, error, execute):
    with pytest.raises(error):
        execute("sheet11", source, "print('later')")
    assert "later\n" not in str(nbformat.read("out.ipynb", as_version=4).cells[-1].outputs)


def test_time_limit(execute):
    with pytest.raises(TimeoutError):
        execute("sheet11", "while True: pass", execution_timeout=1)


@pytest.mark.parametrize("module", ["papermill", "sheet11.course.nbval"])
def test_who_only_has_it_installed_waits_for_nothing(module):
    code = f"import {module}, sys; print([m for m in sys.modules if m.startswith('sheet11.')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = ("engine.warm", "engine.client", "execute", "records", "numpy", "cli")
    assert not [name for name in eval(ran.stdout) if name.endswith(heavy)]
    assert len(eval(ran.stdout)) <= 5
