"""The file of marks: what is kept, whatever else is written, by whom and how often."""

import contextlib
import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest

from sheet11.course.book.database import STEPS, migrate
from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Result, Store
from sheet11.course.errors import FolderError, PointsError, StoreError
from sheet11.course.submissions.people import Identity, Person, kept_people

TASKS = [
    Task("01/f", "1a.1 · A function", "f(x)", 2.0, False, "f = abs"),
    Task("01/proof", "1a.2 · A proof", "", 3.0, True, "Because."),
]


def answers(proof="**So.**", *students):
    for student in students or ("anna", "bert"):
        yield Answer(student, "01/f", "f = len", {}, 0.0, "wrong", "x differs")
        yield Answer(
            student, "01/proof", proof, {"a.png": {"image/png": "AA=="}}, None, "to read", ""
        )


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as store:
        store.replace_answers(TASKS, answers())
        yield store


def proof_of(store, student):
    (found,) = [entry for entry in store.entries("01/proof") if entry.answer.student == student]
    return found


def states(store, task):
    return Counter(entry.status for entry in store.entries(task))


def points_of(store, student):
    standing = proof_of(store, student).standing
    return standing and standing.points


def test_what_was_handed_in(store):
    assert store.tasks() == TASKS and store.students() == ["anna", "bert"]
    assert [entry.answer for entry in store.entries()] == list(answers())
    assert proof_of(store, "anna").status == "to read"
    assert store.content(proof_of(store, "anna").answer.digest) == (
        "**So.**",
        {"a.png": {"image/png": "AA=="}},
    )
    with pytest.raises(KeyError):
        store.content("no digest")


def test_half_characters_are_written_out(store):
    store.replace_answers(TASKS, answers("\ud800 and \x00"))
    assert proof_of(store, "anna").answer.source == "\\ud800 and \x00"


def test_marks_are_kept_and_the_newest_counts(store):
    store.set_mark(["anna"], "01/proof", "eve", 1.0, "short")
    store.set_mark(["anna"], "01/proof", "tom", 2.5)
    entry = proof_of(store, "anna")
    assert [(mark.who, mark.points, mark.comment) for mark in entry.marks] == [
        ("eve", 1.0, "short"),
        ("tom", 2.5, ""),
    ]
    assert entry.disputed and entry.standing.points == 2.5 and entry.status == "read"
    store.set_mark(["anna"], "01/proof", "eve", 3.0, " better ")
    entry = proof_of(store, "anna")
    assert [mark.who for mark in entry.marks] == ["tom", "eve"]
    assert (entry.standing.points, entry.standing.remark) == (3.0, "better")
    assert proof_of(store, "bert").marks == []
    assert states(store, "01/f") == {"wrong": 2} and states(store, "01/proof") == {
        "read": 1,
        "to read": 1,
    }


def test_undo_takes_back_what_one_person_has_set_at_once(store):
    store.set_mark(["anna", "bert"], "01/proof", "eve", 1.0)
    store.set_mark(["bert"], "01/proof", "eve", 2.0)
    store.set_mark(["anna"], "01/proof", "tom", 3.0)
    assert store.undo("eve") == [("bert", "01/proof")] and points_of(store, "bert") == 1.0
    assert store.undo("eve", "01/f") == []
    assert sorted(store.undo("eve", "01/proof")) == [("anna", "01/proof"), ("bert", "01/proof")]
    assert points_of(store, "bert") is None and points_of(store, "anna") == 3.0, "tom's stays"
    assert store.undo("eve") == []


