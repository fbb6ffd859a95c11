"""Notebooks as data: files of every format, parameters as people write them, and causes of failure."""

import copy
import json
from math import inf, isnan, nan

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from sheet11.course.errors import NotebookError, ParameterError
from sheet11.course.execute import execute
from sheet11.course.notebooks import (
    error_of,
    headline_of,
    kernel_of,
    parameters_of,
    read_notebook,
    title_of,
    with_parameters,
)
from sheet11.course.sheet import find_sheet


def of_minor(minor, ids):
    def change(content):
        content["nbformat_minor"] = minor
        if not ids:
            for cell in content["cells"]:
                del cell["id"]
        return json.dumps(content).encode()

    return change


def in_lines(end):
    return lambda content: json.dumps(content, indent=1).replace("\n", end).encode()


def with_sources(end):
    def change(content):
        for cell in content["cells"]:
            cell["source"] = cell["source"].replace("\n", end)
        return json.dumps(content).encode()

    return change


def of_version_3(content):
    return nbformat.writes(nbformat.convert(nbformat.from_dict(content), 3), version=3).encode()


def same_id(content):
    for cell in content["cells"]:
        cell["id"] = "same"
    return json.dumps(content).encode()


FORMATS = {
    **{f"4.{minor}": of_minor(minor, ids=False) for minor in range(5)},
    **{f"4.{minor} with ids": of_minor(minor, ids=True) for minor in (0, 4, 5, 6)},
    "4.5 without ids": of_minor(5, ids=False),
    "4.5 with one id twice": same_id,
    "3": of_version_3,
    "byte order mark": lambda content: b"\xef\xbb\xbf" + json.dumps(content).encode(),
    "UTF-16": lambda content: json.dumps(content, ensure_ascii=False).encode("utf-16"),
    "UTF-16 without a mark": lambda content: json.dumps(content).encode("utf-16-le"),
    "CRLF": in_lines("\r\n"),
    "CR": in_lines("\r"),
    "CRLF in cells": with_sources("\r\n"),
    "CR in cells": with_sources("\r"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_notebook_of_any_format_is_read(name, build, tmp_path):
    notebook = build("x = 'Ω'\nx", parameters="n = 3\nm = 4")
    path = tmp_path / "a.ipynb"
    path.write_bytes(FORMATS[name](copy.deepcopy(notebook)))
    found = read_notebook(path)
    nbformat.validate(found)
    assert [cell.source for cell in found.cells if cell.cell_type == "code"] == [
        "n = 3\nm = 4",
        "x = 'Ω'\nx",
    ]
    prepared, again = (with_parameters(read_notebook(path), {}) for _ in range(2))
    nbformat.validate(prepared)
    ids = [cell.id for cell in prepared.cells]
    assert len(set(ids)) == 3 and ids == [cell.id for cell in again.cells]
    if "with ids" in name:
        assert ids == [cell.id for cell in notebook.cells]
    if name != "3":  # which has no tags
        assert parameters_of(found) == {"n", "m"}


@pytest.mark.parametrize(
    "content",
    [b"", b"no JSON", b"{}", b"[]", b"7", b"\xff\xfe\x00", b"<!DOCTYPE html>", b"[" * 100_000,
     b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5}', b'{"nbformat": "4"}', b'{"nbformat": 7}'],
)  # fmt: skip
def test_no_notebook_is_one_line(content, tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match="a.ipynb is not a Jupyter notebook: .") as caught:
        read_notebook(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_no_file(tmp_path):
    with pytest.raises(NotebookError, match="cannot be read: No such file"):
        read_notebook(tmp_path / "a.ipynb")
    with pytest.raises(NotebookError, match="cannot be read: Is a directory"):
        read_notebook(tmp_path)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("n: int = 64  # tokens\nname: str = 'a b'", {"n", "name"}),
        ("n: int | None = None", {"n"}),
        ("n: 'int | None' = 3", {"n"}),
        ('kind: Literal["a", "b=c"] = "a"', {"kind"}),
        ("text = 'a = b'  # with n = 3", {"text"}),
        ("check = 1 == 2", {"check"}),
        ("n = 1; m = 2", {"n", "m"}),
        ("n, m = 1, (2, 3)", {"n", "m"}),
        ("(n, [m, *k]) = 1, [2, 3]", {"n", "m", "k"}),
        ("n, m = sizes()", {"n", "m"}),
        ("n = m = [i for i in (1, 2)]", {"n", "m"}),
        ("table = {\n    'a': 1,\n}\n# m = 3", {"table"}),
        ("%matplotlib inline\n!ls\nimport os\ndef f():\n    m = 1\nn = 3", {"n"}),
        ("n: int\nm += 1\nx.y = 2\nx[0] = 1\nif n:\n    k = 3", {"n", "m", "k"}),
        ("n = ", set()),
        ("größe = 1.5", {"größe"}),
        ("", set()),
    ],
)
def test_parameters_as_people_write_them(source, found, build):
    assert parameters_of(build("1", parameters=source or "# none")) == found


def test_parameters_of_other_notebooks(build):
    assert parameters_of(build("n = 1", parameters=None)) == set()
    kernel = {"name": "ir", "display_name": "R", "language": "R"}
    assert parameters_of(build("1", parameters="n = 3", kernelspec=kernel)) == set()


VALUES = [None, True, 0, -3, 1.5, inf, -inf, 2j, "a'\"\n\\ Ω \ud800", b"\x00a", [], [1, [2, "b"]],
          (), (1,), (1, (2,)), {}, {"a": [1.0, None], 3: (4,)}, set(), {1}]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_any_literal_is_a_value(value, build):
    notebook = with_parameters(build("1"), {"n": value})
    names = {}
    exec(notebook.cells[2].source, names)
    assert names["n"] == value and type(names["n"]) is type(value)
    nbformat.validate(json.loads(json.dumps(notebook, allow_nan=False)))


def test_not_a_number_is_a_value(build):
    names = {}
    exec(with_parameters(build("1"), {"n": [nan]}).cells[2].source, names)
    assert isnan(names["n"][0])


@pytest.mark.parametrize("value", [print, [1, {2: range(3)}], frozenset()])
def test_what_is_no_literal_is_refused(value, build):
    with pytest.raises(ParameterError, match="n must be a Python literal, got "):
        with_parameters(build("1"), {"n": value})


def test_values_stand_after_the_defaults_in_place_of_earlier_ones_or_first(build):
    notebook = build("n")
    once = with_parameters(notebook, {"n": 5})
    assert once.cells[2].source == "# Parameters\nn = 5\n" and len(once.cells) == 4
    assert once.metadata.papermill.parameters == {"n": 5}
    twice = with_parameters(once, {"n": 6})
    assert twice.cells[2].source == "# Parameters\nn = 6\n" and len(twice.cells) == 4
    assert with_parameters(build(parameters=None), {"n": 6}).cells[0].source.endswith("n = 6\n")
    assert "injected-parameters" not in str(notebook)


def executed(*cells):
    """A notebook of cells, each given as the errors that it shows, whether it was executed, and its tags."""
    notebook = new_notebook()
    for errors, ran, *tags in cells:
        outputs = [new_output("error", ename=n, evalue="v\nw", traceback=[]) for n in errors]
        count = 1 if ran else None
        tagged = {"tags": tags}
        cell = new_code_cell(outputs=outputs, execution_count=count, metadata=tagged)
        notebook.cells.append(cell)
    return notebook


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ([([], True)], None),
        ([(["A"], True)], "A: v"),
        ([(["A"], True), ([], False)], "A: v"),
        ([(["A", "B"], True), ([], False)], "A: v"),
        ([(["A"], True), ([], True)], "A: v"),  # shown, though the notebook went on
        ([(["A"], True, "raises-exception")], None),
        ([(["A", "DeadKernelError"], True, "raises-exception")], "DeadKernelError: v"),
        ([(["CellTimeoutError"], False), ([], False)], "CellTimeoutError: v"),
        ([], None),
    ],
)
def test_the_error_that_ended_an_execution(cells, error):
    assert error_of(executed(*cells)) == error


