"""One notebook file that somebody else has written: what is taken of it, and what it may cost."""

import json
import os
import socket
import tracemalloc

import pytest

from sheet11.course.submissions import reading
from sheet11.course.submissions.reading import UnreadableError, answers_in, read_cells

IDS = ["f", "proof"]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def cell(source, grade_id=None, kind="markdown", **fields):
    return {
        "cell_type": kind,
        "source": source,
        "metadata": {"nbgrader": {"grade_id": grade_id}},
        **fields,
    }


@pytest.fixture
def problem(tmp_path):
    """What is said of a file with this content."""

    def problem(content):
        path = tmp_path / "01.ipynb"
        path.write_bytes(content)
        with pytest.raises(UnreadableError) as caught:
            answers_in(read_cells(path), IDS)
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
    assert problem(content) == "01.ipynb is no Jupyter notebook"


def test_nothing_is_parsed_that_would_fill_the_memory(problem):
    content = b'{"cells": [' + b"{}," * 1_500_000 + b"{}]}"  # 4.5 MB, and 250 MB once it is parsed
    tracemalloc.start()
    try:
        assert problem(content) == "01.ipynb has more than 2000000 values"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with open(tmp_path / "01.ipynb", "wb") as file:
        file.truncate(reading.LARGEST + 1)
    with pytest.raises(UnreadableError, match="^01.ipynb has more than 50 MB$"):
        answers_in(read_cells(tmp_path / "01.ipynb"), IDS)


def no_regular_file(path):
    with pytest.raises(UnreadableError, match=f"^{path.name} is no regular file$"):
        answers_in(read_cells(path), IDS)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    os.symlink(__file__, tmp_path / "link")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        server.bind("socket")
        for name in ("pipe", "link", "socket"):
            no_regular_file(tmp_path / name)
    no_regular_file(tmp_path.__class__("/dev/zero"))


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "01.ipynb"
    path.write_text("{}")
    real = os.open

    def swapped(name, *arguments):
        path.unlink()
        os.mkfifo(path)
        return real(name, *arguments)

    monkeypatch.setattr(os, "open", swapped)
    no_regular_file(path)


def test_a_file_that_is_not_there_is_no_fault_of_the_notebook(tmp_path):
    with pytest.raises(FileNotFoundError):
        answers_in(read_cells(tmp_path / "01.ipynb"), IDS)


@pytest.mark.parametrize("name", [["f"], {"f": 1}, 1, None])
def test_names_that_are_none(name):
    assert answers_in([cell("1", name, id=name)], IDS).sources == {}
    assert answers_in([cell("1", name, id="f")], IDS).sources == {"f": "1"}


@pytest.mark.parametrize("metadata", [None, [], {"nbgrader": 7}, {"nbgrader": ["f"]}])
def test_metadata_that_are_none(metadata):
    assert answers_in([{"source": "1", "id": "f", "metadata": metadata}], IDS).sources == {"f": "1"}


@pytest.mark.parametrize("source", [7, None, {}, ["a", 7], [["a"]]])
def test_a_source_that_is_no_text_is_no_answer(source):
    assert answers_in(
        [cell("1", "f"), cell(source, "f"), cell(["a\n", "b"], "proof")], IDS
    ).sources == {
        "f": "1",
        "proof": "a\nb",
    }


def test_half_a_character_is_written_out(tmp_path):
    (tmp_path / "01.ipynb").write_text(
        json.dumps({"cells": [cell("x = '\ud800'", "f"), cell("\ud83d\ude00", "proof")]})
    )
    found = answers_in(read_cells(tmp_path / "01.ipynb"), IDS).sources
    assert found == {"f": "x = '\\ud800'", "proof": "😀"}


def test_an_answer_that_is_too_long_is_missed_alone():
    found = answers_in([cell("x" * 100_001, "f"), cell("x" * 100_000, "proof")], IDS)
    assert found.sources.keys() == {"proof"}
    assert found.problems == {"f": "the answer has more than 100000 characters"}


def test_images_belong_to_an_answer_and_are_not_counted_as_characters():
    text = f"![](data:image/png;base64,{PIXEL}{' ' * 100_000})"
    found = answers_in(
        [cell(text, "proof"), cell("", "f", "code", attachments={"x": {"image/png": PIXEL}})], IDS
    )
    assert (found.sources["proof"], found.problems) == ("![](attachment:embedded)", {})
    assert found.attachments == {"proof": {"embedded": {"image/png": PIXEL}}}


def test_images_are_bounded_for_all_answers_together():
    attached = {f"{number}.png": {"image/png": PIXEL} for number in range(20)}
    cells = [cell("", name, attachments=attached) for name in IDS]
    assert [len(images) for images in answers_in(cells, IDS).attachments.values()] == [20, 10]