def test_a_rubric_changes_for_everybody(store):
    idea, sign = (
        store.add_item("01/proof", 2, " the idea "),
        store.add_item("01/proof", -0.5, "sign"),
    )
    store.set_mark(["anna"], "01/proof", "eve", items=[idea, sign])
    store.set_mark(["bert"], "01/proof", "tom", 0.5, "neat", [idea])
    assert (points_of(store, "anna"), points_of(store, "bert")) == (1.5, 2.5)
    store.change_item(idea, 1, "an idea")
    assert (points_of(store, "anna"), points_of(store, "bert")) == (0.5, 1.5)
    assert proof_of(store, "bert").standing.remark == "an idea (+1); besides (+0.5); neat"
    assert [(item.points, item.words) for item in store.items("01/proof")] == [
        (1.0, "an idea"),
        (-0.5, "sign"),
    ]
    store.remove_item(idea)
    assert (points_of(store, "anna"), points_of(store, "bert")) == (0.0, 0.5)
    store.remove_item(sign)
    assert proof_of(store, "anna").status == "to read", "nothing is left of its mark"
    store.remove_item(idea, removed=False)
    assert points_of(store, "anna") == 1.0 and [item.words for item in store.items()] == ["an idea"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("anna", "01/proof", "eve", 3.5),
            "points of 01/proof must be a number from 0 to 3, got 3.5",
        ),
        (
            ("anna", "01/proof", "eve", -1.0),
            "points of 01/proof must be a number from 0 to 3, got -1",
        ),
        (
            ("anna", "01/proof", "eve", float("nan")),
            "points of 01/proof must be a number from 0 to 3, got nan",
        ),
        (("anna", "01/proof", "eve", 1.0, "", [7]), "the rubric of 01/proof has no item 7"),
        (
            ("anna", "01/f", "eve", 1.0),
            "01/f is graded automatically; changing its points needs a reason",
        ),
        (("carl", "01/proof", "eve", 1.0), "there is no answer of 'carl' to 01/proof"),
        (("anna", "02/proof", "eve", 1.0), "there is no task '02/proof'"),
    ],
)
def test_marks_that_are_none(store, arguments, message):
    student, *others = arguments
    with pytest.raises(PointsError) as error:
        store.set_mark(["bert", student], *others)
    assert str(error.value) == message
    assert not any(entry.marks for entry in store.entries()), "all or nothing"


def test_what_is_done_together_is_done_whole_or_not_at_all(store):
    with pytest.raises(PointsError), store.writing():
        store.set_mark(["anna"], "01/proof", "eve", 1.0)
        store.set_mark(["bert"], "01/proof", "eve", 99.0)
    assert states(store, "01/proof") == {"to read": 2}
    with store.writing():
        store.set_mark(["anna"], "01/proof", "eve", 1.0)
        store.set_mark(["bert"], "01/proof", "eve", 2.0)
    assert states(store, "01/proof") == {"read": 2}


def test_an_override_has_a_reason(store):
    store.set_mark(["anna"], "01/f", "eve", 1.0, "only the name is wrong")
    score = store.entries("01/f")[0].score
    assert score == (1.0, "overridden", "only the name is wrong")


def test_marks_survive_another_grading_and_say_what_was_read(store):
    store.set_mark(["anna", "bert"], "01/proof", "eve", 3.0)
    lower = [TASKS[0], TASKS[1]._replace(points=2.0)]
    store.replace_answers(lower, [*answers("**Now.**", "anna"), *answers("**So.**", "bert")])
    anna, bert = proof_of(store, "anna"), proof_of(store, "bert")
    assert (anna.status, bert.status) == ("to read", "read")
    assert store.content(anna.standing.mark.digest)[0] == "**So.**"
    assert (anna.standing.points, anna.standing.remark) == (
        2.0,
        "3 points were given, of a maximum of 2",
    )
    store.replace_answers(TASKS, answers("**So.**", "bert"))
    assert store.students() == ["bert"] and points_of(store, "bert") == 3.0
    store.replace_answers(TASKS, answers())
    assert points_of(store, "anna") == 3.0, "who was away has the marks that were there"


def test_one_student_is_kept_at_a_time(store):
    store.set_mark(["anna"], "01/proof", "eve", 3.0)
    new = [answer._replace(source="g = len") for answer in answers("**So.**", "anna")]
    store.keep("anna", Result("key", None, 1.5, 2), new[:1])
    store.keep("carl", Result("other", "the disk is full"), answers("**So.**", "carl"))
    found = [(entry.answer.student, entry.answer.source) for entry in store.entries()]
    assert found == [
        ("anna", "g = len"),
        ("bert", "f = len"),
        ("bert", "**So.**"),
        ("carl", "f = len"),
        ("carl", "**So.**"),
    ]
    assert store.results() == {
        "anna": Result("key", None, 1.5, 2),
        "carl": Result("other", "the disk is full", 0.0, 0),
    }
    with pytest.raises(sqlite3.IntegrityError):
        store.keep("anna", Result("new", None), [new[1]._replace(task="02/none")])
    assert store.results()["anna"].key == "key", "both or neither"
    store.keep_only(["carl"])
    assert store.students() == list(store.results()) == ["carl"]
    store.keep("anna", Result("key", None), answers("**So.**", "anna"))
    assert points_of(store, "anna") == 3.0, "who was away has the marks that were there"


