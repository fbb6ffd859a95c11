"""Small notebooks, and the command line to run them with."""

import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

RECORDING = "from sheet11 import record\nimport numpy as np\nrecord(square=n * n, many=np.arange(n))"


@pytest.fixture
def recording():
    """Source of a cell that records n² and 0 … n−1."""
    return RECORDING


@pytest.fixture
def build():
    """Make a notebook of code cells, the first one tagged `parameters`."""

    def build(*sources, parameters="n: int = 3  # a number", **metadata):
        cells = [new_code_cell(source) for source in sources]
        if parameters:
            cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        return new_notebook(cells=[new_markdown_cell("# A *small* notebook"), *cells], metadata=metadata)

    return build


@pytest.fixture
def sheet11():
    """Run the command `sheet11`."""

    def sheet11(*arguments, cwd):
        command = [sys.executable, "-m", "sheet11", *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)

    return sheet11
