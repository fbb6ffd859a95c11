"""Progress bar, which passes on every item and leaves only its name in a notebook."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.lab.progress import progress


def test_yields_every_element_and_passes_options_on(capsys):
    assert list(progress(iter("ab"), "work", total=2, unit="epoch")) == ["a", "b"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "work" in captured.err and "2/2" in captured.err and "epoch" in captured.err


CELLS = [
    "import time\nfrom sheet11.lab.progress import progress",
    "total = 0\nfor i in progress(range(20), 'adding', mininterval=0):\n    total += i\n    time.sleep(0.01)",
    "for i in progress(range(20), 'until five', mininterval=0):\n    if i == 5:\n        break",
    "def fail():\n    for i in progress(range(3), 'failing'):\n        raise ValueError(i)\n"
    "try:\n    fail()\nexcept ValueError:\n    pass",
    "assert total == 190\nlist(progress('abc', 'inner'))",
]


@pytest.fixture(scope="module")
def cells():
    notebook = new_notebook(cells=list(map(new_code_cell, CELLS)))
    executed = NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    nbformat.validate(executed)
    return executed.cells


def test_stored_output_is_the_description_alone(cells):
    for cell, text in ((1, "adding"), (2, "until five"), (3, "failing")):
        (output,) = cells[cell].outputs
        assert output.output_type == "display_data" and output.data == {"text/plain": text}


def test_elements_in_a_notebook(cells):
    bar, result = cells[4].outputs
    assert bar.data == {"text/plain": "inner"}
    assert result.data == {"text/plain": "['a', 'b', 'c']"}