def test_answers_to_tasks_that_are_gone_go(store):
    changed = TASKS[1]._replace(points=1.0)
    store.replace_tasks([changed, TASKS[0]._replace(name="01/new")])
    assert [task.name for task in store.tasks()] == ["01/proof", "01/new"]
    assert {entry.answer.task for entry in store.entries()} == {"01/proof"}


def test_facts(store, tmp_path):
    store.set_about(title="Waves", seed=2**40)
    store.set_about(title="Tides", parameters={"0": {"01": {"n": 3}}})
    with Store(tmp_path) as other:
        assert other.about() == {
            "title": "Tides",
            "seed": 2**40,
            "parameters": {"0": {"01": {"n": 3}}},
        }


def test_a_file_is_brought_forward(tmp_path):
    steps = {2: "CREATE TABLE a (x)", 4: "ALTER TABLE a ADD COLUMN y;\nUPDATE a SET y = x"}
    with contextlib.closing(sqlite3.connect(tmp_path / "x", isolation_level=None)) as database:
        migrate(database, {2: steps[2]})
        database.execute("INSERT INTO a VALUES (7)")
        for _ in range(2):
            migrate(database, steps)
        assert database.execute("SELECT * FROM a").fetchall() == [(7, 7)]
        with pytest.raises(sqlite3.DatabaseError, match="version 4, and this sheet11 knows 2"):
            migrate(database, {2: steps[2]})
        with pytest.raises(sqlite3.DatabaseError):
            migrate(database, steps | {5: "UPDATE a SET x = 1;\nnonsense"})
        assert database.execute("SELECT x FROM a").fetchall() == [(7,)], "whole or not at all"
        assert database.execute("PRAGMA user_version").fetchone() == (4,)


def test_marks_come_through_all_steps(tmp_path):
    path = tmp_path / "grading.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        migrate(database, {2: STEPS[2]})
        database.execute("INSERT INTO task VALUES ('01/proof', 0, '', '', 3, 1, '', '')")
        database.execute("INSERT INTO content VALUES ('digest', 'So.', '{}')")
        database.execute(
            "INSERT INTO answer VALUES ('anna', '01/proof', 'digest', NULL, 'to read', '')"
        )
        anna = ["1", "", "Anna", "", ""]
        about = {"student": "anna", "who": anna, "members": [anna], "label": "a", "late": ""}
        about |= {"notes": ["?"], "notebooks": 2}
        database.execute("INSERT INTO person VALUES ('anna', ?)", [json.dumps(about)])
        database.execute(
            """INSERT INTO mark (action, student, task, who, at, kind, points, comment, digest)
               VALUES (1, 'anna', '01/proof', 'eve', '', 'read', 2, 'good', 'digest')"""
        )
    with Store(tmp_path) as store:
        assert proof_of(store, "anna").score == (2.0, "read", "good")
        anna = Identity("1", name="Anna")
        assert kept_people(store) == {"anna": Person("anna", anna, (anna,), "a", "", ("?",), 2)}


def test_a_mark_on_the_answer_that_was_on_the_page(store):
    read = proof_of(store, "anna").answer.digest
    store.replace_answers(TASKS, answers("**Now.**"))
    store.set_mark(["anna"], "01/proof", "eve", 1.0, digest=read)
    assert proof_of(store, "anna").standing.stale


def test_flags_and_snippets(store):
    store.set_flag(["anna", "bert"], "01/proof", "eve")
    store.set_flag(["anna"], "01/proof", "tom")
    store.set_flag(["anna"], "01/proof", "eve", flagged=False)
    assert [entry.flagged_by for entry in store.entries("01/proof")] == [{"tom"}, {"eve"}]
    store.add_snippet("See the lecture. ")
    store.add_snippet("See the lecture.")
    ((number, words),) = store.snippets()
    assert words == "See the lecture."
    store.remove_snippet(number)
    assert store.snippets() == []


