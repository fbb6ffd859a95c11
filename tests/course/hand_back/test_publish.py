"""Tables and pages: made from the store alone, anew where something changed, and never over what people entered."""

import nbformat
import pytest
from class_of_twelve import scanned
from nbformat.v4 import new_code_cell, new_notebook, new_output

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
    with Store(tmp_path) as store:
        store.replace_answers(TASKS, [each for name in ("anna", "bert") for each in answers(name)])
        yield store


def answers(student, text="Because."):
    yield Answer(student, "01/f", "f = len", {}, 2.0, "correct", "")
    yield Answer(student, "02/why", text, {}, None, "to read", "")


def page(out, student="anna"):
    return (out / "students" / student / "index.html").read_text()


def times(out):
    return {
        path.parent.name: path.stat().st_mtime_ns
        for path in (out / "students").glob("*/index.html")
    }


def test_marks_stand_in_tables_and_pages(store, tmp_path):
    store.set_mark(["anna"], "02/why", "eve", 0.5, "Which <b>one</b>?")
    store.set_mark(["bert"], "01/f", "eve", 1.0, "only for odd x")
    table = publish(tmp_path, store)
    assert [row.score.points for row in table.rows] == [2.0, 0.5, 1.0, None]
    assert (tmp_path / "grades.csv").read_text() == (
        "student,01/f,02/why (by hand / 1),total,max,to read\nanna,2,0.5,2.5,3,0\nbert,1,,1,3,1\n"
    )
    results = (tmp_path / "results.csv").read_text()
    assert "anna,02,why,Why,0.5,1,read,Which <b>one</b>?\n" in results
    assert "bert,01,f,A function,1,2,overridden,only for odd x\n" in results
    assert "Which &lt;b&gt;one&lt;/b&gt;?" in page(tmp_path) and "2.5 of 3 points" in page(tmp_path)
    assert "<h2>Second</h2>" in page(tmp_path) and "Asked for: f(x)" in page(tmp_path)


def test_only_pages_of_which_something_changed_are_written_again(store, tmp_path):
    publish(tmp_path, store)
    before = times(tmp_path)
    publish(tmp_path, store)
    assert times(tmp_path) == before
    store.set_mark(["anna"], "02/why", "eve", comment="?")
    publish(tmp_path, store)
    assert {name for name, time in times(tmp_path).items() if time != before[name]} == {"anna"}
    display = new_output("display_data", {"image/png": scanned((30, 20))})
    notebook = new_notebook(cells=[new_code_cell("plot()", outputs=[display])])
    (tmp_path / "students" / "bert" / "02.ipynb").write_text(nbformat.writes(notebook))
    (tmp_path / "students" / "anna" / "index.html").unlink()
    publish(tmp_path, store)
    assert 'href="02.ipynb"' in page(tmp_path, "bert") and "data:image/png;base64," in page(
        tmp_path, "bert"
    )
    assert "Because." in page(tmp_path)


def test_what_somebody_has_entered_is_kept(store, tmp_path, capsys):
    publish(tmp_path, store)
    written = (tmp_path / "grades.csv").read_text()
    edited = written.replace("bert,2,,", "bert,2,1,")
    for expected in ({"grades-edited-1.csv"}, {"grades-edited-1.csv", "grades-edited-2.csv"}):
        (tmp_path / "grades.csv").write_text(edited)
        publish(tmp_path, store)
        assert {path.name for path in tmp_path.glob("*edited*")} == expected
        assert (tmp_path / "grades.csv").read_text() == written
        assert (tmp_path / max(expected)).read_text() == edited
    kept = tmp_path / "grades-edited-1.csv"
    line = f"{tmp_path}/grades.csv was edited, and is kept as {kept.name}; to take its points: "
    assert line + f"sheet11 read-points {tmp_path} {kept}\n" in capsys.readouterr().err


def test_a_table_of_an_earlier_state_is_not_taken_for_an_edited_one(store, tmp_path, capsys):
    publish(tmp_path, store)
    before = {name: (tmp_path / name).read_bytes() for name in TABLES}
    store.set_mark(["anna"], "02/why", "eve", 1.0)
    publish(tmp_path, store)
    for name in TABLES:  # as if the command had been killed before it wrote them
        (tmp_path / name).write_bytes(before[name])
    publish(tmp_path, store)
    assert "anna,2,1,3,3,0" in (tmp_path / "grades.csv").read_text()
    assert not list(tmp_path.glob("*edited*")) and "edited" not in capsys.readouterr().err
