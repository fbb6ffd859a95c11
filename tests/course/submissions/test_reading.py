"""Reading of one untrusted notebook file: its content, and limits on time and memory."""

import json
import os
import socket
import tracemalloc

import pytest

from sheet11.course.submissions import reading
from sheet11.course.submissions.reading import Cell, UnreadableError, read_cells


def cell(source, grade_id=None, kind="markdown", **fields):
    return {
        "cell_type": kind,
        "source": source,
        "metadata": {"nbgrader": {"grade_id": grade_id}},
        **fields,
    }


@pytest.fixture
def problem(tmp_path):
    """Return the message for a file with the given content."""

    def problem(content):
        path = tmp_path / "01.ipynb"
        path.write_bytes(content)
        with pytest.raises(UnreadableError) as caught:
            read_cells(path)
        return str(caught.value)

    return problem


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"cells"',
        b'{"nbformat": 4}',
        b'{"cells": 7}',
        b'{"cells": [7], "nbformat": 4}',
        b'{"cells": {"source": 1}}',
        b'{"worksheets": [7]}',
        b"[" * 9999,
        b'{"cells": ' + b"9" * 9999 + b"}",
        b'{"cells": ["\xff"]}',
    ],
)
def test_no_notebook(problem, content):
    assert problem(content) == "01.ipynb is not a Jupyter notebook, or too large"


def test_nothing_is_parsed_that_would_fill_the_memory(problem):
    content = b'{"cells": [' + b"{}," * 1_500_000 + b"{}]}"  # 4.5 MB, and 250 MB once it is parsed
    tracemalloc.start()
    try:
        assert problem(content) == "01.ipynb is not a Jupyter notebook, or too large"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_is_too_large(tmp_path):
    with open(tmp_path / "01.ipynb", "wb") as file:
        file.truncate(reading.LARGEST + 1)
    with pytest.raises(UnreadableError, match="^01.ipynb is .* too large$"):
        read_cells(tmp_path / "01.ipynb")


def no_regular_file(path):
    with pytest.raises(UnreadableError, match=f"^{path.name} is not a regular file$"):
        read_cells(path)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    os.symlink(__file__, tmp_path / "link")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        server.bind("socket")
        for name in ("pipe", "link", "socket"):
            no_regular_file(tmp_path / name)
    no_regular_file(tmp_path.__class__("/dev/zero"))


def test_a_file_that_is_not_there_is_no_fault_of_the_notebook(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_cells(tmp_path / "01.ipynb")


def cells(tmp_path, *found, **fields):
    """What is read of a notebook."""
    (tmp_path / "01.ipynb").write_text(json.dumps({"cells": found} | fields))
    return read_cells(tmp_path / "01.ipynb")


def test_the_oldest_formats(tmp_path):
    old = {"cell_type": "code", "input": ["x = 1"], "metadata": {}}
    worksheets = [{"cells": [old, {"cell_type": "heading", "source": "A"}]}]
    found = cells(tmp_path, worksheets=worksheets)
    assert found == [Cell("", "", "code", "x = 1"), Cell("", "", "markdown", "A")]


def test_cells_are_counted(tmp_path):
    with pytest.raises(UnreadableError, match=r"^01\.ipynb is .* too large$"):
        cells(tmp_path, *[{"source": ""}] * 2001)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            cell(["a\n", "b"], "f", id="8f1a", attachments=1),
            Cell("f", "8f1a", "markdown", "a\nb", 1),
        ),
        (cell("1", ["f"], "code", id=7), Cell("", "", "code", "1")),
        ({"source": "1", "metadata": {"nbgrader": ["f"]}}, Cell("", "", "markdown", "1")),
        (cell("x = '\ud800'", "f"), Cell("f", "", "markdown", "x = '\\ud800'")),
    ],
)
def test_cells(tmp_path, written, read):
    assert cells(tmp_path, written) == [read]
