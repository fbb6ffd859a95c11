"""Tables and pages: made from the store alone, renewed after changes, and never over people's own entries."""

import nbformat
import pytest
from class_of_twelve import scanned
from filled import fill
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store
from sheet11.course.hand_back.publish import publish

TASKS = [
    Task("01/f", "A function", "f(x)", 2.0, False, "", "First"),
    Task("02/why", "Why", "", 1.0, True, "", "Second"),
]
TABLES = ("grades.csv", "results.csv")


@pytest.fixture
def store(tmp_path):
    answers = []
    for student in ("anna", "bert"):
        answers.append(Answer(student, "01/f", "f = len", {}, 2.0, "correct", ""))
        answers.append(Answer(student, "02/why", "Because.", {}, None, "to read", ""))
    with Store(tmp_path) as store:
        fill(store, TASKS, answers)
        yield store


def pages(out):
    paths = sorted((out / "students").glob("*/index.html"))
    return [path.read_text() for path in paths], [path.stat().st_mtime_ns for path in paths]


def test_marks_stand_in_tables_and_pages(store, tmp_path):
    store.set_mark(["anna"], "02/why", "eve", 0.5, "Which <b>one</b>?")
    store.set_mark(["bert"], "01/f", "eve", 1.0, "only for odd x")
    publish(tmp_path, store)
    assert "\nanna,2,0.5,2.5,3,0,2.5,\nbert,1,,1,3,1,1,\n" in (tmp_path / "grades.csv").read_text()
    results = (tmp_path / "results.csv").read_text()
    assert "bert,01,f,A function,1,2,overridden,only for odd x\n" in results
    (anna, _), _ = pages(tmp_path)
    for text in ("Which &lt;b&gt;one&lt;/b&gt;?", "2.5 of 3 points", "<h2>Second</h2>", "f(x)"):
        assert text in anna


def test_only_pages_of_which_something_changed_are_written_again(store, tmp_path):
    publish(tmp_path, store)
    _, (anna, bert) = pages(tmp_path)
    store.set_mark(["anna"], "02/why", "eve", comment="?")
    publish(tmp_path, store)
    _, (newer, same) = pages(tmp_path)
    assert newer > anna and same == bert
    display = new_output("display_data", {"image/png": scanned((30, 20))})
    notebook = new_notebook(cells=[new_code_cell("plot()", outputs=[display])])
    (tmp_path / "students" / "bert" / "02.ipynb").write_text(nbformat.writes(notebook))
    publish(tmp_path, store)
    (_, page), _ = pages(tmp_path)
    assert 'href="02.ipynb"' in page and "data:image/png;base64," in page


def test_a_page_that_cannot_be_written_harms_one_student(store, tmp_path):
    (tmp_path / "students" / "anna" / "index.html").mkdir(parents=True)
    table = publish(tmp_path, store)
    assert [row.score.status for row in table.rows] == ["failed", "failed", "correct", "to read"]
    assert [row.score.points for row in table.rows] == [2.0, None, 2.0, None]


def test_what_somebody_has_entered_is_kept(store, tmp_path, capsys):
    publish(tmp_path, store)
    path = tmp_path / "grades.csv"
    written = path.read_text()
    edited = written.replace("bert,2,,", "bert,2,1,")
    for number in (1, 2):
        path.write_text(edited)
        publish(tmp_path, store)
        assert path.read_text() == written
        assert (tmp_path / f"grades-edited-{number}.csv").read_text() == edited
    command = f"sheet11 read-points {tmp_path} {tmp_path}/grades-edited-1.csv\n"
    assert f"{path} was edited" in (said := capsys.readouterr().err) and command in said


def test_a_table_of_an_earlier_state_is_not_taken_for_an_edited_one(store, tmp_path):
    publish(tmp_path, store)
    before = {name: (tmp_path / name).read_bytes() for name in TABLES}
    store.set_mark(["anna"], "02/why", "eve", 1.0)
    publish(tmp_path, store)
    for name in TABLES:  # as if the command had been killed before it wrote them
        (tmp_path / name).write_bytes(before[name])
    publish(tmp_path, store)
    assert "anna,2,1,3,3,0" in (tmp_path / "grades.csv").read_text()
    assert not list(tmp_path.glob("*edited*"))


def test_a_text_is_typeset_and_clean(tmp_path):
    why = TASKS[1]
    source = "**So** $x^2$ <script>alert(1)</script>"
    with Store(tmp_path) as store:
        fill(store, [why], [Answer("anna", why.name, source, {}, None, "to read", "")])
        metadata = {"nbgrader": {"grade_id": "why", "grade": True, "solution": True}}
        cell = new_markdown_cell(source, metadata=metadata)
        folder = tmp_path / "students/anna"
        folder.mkdir(parents=True)
        (folder / "02.ipynb").write_text(nbformat.writes(new_notebook(cells=[cell])))
        publish(tmp_path, store)
    ((page,), _) = pages(tmp_path)
    assert "<strong>So</strong>" in page and "<msup>" in page and "alert(1)" not in page
