"""The pytest plugin: `pytest --nbval` compares what a record shows, and not its last digits."""

import subprocess
import sys

import nbformat
import pytest

from sheet11.course.execute import execute
from sheet11.lab.records import MIME_TYPE


@pytest.mark.slow
def test_last_digits_of_records_are_not_compared_but_the_text_is(build, tmp_path):
    notebook = execute(build("from sheet11 import record\nrecord(third=1 / 3)"), {})
    data = notebook.cells[-1].outputs[0].data
    data[MIME_TYPE]["third"] += 1e-15
    nbformat.write(notebook, tmp_path / "digits.ipynb")
    data["text/plain"] = data["text/plain"].replace("0.333333", "0.333334")
    nbformat.write(notebook, tmp_path / "text.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "-v", "-p", "no:cacheprovider", "."]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.returncode == 1 and "1 failed, 3 passed" in result.stdout
    (failed,) = [line for line in result.stdout.splitlines() if " FAILED " in line]
    assert failed.startswith("text::ipynb::Cell 1 ") and "0.333334" in result.stdout
