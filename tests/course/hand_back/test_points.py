"""Points that come back from a spreadsheet: whatever it made of the table, they are taken as meant or not at all."""

import json

import pytest

from sheet11.course.book.marks import Answer, Asked
from sheet11.course.book.store import Store
from sheet11.course.errors import PointsError
from sheet11.course.hand_back.points import take_earlier_points, take_points
from sheet11.course.hand_back.publish import publish

TASKS = [
    Asked("01/f", "A function", "", 2.0, False, "", "First"),
    Asked("01/proof", "A proof", "", 3.0, True, "", "First"),
    Asked("02/why", "Why", "", 1.0, True, "", "Second"),
]
STUDENTS = ("anna", "Jörg", "=1+1")
HEADER = [
    "student",
    "01/f",
    "01/proof (by hand / 3)",
    "02/why (by hand / 1)",
    "total",
    "max",
    "to read",
]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as store:
        answers = [
            Answer(
                student,
                task.name,
                "So.",
                {},
                *((None, "to read", "") if task.by_hand else (2.0, "correct", "")),
            )
            for student in STUDENTS
            for task in TASKS
        ]
        answers[2] = answers[2]._replace(
            points=0.0, status="not answered", remark="not answered"
        )  # anna's 02/why
        store.replace_answers(TASKS, answers)
        yield store


def marks(store):
    """What people have said, as (points, comment), by student and task."""
    return {
        (entry.answer.student, entry.answer.task): (entry.marks[-1].points, entry.marks[-1].comment)
        for entry in store.entries()
        if entry.marks
    }


def table(*rows, header=HEADER, separator=","):
    return "\n".join(separator.join(row) for row in [header, *rows]) + "\n"


def take(store, content, name="from a spreadsheet.csv"):
    path = store.path.parent / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return take_points(store, path, "eve")


def test_the_table_as_it_was_written_says_nothing(store, tmp_path):
    publish(tmp_path, store)
    assert take_points(store, tmp_path / "grades.csv", "eve") == (0, 0, 0) and marks(store) == {}


def test_what_was_entered_into_the_table_is_taken_once(store, tmp_path):
    publish(tmp_path, store)
    path = tmp_path / "grades.csv"
    written = path.read_text()
    path.write_text(
        written.replace("anna,2,,0,", "anna,2,2.5,1,").replace("'=1+1,2,,,", "'=1+1,2,0,,")
    )
    assert take_points(store, path, "eve") == (3, 0, 2)
    assert marks(store) == {
        ("anna", "01/proof"): (2.5, ""),
        ("anna", "02/why"): (1.0, ""),
        ("=1+1", "01/proof"): (0.0, ""),
    }
    publish(tmp_path, store)
    assert take_points(store, path, "eve") == (0, 0, 0)
    assert "anna,2,2.5,1,5.5,6,0\n" in path.read_text()
    path.write_text(written)
    assert take_points(store, path, "eve") == (1, 0, 1), "empty fields say nothing, but a 0 is one"
    assert marks(store)["anna", "01/proof"] == (2.5, "") and marks(store)["anna", "02/why"] == (
        0.0,
        "",
    )


ANNA, JORG = ["anna", "2", "2,5", "", "4,5", "6", "1"], ["Jörg", "2", "1", "0,5", "3", "6", "0"]
EXPECTED = {
    ("anna", "01/proof"): (2.5, ""),
    ("Jörg", "01/proof"): (1.0, ""),
    ("Jörg", "02/why"): (0.5, ""),
}


@pytest.mark.parametrize(
    "content",
    [
        table(ANNA, JORG, separator=";").encode("cp1252"),
        table(ANNA, JORG, separator=";").encode("utf-8-sig"),
        table(ANNA, JORG, separator="\t").encode("utf-16"),
        table(ANNA, JORG, separator=";").replace("\n", "\r\n").encode("utf-16"),
        table(ANNA, JORG, separator="\t").replace("\n", "\r").encode(),
        ("sep=;\r\n" + table(ANNA, JORG, separator=";")).encode("cp1252"),
        ("sep=\t\n" + table(ANNA, JORG, separator="\t")).encode("utf-16"),
        table([f'"{field}"' for field in ANNA], [f'"{field}"' for field in JORG]).encode(),
        table(ANNA[:4], JORG[:4], header=HEADER[:4], separator=";").encode(),
        table(
            ANNA[::-1], ["", *[" "] * 6], JORG[::-1], header=HEADER[::-1], separator=";"
        ).encode(),
        table(ANNA, JORG, separator=";").replace("hand / 3", "hand / 4").encode(),
    ],
    ids=[
        *(
            "windows-1252",
            "byte order mark",
            "utf-16 and tabs",
            "utf-16 and semicolons",
            "old ends of lines",
        ),
        *(
            "sep=;",
            "sep=tab",
            "quoted",
            "only what is needed",
            "turned round",
            "written when the task gave more",
        ),
    ],
)
def test_what_spreadsheets_make_of_it(store, content):
    assert take(store, content) == (3, 0, 2) and marks(store) == EXPECTED


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the first line must name the columns, 'student' among them, got ''"),
        (
            "Sheet 3;;\n" + table(ANNA, separator=";"),
            "the first line must name the columns, 'student' among them, got 'Sh",
        ),
        (
            table(ANNA, separator="|"),
            "the first line must name the columns, 'student' among them, got 'student|01/f|",
        ),
        (
            table(["x", "1"], header=["student;a", "student"]),
            "the first line must name the columns, 'student' among them, got 'student;a",
        ),
        (
            table(ANNA, separator=";").replace("02/why (by hand / 1)", "why"),
            "the column 'why' is not one of this sheet's",
        ),
        (table(ANNA[:3], header=HEADER[:3], separator=";"), "there is no column '02/why'"),
        (
            table(ANNA, separator=";").replace("total", "01/proof"),
            "there are two columns '01/proof'",
        ),
        (table(ANNA), "row 2 has 9 fields, and the header 7"),
        (table(ANNA, JORG[:-1], separator=";"), "row 3 has 6 fields, and the header 7"),
        ("sep=;\n" + table(ANNA, JORG[:-1], separator=";"), "row 4 has 6 fields, and the header 7"),
        (
            table(["ann", *ANNA[1:]], separator=";"),
            "row 2: there is no student 'ann'; did you mean 'anna'?",
        ),
        (table(["", *ANNA[1:]], separator=";"), "row 2: there is no student ''"),
        (table(ANNA, JORG, ANNA, separator=";"), "row 4: 'anna' is there twice"),
        (
            table(["anna", "1", *ANNA[2:]], separator=";"),
            "01/f of 'anna' is graded automatically; to change its points to 1",
        ),
        (
            table(ANNA, separator=";").replace("anna", '"anna'),
            "this is no CSV: unexpected end of data",
        ),
        ("x" * 200_000, "this is no CSV: field larger than field limit (131072)"),
        (b"PK\x03\x04...", "this is no table of text; save the spreadsheet as CSV"),
        (b"student,\x81\n", "this is neither UTF-8 nor UTF-16 nor Windows-1252"),
        (
            table(ANNA, separator="\t").encode("utf-16-le"),
            "this is neither UTF-8 nor UTF-16 nor Windows-1252",
        ),
    ],
)
def test_what_is_not_understood_is_refused_and_nothing_is_taken(store, content, message):
    with pytest.raises(PointsError) as error:
        take(store, content)
    said = str(error.value)
    assert (
        said.startswith(f"{store.path.parent / 'from a spreadsheet.csv'}: {message}")
        and "\n" not in said
    )
    assert marks(store) == {}


