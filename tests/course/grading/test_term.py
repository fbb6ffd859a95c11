"""A small term of Moodle: graded, read, fixed, late, excused, merged, extended; the tables are stated here."""

import json

import pytest
from gradings import graded_names, skip_without_graders, table
from sheets import waves
from students import Student, first, with_lines, write_class

skip_without_graders()
NAMES = ["", "Anna Müller", "Bert Ö", "Cleo X", "Cleo Y", "Dora Z", "Emil K", "Fay S"]
ROSTER = ["id,name", *(f"{number},{name}" for number, name in enumerate(NAMES) if name)]
ADJUSTMENTS = """id;excused;bonus;days late;merged with;deadline;reason
1;1_waves/proof;;;;;ill
2;;;2;;;
3;;0,5;;;;a talk
3;;;;4;;two accounts
6;sheet;;;;;in hospital
7;;;;;2026-12-04T18:00;moving
"""


class Term:
    """A class of four, one who hands in late, and the commands of their assistant."""

    def __init__(self, folder, grade, invoke):
        self.folder, self.grade, self.invoke = folder, grade, invoke
        self.sheet = waves(folder / "sheet")
        self.wrong = with_lines(self.sheet.solutions["1_waves"]["wave"], "", self.sheet.wrong)
        self.hand_in("class", 1)
        self.hand_in("class", 2, wave=self.wrong)
        self.hand_in("class", 3)
        self.hand_in("class", 4, wave=self.wrong)
        self.hand_in("late", 5)
        (folder / "roster.csv").write_text("\n".join(ROSTER))
        (folder / "adjustments.csv").write_text(ADJUSTMENTS)

    def hand_in(self, folder, number, **answers):
        name = f"{NAMES[number]}_{number}_assignsubmission_file"
        student = Student(name, first(self.sheet, **answers))
        write_class(self.folder / folder, [student], self.sheet)

    def graded(self, folder, *options):
        """Who is graded, and what the command says of changes."""
        common = ("-o", "out", "--sheet", self.sheet.folder, "--roster", "roster.csv")
        result = self.grade(folder, *common, *options, cwd=self.folder)
        changes = [line.strip() for line in result.stdout.splitlines() if " → " in line]
        return graded_names(result), changes

    def read(self, column, **points):
        """Enter points for a task, with a reason."""
        rows = [
            f"{NAMES[int(number[1:])]}_{number[1:]},{each},why" for number, each in points.items()
        ]
        text = "\n".join([f"student,{column},{column} comment", *rows])
        (self.folder / "points.csv").write_text(text)
        result = self.invoke("read-points", "out", "points.csv", cwd=self.folder)
        assert result.returncode == 0, result.stderr

    def fix(self, **points):
        """Let the check of the first task accept more, and change the points of tasks."""
        path = self.sheet.folder / "notebooks" / "1_waves.ipynb"
        notebook = json.loads(path.read_text())
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if name == "wave-check":
                cell["source"] = "assert np.shape(wave(n, p)) == (p, n)"
            if name in points:
                cell["metadata"]["nbgrader"]["points"] = points[name]
        path.write_text(json.dumps(notebook))

    def totals(self):
        """Points before and after adjustments, and what is to be read."""
        names = ("before adjustments", "total", "to read")
        return {
            row["student"]: tuple(map(row.get, names))
            for row in table(self.folder / "out/grades.csv")
        }


@pytest.fixture
def term(tmp_path, grade, invoke):
    return Term(tmp_path, grade, invoke)


