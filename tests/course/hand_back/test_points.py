"""Points read back from a spreadsheet: understood as intended, or refused."""

import pytest
from filled import fill

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store
from sheet11.course.errors import PointsError
from sheet11.course.hand_back.points import take_points
from sheet11.course.hand_back.publish import publish

TASKS = [
    Task("01/f", "A function", "", 2.0, False, "", "First"),
    Task("01/proof", "A proof", "", 3.0, True, "", "First"),
    Task("02/why", "Why", "", 1.0, True, "", "Second"),
]
COLUMNS = "student;01/f;01/proof (by hand / 3);02/why (by hand / 1)"
HEADER = f"{COLUMNS};total;max;to read"


@pytest.fixture
def store(tmp_path):
    found = [(2 / 3, "partial", ""), (None, "to read", ""), (None, "to read", "")]
    with Store(tmp_path) as store:
        fill(
            store,
            TASKS,
            [
                Answer(student, task.name, "So.", {}, *score)
                for student in ("anna", "Jörg", "=1+1")
                for task, score in zip(TASKS, found, strict=True)
            ],
        )
        yield store


def marks(store):
    """Points and comments of people, by student and task."""
    found = {}
    for entry in store.entries():
        for mark in entry.marks[-1:]:
            found[entry.student, entry.task.name] = (mark.points, mark.comment)
    return found


def take(store, *lines):
    path = store.path.parent / "mine.csv"
    path.write_text("\n".join(lines), encoding="cp1252")
    return take_points(store, path, "eve")


def test_points_that_no_decimals_end_survive_the_table(store, tmp_path):
    store.set_mark(["anna"], "01/proof", "eve", 5 / 3)
    publish(tmp_path, store)
    assert "anna,0.666667,1.666667,,2.333333," in (tmp_path / "grades.csv").read_text()
    assert take_points(store, tmp_path / "grades.csv", "tom") == (0, 0)
    assert marks(store) == {("anna", "01/proof"): (5 / 3, "")}


def test_all_points_of_a_task_worth_two_thirds(tmp_path):
    task = Task("01/half", "A third of two", "", 2 / 3, True, "", "First")
    with Store(tmp_path) as store:
        fill(store, [task], [Answer("anna", task.name, "So.", {}, None, "to read", "")])
        publish(tmp_path, store)
        written = (tmp_path / "grades.csv").read_text()
        assert take(store, *written.replace("anna,,", "anna,0.666667,").splitlines()) == (1, 1)
        assert store.entries()[0].score == (2 / 3, "read", "")
        publish(tmp_path, store)
        assert take_points(store, tmp_path / "grades.csv", "eve") == (0, 0)


def test_what_was_entered_is_taken_once(store, tmp_path):
    publish(tmp_path, store)
    path = tmp_path / "grades.csv"
    path.write_text(path.read_text().replace("'=1+1,0.666667,,,", "'=1+1,0.666667,0,1,"))
    assert take_points(store, path, "eve") == (2, 1)
    assert take_points(store, path, "eve") == (0, 0)
    assert marks(store) == {("=1+1", "01/proof"): (0.0, ""), ("=1+1", "02/why"): (1.0, "")}
    publish(tmp_path, store)
    assert not list(tmp_path.glob("*edited*")), "what was taken need not be kept"


ANNA = "anna;0,666667;2,5;;3,2;6;1"
JORG = "Jörg;0,666667;1;0,5;2,2;6;0"
RANGE = "must be a number from 0 to 3, got "


@pytest.mark.parametrize(
    "lines",
    [
        (HEADER, ANNA, JORG),
        ("02/why;01/proof;student", ";2,5;anna", "; ", "0.5;1;Jörg"),
        (HEADER.replace("hand / 3", "hand / 4"), ANNA, JORG),
        (f"{HEADER};01/f comment", ANNA, f"{JORG};"),
    ],
    ids=["all", "turned round", "the task gave more", "Excel leaves out what is empty"],
)
def test_columns(store, lines):
    assert take(store, *lines) == (3, 2)
    assert marks(store) == {
        ("anna", "01/proof"): (2.5, ""),
        ("Jörg", "01/proof"): (1.0, ""),
        ("Jörg", "02/why"): (0.5, ""),
    }


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("Sheet 3", HEADER), "this sheet has no column 'Sheet 3'"),
        (("student;why", "anna;1"), "this sheet has no column 'why'"),
        (("01/proof", "1"), "there is no student ''"),
        ((f"{HEADER};01/proof", ANNA), "two columns are of the same task"),
        ((HEADER, "ann;;1"), "there is no student 'ann'; did you mean 'anna'?"),
        ((HEADER, ANNA, JORG, ANNA), "there are two rows of 'anna'"),
        ((HEADER, "anna;1"), "01/f is graded automatically; changing its points needs a reason"),
        ((HEADER, ANNA, "Jörg;;4"), f"points of 01/proof {RANGE}4, in the row of 'Jörg'"),
        ((HEADER, ANNA, "Jörg;;nan"), f"points of 01/proof {RANGE}nan, in the row of 'Jörg'"),
        ((HEADER, ANNA, "Jörg;;good"), "01/proof of 'Jörg' must be a number, got 'good'"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_nothing_is_taken(store, lines, message):
    with pytest.raises(PointsError) as error:
        take(store, *lines)
    assert f"mine.csv: {message}" in str(error.value) and "\n" not in str(error.value)
    assert marks(store) == {}


def test_comments_and_reasons(store):
    header = "student;01/proof;01/proof comment;01/f;01/f comment"
    lines = (header, "anna;;why?", "Jörg;3;;1.5;late")
    assert take(store, *lines) == (3, 2)
    assert marks(store) == {
        ("anna", "01/proof"): (None, "why?"),
        ("Jörg", "01/proof"): (3.0, ""),
        ("Jörg", "01/f"): (1.5, "late"),
    }
    assert take(store, *lines) == (0, 0)


def test_what_the_table_does_not_change_stays(store):
    store.set_item("01/proof", 2, "idea")
    idea = store.items("01/proof")[0].id
    store.set_mark(["anna", "Jörg"], "01/proof", "tom", 0.5, "neat", [idea])
    header = "student;01/proof;01/proof comment"
    assert take(store, header, "anna;2.5;see the lecture", "Jörg;3") == (2, 2)
    found = {entry.student: entry.score for entry in store.entries("01/proof")}
    assert found["anna"] == (2.5, "read", "idea (+2); adjustment (+0.5); see the lecture")
    assert found["Jörg"][:2] == (None, "to read"), "two people disagree"


def test_a_table_that_was_read_before_decides_nothing(store):
    eve = ("student;01/proof", "anna;2.5")
    assert take(store, *eve) == (1, 1)
    store.set_mark(["anna"], "01/proof", "tom", 3.0)
    assert take(store, *eve) == (0, 0)
    assert store.entries("01/proof")[2].score.points is None
    assert take(store, "student;01/proof", "anna;2,5", "") == (1, 1), "the empty field was filled"
    assert store.entries("01/proof")[2].score.points == 2.5
