"""Fixture for the folder of a grading, with or without marks."""

import pytest
from class_of_twelve import HANDED_IN, scanned
from filled import fill

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store
from sheet11.course.hand_back.publish import publish
from sheet11.course.submissions.people import Identity, Person, keep_people

TASKS = [
    Task("1/f", "A <function>", "", 3.0, False, "", "One"),
    Task("1/why", "Why | so", "", 2.0, True, "", "One"),
]
IVO = Identity("1009", "ihorvat", "Ivo Horvat")


def person_of(member, label):
    mail = f"{member.login}@uni.example"
    who = Identity(str(member.number), member.login, member.name, "", mail)
    members = (who, IVO) if member.login == "hsuzuki" else (who,)
    return Person(member.login, who, members, label(member), "late" if member.late else "")


@pytest.fixture
def graded(tmp_path):
    """Make a grading of the students who handed in, with 3 points for everybody, and 1.5 if marked.

    `label` is the platform's name of a hand-in; `scan` makes one page of feedback too large.
    """

    def graded(label=lambda member: "", read=True, scan=False):
        out = tmp_path / "out"
        images = {"scan.png": {"image/png": scanned()}} if scan else {}
        people = [person_of(member, label) for member in HANDED_IN]
        answers = []
        for student in (person.student for person in people):
            attached = images if student == "kmensah" else {}
            answers.append(Answer(student, "1/f", "f", {}, 3.0, "correct", ""))
            answers.append(Answer(student, "1/why", "So.", attached, None, "to read", ""))
        with Store(out) as store:
            fill(store, TASKS, answers)
            keep_people(store, people)
            store.set_about(title="Waves")
            if read:
                store.set_mark(list(store.results()), "1/why", "eve", 1.5, "nearly | so")
            publish(out, store)
        return out

    return graded