def test_title(build):
    assert title_of(build("1"), "stem") == "A *small* notebook"
    assert title_of(new_notebook(), "stem") == "stem"


def test_the_headline_is_what_the_notebook_names(build, keep_server):
    source = "from sheet11 import record\nrecord(labelled=True, rate=0.5, table=[1], mean=3)"
    for metadata, expected in [
        ({}, {"labelled": True, "rate": 0.5, "mean": 3}),
        ({"headline": ["mean", "rate", "missing", "table"]}, {"mean": 3, "rate": 0.5}),
        ({"headline": "mean"}, {"labelled": True, "rate": 0.5, "mean": 3}),
        ({"headline": [["mean"]]}, {}),
    ]:
        executed = execute(build(source, sheet11=metadata), {}, warm=True)
        assert list(headline_of(executed).items()) == list(expected.items())


@pytest.mark.parametrize("path", find_sheet().notebooks.values(), ids=lambda path: path.stem)
def test_notebooks_name_one_to_three_of_their_records(path):
    notebook = read_notebook(path)
    headline = notebook.metadata.sheet11.headline
    assert 1 <= len(headline) <= 3
    assert list(headline_of(notebook)) == headline


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python", "display_name": "Python"}},
        {"kernelspec": {"name": "conda-env-course-py", "language": "python", "display_name": "C"}},
        {"kernelspec": {"name": "py311", "display_name": "3"}, "language_info": {"name": "python"}},
    ],
)
def test_a_kernel_for_python_has_any_name(metadata):
    assert kernel_of(new_notebook(metadata=metadata)) == "python3"


@pytest.mark.parametrize("language", [{}, {"language": "R"}])
def test_a_kernel_for_another_language(language):
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", **language}}
    with pytest.raises(NotebookError, match="no kernel named 'ir' is installed"):
        kernel_of(new_notebook(metadata=metadata))


def test_a_kernel_that_somebody_asks_for_is_no_other():
    with pytest.raises(NotebookError, match="no kernel named 'mine' is installed"):
        kernel_of(new_notebook(), "mine")