def test_a_regrading_says_what_it_changed(term):
    assert term.graded("class")[1] == [], "nothing was there before"
    term.read("1_waves/proof", _1=1, _2=0.5, _3=1, _4=1)
    term.read("1_waves/wave-check", _2=1)
    assert term.graded("class") == ([], []), "marks of people are no changes of a grading"
    term.fix(proof=2)
    changes = term.graded("class", "--student", "Bert Ö")[1]
    assert changes == [
        "1_waves/proof: points of the task changed, to read: Anna Müller_1 1 of 1 → 1 of 2, "
        "Bert Ö_2 0.5 of 1 → 0.5 of 2, Cleo X_3 1 of 1 → 1 of 2, Cleo Y_4 1 of 1 → 1 of 2",
        "1_waves/wave-check: check or sheet changed, to read: Bert Ö_2 1 of 2 → 1 of 2",
        "1_waves/wave-check: check or sheet changed: Cleo Y_4 0 of 2 → 2 of 2",
        "total: points of the task changed: Anna Müller_1 4 of 5 → 4 of 6, Bert Ö_2 2.5 of 5 → "
        "2.5 of 6, Cleo X_3 4 of 5 → 4 of 6, Cleo Y_4 2 of 5 → 4 of 6",
    ]
    assert {name: row[2] for name, row in term.totals().items()} == {
        "Anna Müller_1": "1",
        "Bert Ö_2": "2",
        "Cleo X_3": "1",
        "Cleo Y_4": "1",
    }
    assert [row["why"] for row in table(term.folder / "out/changes.csv")].count(
        "check or sheet changed"
    ) == 1


def test_a_late_hand_in_is_added_and_a_new_one_is_said(term):
    term.graded("class")
    names, changes = term.graded("late")
    assert names == ["Dora Z_5"] and changes == ["total: new hand-in: Dora Z_5 – → 3 of 5"]
    assert len(term.totals()) == 5
    term.hand_in("again", 2)
    names, changes = term.graded("again")
    assert names == ["Bert Ö_2"]
    assert changes == [
        "1_waves/wave-check: new hand-in: Bert Ö_2 0 of 2 → 2 of 2",
        "total: new hand-in: Bert Ö_2 1 of 5 → 3 of 5",
    ]


def test_adjustments_are_in_all_that_is_handed_back(term):
    term.graded("class")
    options = ("--adjustments", "adjustments.csv", "--late-penalty", "10%")
    changes = term.graded("class", *options)[1]
    assert changes == [
        "1_waves/proof: excused: Anna Müller_1 – of 1 → – of 1",
        "total: excused 1_waves/proof: ill: Anna Müller_1 3 of 5 → 3.75 of 5",
        "total: days late 2; 20% less for 2 days late: Bert Ö_2 1 of 5 → 0.8 of 5",
        "total: bonus 0,5: a talk; merged with Cleo Y_4: two accounts: Cleo X_3 3 of 5 → 3.5 of 5",
        "total: new hand-in: Emil K_6 – → – of 5",
    ]
    term.read("1_waves/proof", _2=1, _3=1)
    assert term.graded("late")[1] == ["total: new hand-in: Dora Z_5 – → 3 of 5"]
    term.read("1_waves/proof", _5=0)
    assert term.totals() == {
        "Anna Müller_1": ("3", "3.75", "0"),  # 3 of 4, and 5 · 3/4
        "Bert Ö_2": ("2", "1.6", "0"),
        "Cleo X_3": ("4", "4.5", "0"),
        "Dora Z_5": ("3", "3", "0"),
        "Emil K_6": ("0", "", "0"),
    }
    statuses = {row["status"] for row in table(term.folder / "out/results.csv")}
    assert "excused" in statuses and "to read" not in statuses
    everybody = [f"Participant {number},,5.00" for number in (1, 2, 3, 5, 6)]
    worksheet = "\n".join(["Identifier,Grade,Maximum Grade", *everybody])
    (term.folder / "worksheet.csv").write_text(worksheet)
    back = "return out moodle --worksheet worksheet.csv".split()
    assert term.invoke(*back, cwd=term.folder).returncode == 0
    grades = table(term.folder / "out/return/moodle-grades.csv")
    assert [row["Grade"] for row in grades] == ["3.75", "1.6", "4.5", "3", ""]
    page = (term.folder / "out/students/Anna Müller_1/index.html").read_text()
    assert "3.75 of 5 points" in page and "excused 1_waves/proof: ill" in page
    assert term.invoke("overview", "out", cwd=term.folder).returncode == 0
    assert (
        "Excused from the sheet, and not counted: 1."
        in (term.folder / "out/class.html").read_text()
    )