def test_only_the_owner_reads_it(store):
    store.set_mark(["anna"], "01/proof", "eve", 1.0)
    files = sorted(store.path.parent.iterdir())
    assert [path.name for path in files] == [
        "grading.sqlite",
        "grading.sqlite-shm",
        "grading.sqlite-wal",
    ]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def mark_many(out, who):
    with Store(out) as store:
        for number in range(40):
            store.set_mark(["anna"], "01/proof", who, number % 3)


def marks_in(out):
    with sqlite3.connect(out / "grading.sqlite") as database:
        return database.execute("SELECT count(*) FROM mark").fetchone()[0]


def test_two_at_once_lose_nothing(store):
    context = multiprocessing.get_context("fork")
    people = [
        context.Process(target=mark_many, args=(store.path.parent, who)) for who in ("eve", "tom")
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert [person.exitcode for person in people] == [0, 0]
    assert marks_in(store.path.parent) == 80
    assert {mark.who: mark.points for mark in proof_of(store, "anna").marks} == {
        "eve": 0.0,
        "tom": 0.0,
    }


def test_killed_while_it_writes(tmp_path):
    with Store(tmp_path) as store:
        store.replace_answers(TASKS, answers())
    person = multiprocessing.get_context("fork").Process(target=mark_many, args=(tmp_path, "eve"))
    person.start()
    while person.is_alive() and marks_in(tmp_path) < 5:
        time.sleep(0.001)
    os.kill(person.pid, signal.SIGKILL)
    person.join()
    before = marks_in(tmp_path)
    assert before >= 5
    mark_many(tmp_path, "eve")
    assert marks_in(tmp_path) == before + 40


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "another version"])
def test_a_damaged_file_is_said_and_left(tmp_path, damage):
    with Store(tmp_path) as store:
        store.replace_answers(TASKS, answers("x" * 20_000))
    path = tmp_path / "grading.sqlite"
    if damage == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif damage == "overwritten":
        path.write_bytes(b"student,points\nanna,3\n" * 100)
    else:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 9")
    before = path.read_bytes()
    with pytest.raises(StoreError) as error:
        Store(tmp_path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("empty", [False, True])
def test_where_there_is_no_grading_none_is_begun(tmp_path, empty):
    if empty:
        (tmp_path / "grading.sqlite").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FolderError, match=r"^\S+ holds no grading$"):
        Store(tmp_path, create=False)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mark_that_is_half_written_is_amended_and_undone_as_one(store):
    store.set_mark(["anna", "bert"], "01/proof", "eve", 1.0)
    store.set_mark(["anna", "bert"], "01/proof", "eve", 1.0, "sh")
    store.set_mark(["bert", "anna"], "01/proof", "eve", 1.0, "short", amend=True)
    assert proof_of(store, "anna").marks[0].comment == "short"
    store.undo("eve")
    assert [mark.comment for mark in proof_of(store, "anna").marks] == [""], (
        "what stood before the comment"
    )
    store.set_mark(["anna"], "01/proof", "eve", 2.0, amend=True)
    assert points_of(store, "bert") == 1.0, "the newest is on other answers, too, and stays"


def test_the_version_changes_with_everything_that_is_written_by_whomever(store, tmp_path):
    before = store.version()
    assert store.version() == before
    store.add_snippet("sign")
    after = store.version()
    with Store(tmp_path) as other:
        other.add_snippet("factor")
    assert len({before, after, store.version()}) == 3


def test_entries_without_their_sources_are_as_those_with(store):
    (entry, _), (light, _) = store.entries("01/proof"), store.entries("01/proof", whole=False)
    assert light.digest == entry.digest == entry.answer.digest
    assert (light.answer.source, light.answer.attachments) == ("", {})


def test_another_store_in_the_same_process_leaves_the_locks_alone(store, tmp_path):
    """Without them, another process that closes the file would take away the log that this one goes on writing to."""
    with Store(tmp_path):
        pass
    code = "import sys; from pathlib import Path; from sheet11.course.book.store import Store\n"
    code += "with Store(Path(sys.argv[1])) as store: store.add_snippet('theirs')"
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    assert [words for _, words in store.snippets()] == ["theirs"]
    store.add_snippet("ours")
    subprocess.run([sys.executable, "-c", code.replace("theirs", "more"), tmp_path], check=True)
    assert [words for _, words in store.snippets()] == ["theirs", "ours", "more"]
