"""The folder of a grading whose answers are read, or not."""

import pytest
from class_of_twelve import HANDED_IN, scanned

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store
from sheet11.course.hand_back.publish import publish
from sheet11.course.submissions.people import Identity, Person, keep_people

TASKS = [
    Task("1/f", "A <function>", "", 3.0, False, "", "One"),
    Task("1/why", "Why | so", "", 2.0, True, "", "One"),
]


def identity(member):
    return Identity(
        str(member.number), member.login, member.name, "", f"{member.login}@uni.example"
    )


@pytest.fixture
def graded(tmp_path):
    """Make a grading; label says what the platform calls a hand-in, and everybody has 3 points, and 1.5 if read."""

    def graded(label=lambda member: "", read=True, out=tmp_path / "out"):
        hana, ivo = (
            next(m for m in HANDED_IN if m.login == "hsuzuki"),
            Identity("1009", "ihorvat", "Ivo Horvat"),
        )
        people = []
        for member in HANDED_IN:
            who = identity(member)
            members = (who, ivo) if member is hana else (who,)
            people.append(
                Person(member.login, who, members, label(member), "late" if member.late else "")
            )
        scan = {"scan.png": {"image/png": scanned()}}  # one page of feedback is too large
        with Store(out) as store:
            found = [
                Answer(person.student, "1/f", "f", {}, 3.0, "correct", "") for person in people
            ]
            for person in people:
                images = scan if person.student == "kmensah" else {}
                found.append(Answer(person.student, "1/why", "So.", images, None, "to read", ""))
            store.replace_answers(TASKS, found)
            keep_people(store, people)
            store.set_about(title="Waves")
            if read:
                store.set_mark(
                    [person.student for person in people], "1/why", "eve", 1.5, "nearly | so"
                )
            publish(out, store)
        return out

    return graded
