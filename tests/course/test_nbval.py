"""Pytest plugin: `pytest --nbval` compares the text of records, and not their last digits."""

import subprocess
import sys

import nbformat
import pytest

from sheet11.course.execute import execute
from sheet11.lab.records import MIME_TYPE


@pytest.mark.slow
def test_last_digits_of_records_are_not_compared_but_the_text_is(build, light, tmp_path):
    source = "from sheet11 import record\nrecord(third=1 / 3)"
    notebook = execute(build(source, source), {})
    digits, text = (cell.outputs[0].data for cell in notebook.cells[-2:])
    digits[MIME_TYPE]["third"] += 1e-15
    text["text/plain"] = text["text/plain"].replace("0.333333", "0.333334")
    nbformat.write(notebook, tmp_path / "third.ipynb")
    without = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-m", "pytest", "--nbval", "-v", *without, "."]
    result = subprocess.run(
        command, cwd=tmp_path, env=light["run"], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 1 and "1 failed, 2 passed" in result.stdout
    (failed,) = [line for line in result.stdout.splitlines() if " FAILED " in line]
    assert failed.startswith("third::ipynb::Cell 2 ") and "0.333334" in result.stdout
