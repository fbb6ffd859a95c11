"""Web pages and whole files."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.pages import Page, index_html, main_figure, notebook_html, title_of, write_whole


def test_title(build):
    assert title_of(build("1"), "stem") == "A *small* notebook"
    assert title_of(new_notebook(), "stem") == "stem"


def test_main_figure_is_the_tagged_one_else_the_first():
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell("2")])
    assert main_figure(notebook) is None
    for cell, png in zip(notebook.cells, ["Zmlyc3Q=", "c2Vjb25k"], strict=True):
        cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": png})]
    assert main_figure(notebook) == b"first"
    notebook.cells[1].metadata["tags"] = ["main-figure"]
    assert main_figure(notebook) == b"second"


def test_html_holds_text_and_outputs(build):
    notebook = build("1")
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="printed")]
    html = notebook_html(notebook, "title")
    assert "<title>title</title>" in html and "printed" in html


def test_index_escapes_what_notebooks_say():
    page = Page("a b", "<script>x</script>", "<b>", 1.0, {"n": "<i>"}, {"r": "<u>"}, True)
    html = index_html([page], "heading")
    for tag in ("<script>", "<b>", "<i>", "<u>"):
        assert tag not in html
    assert 'href="a%20b.html"' in html


def test_write_whole_leaves_the_old_file_if_it_fails(tmp_path):
    path = tmp_path / "new" / "file"
    write_whole(path, "old")
    with pytest.raises(TypeError):
        write_whole(path, None)
    assert path.read_text() == "old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
