"""Web pages: content and escaping, without scripts."""

import base64

from hostile import PNG
from nbformat.v4 import new_code_cell, new_notebook, new_output

from sheet11.course.book.gradebook import Table
from sheet11.course.pages.render import cells_html, main_figure, render


def figures(text):
    """A cell with a figure, and with what is none."""
    pictures = ["no image", "iVBORw0KGgo", base64.b64encode(PNG).decode()]
    shown = [{"image/png": each, "text/plain": text} for each in pictures]
    return new_code_cell("1", outputs=[new_output("display_data", data) for data in shown])


def test_main_figure_is_the_tagged_one_else_the_first():
    notebook = new_notebook(cells=[new_code_cell("1"), figures("first"), figures("second")])
    assert main_figure(notebook) == (PNG, "first")
    notebook.cells[-1].metadata["tags"] = ["main-figure"]
    assert main_figure(notebook) == (PNG, "second")
    assert main_figure(new_notebook()) is None


def test_a_notebook_without_a_heading_gets_its_title():
    assert "<h1>a &lt;b&gt;</h1>" in render("notebook.html.j2", heading="a <b>", cells="<p>x</p>")


def test_every_page_forbids_scripts_and_other_hosts(hostile):
    pages = [
        render("notebook.html.j2", heading="<script>", cells=cells_html(hostile)),
        render("index.html.j2", heading="heading", pages=[]),
        render("sweep.html.j2", heading="heading", figures={}, columns=[], rows=[]),
        render("grades.html.j2", heading="heading", table=Table([], {}), people={}),
    ]
    for page in pages:
        assert "default-src 'none'" in page and "script-src" not in page
        assert page.count("<style>") == 1 and "<script" not in page


def test_what_would_turn_or_hide_text_is_written_out():
    page = render("index.html.j2", heading="an\u202ena\x1b[2J\ud800", pages=[])
    assert "<h1>an\\u202ena\\x1b[2J\\ud800</h1>" in page
