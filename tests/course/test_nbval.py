"""The pytest plugin: `pytest --nbval` compares what a record shows, and not its last digits."""

import subprocess
import sys

import nbformat

from sheet11.course.execute import execute
from sheet11.lab.records import MIME_TYPE


def nbval(path):
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", path.name]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=300)


def test_last_digits_of_records_are_not_compared_but_the_text_is(build, tmp_path):
    path = tmp_path / "a.ipynb"
    notebook = execute(build("from sheet11 import record\nrecord(third=1 / 3)"), {})
    data = notebook.cells[-1].outputs[0].data
    data[MIME_TYPE]["third"] += 1e-15
    nbformat.write(notebook, path)
    assert nbval(path).returncode == 0

    data["text/plain"] = data["text/plain"].replace("0.333333", "0.333334")
    nbformat.write(notebook, path)
    result = nbval(path)
    assert result.returncode == 1 and "0.333334" in result.stdout