@pytest.mark.parametrize(
    "entered", ["4", "-1", "good", "nan", "1e0", "1_0", "2.5.1", "3,0001", "½"]
)
def test_impossible_points(store, entered):
    with pytest.raises(
        PointsError, match=rf": 01/proof of 'Jörg' must be a number from 0 to 3, got '{entered}'$"
    ):
        take(store, table(ANNA, ["Jörg", "2", entered, *JORG[3:]], separator=";"))
    assert marks(store) == {}, "anna's neither"


def test_a_table_that_is_not_there(store, tmp_path):
    with pytest.raises(PointsError, match=r"none.csv cannot be read: No such file or directory"):
        take_points(store, tmp_path / "none.csv", "eve")


def test_comments_and_reasons(store):
    header = [*HEADER[:4], "01/proof comment", "01/f comment"]
    anna, jorg = ["anna", "2", "", "", "why?", ""], ["Jörg", "1.5", "3", "", "", "late"]
    assert take(store, table(anna, jorg, header=header)) == (2, 2, 2)
    assert marks(store) == {
        ("anna", "01/proof"): (None, "why?"),
        ("Jörg", "01/proof"): (3.0, ""),
        ("Jörg", "01/f"): (1.5, "late"),
    }
    assert take(store, table(anna, jorg, header=header)) == (0, 0, 0)
    assert take(store, table(["anna", "2", "", "", "why!"], jorg[:4], header=header)) == (
        0,
        1,
        1,
    ), "as Excel writes it"


def test_what_the_table_does_not_change_stays(store):
    idea = store.add_item("01/proof", 2, "idea")
    store.set_mark(["anna", "Jörg"], "01/proof", "tom", 0.5, "neat", [idea])
    header = [*HEADER[:4], "01/proof comment"]
    anna, jorg = ["anna", "2", "2.5", "", "see the lecture"], ["Jörg", "2", "3", "", ""]
    assert take(store, table(anna, jorg, header=header)) == (1, 1, 2)
    found = {entry.answer.student: entry.standing for entry in store.entries("01/proof")}
    assert (found["anna"].points, found["anna"].remark) == (
        2.5,
        "idea (+2); besides (+0.5); see the lecture",
    )
    assert (found["Jörg"].points, found["Jörg"].remark) == (3.0, "neat")
    assert found["=1+1"] is None


def test_points_of_an_earlier_version_are_taken_once(store, tmp_path):
    proof, why = "01/proof (by hand / 3)", "02/why (by hand / 1)"
    manual = {
        "anna": {proof: 2.5},
        "'=1+1": {why: 1, "03/gone (by hand / 1)": 1},
        "away": {proof: 1.0},
    }
    (tmp_path / "manual.json").write_text(json.dumps(manual))
    take_earlier_points(tmp_path, store)
    assert marks(store) == {("anna", "01/proof"): (2.5, ""), ("=1+1", "02/why"): (1.0, "")}
    assert json.loads((tmp_path / "manual.json").read_text()) == {"away": {proof: 1.0}}
    store.undo("grades.csv", "01/proof")
    take_earlier_points(tmp_path, store)
    assert ("anna", "01/proof") not in marks(store)


@pytest.mark.parametrize(
    "content", ['{"anna": {"01/pr', "[1]", '{"anna": [2]}', '{"anna": {"01/proof": "two"}}', ""]
)
def test_a_damaged_file_of_an_earlier_version_is_said(store, tmp_path, content):
    (tmp_path / "manual.json").write_text(content)
    with pytest.raises(
        PointsError, match=r"manual.json, which holds points entered by hand, is damaged: [^\n]+$"
    ):
        take_earlier_points(tmp_path, store)
    assert marks(store) == {} and (tmp_path / "manual.json").read_text() == content
