"""Web pages: what they show, what they escape, and that none lets a script run."""

import base64

import nbformat
import pytest
from hostile import PNG
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.book.gradebook import Table
from sheet11.course.pages.cells import MOST_FRAMES, cells_html
from sheet11.course.pages.render import Page, main_figure, render
from sheet11.course.submissions.people import Identity, Person


def called(name):
    return Person(name, Identity(name=name), ())


def notebook_html(notebook, title):
    return render("notebook.html.j2", heading=title, cells=cells_html(notebook))


def feedback_html(person):
    return render(
        "feedback.html.j2",
        heading=person.who.shown,
        person=person,
        rows=[],
        contents={},
        figures={},
    )


def test_main_figure_is_the_tagged_one_else_the_first():
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell("2")])
    assert main_figure(notebook) is None
    for cell, text in zip(notebook.cells, ["first", "second"], strict=True):
        data = {"image/png": base64.b64encode(PNG).decode(), "text/plain": text}
        cell.outputs = [nbformat.v4.new_output("display_data", data)]
    assert main_figure(notebook) == (PNG, "first")
    notebook.cells[1].metadata["tags"] = ["main-figure"]
    assert main_figure(notebook) == (PNG, "second")


@pytest.mark.parametrize("png", ["", "no image", "iVBORw0KGgo", 3])
def test_what_is_no_image_is_no_main_figure(png):
    output = {"output_type": "display_data", "data": {"image/png": png}}
    notebook = new_notebook(cells=[new_code_cell("1")])
    notebook.cells[0].outputs = [nbformat.from_dict(output)]
    assert main_figure(notebook) is None


def test_a_notebook_without_a_heading_gets_its_title(build):
    notebook = build("1")
    del notebook.cells[0]
    assert "<h1>a &lt;b&gt;</h1>" in notebook_html(notebook, "a <b>")


def test_every_page_forbids_scripts_and_other_hosts(hostile):
    pages = [
        notebook_html(hostile, "<script>"),
        render("index.html.j2", heading="heading", pages=[]),
        render("sweep.html.j2", heading="heading", figures={}, columns=[], rows=[]),
        render("grades.html.j2", heading="heading", table=Table([], []), people={}),
        feedback_html(called("<b>")),
    ]
    for page in pages:
        assert "default-src 'none'" in page and "script-src" not in page
        assert page.count("<style>") == 1 and "<script" not in page


def test_what_would_turn_or_hide_text_is_written_out():
    page = feedback_html(called("an\u202ena\x1b[2J\ud800"))
    assert "<h1>an\\u202ena\\x1b[2J\\ud800</h1>" in page
    assert page.encode().count(b"\n") > 20, "lines stay"


def test_a_page_has_a_rule_for_every_frame():
    page = notebook_html(new_notebook(), "title")
    assert (
        f".settings:has(.frame-{MOST_FRAMES}:checked) img.frame-{MOST_FRAMES} {{ display: block; }}"
        in page
    )


def test_index_escapes_what_notebooks_say():
    page = Page("a b", "<script>x</script>", "<b>", 1.0, {"n": "<i>"}, {"r": "<u>"}, '<i> "')
    html = render("index.html.j2", heading="heading", pages=[page])
    for tag in ("<script>", "<b>", "<i>", "<u>"):
        assert tag not in html
    assert 'href="a%20b.html"' in html and 'alt="&lt;i&gt; &#34;"' in html
