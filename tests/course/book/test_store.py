"""Store of a grading: nothing is lost with several writers and repeated writes."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from filled import fill

from sheet11.course.book import database
from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Result, Store
from sheet11.course.errors import FolderError, PointsError, StoreError
from sheet11.course.files import alone_in, write_private

TASKS = [
    Task("01/f", "1a.1 · A function", "f(x)", 2.0, False, "f = abs"),
    Task("01/proof", "1a.2 · A proof", "", 3.0, True, "Because."),
]
PROOF = "01/proof"
SCAN = {"a.png": {"image/png": "AA=="}}


def answers(proof="**So.**", *students):
    for student in students or ("anna", "bert"):
        yield Answer(student, "01/f", "f = len", {}, 0.0, "wrong", "x differs")
        yield Answer(student, PROOF, proof, SCAN, None, "to read", "")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as store:
        fill(store, TASKS, answers())
        yield store


def proof_of(store, student):
    (found,) = [entry for entry in store.entries(PROOF) if entry.student == student]
    return found


def points(store):
    """Points of everybody for the proof."""
    return {entry.student: entry.score.points for entry in store.entries(PROOF)}


def test_what_was_handed_in(store):
    assert store.tasks() == TASKS and list(store.results()) == ["anna", "bert"]
    for entry, answer in zip(store.entries(), answers(), strict=True):
        assert (entry.student, entry.task.name) == answer[:2] and entry.graded == answer[4:]
        assert store.content(entry.digest) == (answer.source, answer.attachments)


def test_one_student_is_kept_at_a_time(store):
    store.set_mark(["anna"], PROOF, "eve", 3.0)
    failed = Result("other", "the disk is full", 1.5, 2)
    store.keep("anna", failed, answers("**Now.**", "anna"))
    assert store.results() == {"anna": failed, "bert": Result("key", None, 1.5)}
    with pytest.raises(sqlite3.IntegrityError):
        unknown = Answer("anna", "02/none", "", {}, 0.0, "wrong", "")
        store.keep("anna", Result("new", None), [unknown])
    assert store.results()["anna"] == failed and len(store.entries()) == 4, "both or neither"
    store.begin(TASKS)
    assert list(store.results()) == ["anna", "bert"] and len(store.entries()) == 4


def test_answers_to_tasks_that_are_gone_go(store):
    store.begin([TASKS[1], TASKS[0]._replace(name="01/new")])
    assert [task.name for task in store.tasks()] == [PROOF, "01/new"]
    assert {entry.task.name for entry in store.entries()} == {PROOF}


def test_undo_takes_back_what_one_person_has_set_at_once(store):
    store.set_mark(["anna", "bert"], PROOF, "eve", 1.0)
    store.set_mark(["bert"], PROOF, "eve", 2.0)
    store.set_mark(["anna"], PROOF, "tom", 3.0, "good")
    anna = proof_of(store, "anna")
    assert [mark.who for mark in anna.marks] == ["eve", "tom"]
    assert anna.disputed and anna.score[:2] == (None, "to read")
    assert store.undo("eve", PROOF) == {"bert"} and points(store)["bert"] == 1.0
    assert store.undo("eve", PROOF) == {"anna", "bert"} and not store.undo("eve", PROOF)
    assert points(store) == {"anna": 3.0, "bert": None}, "tom's stays"


def test_a_mark_that_was_half_written_is_undone_with_its_end(store):
    store.set_mark(["anna", "bert"], PROOF, "eve", 1.0)
    store.set_mark(["anna", "bert"], PROOF, "eve", 2.0, amend=True)
    store.set_mark(["anna"], PROOF, "eve", 0.0, amend=True)
    assert points(store) == {"anna": 0.0, "bert": 2.0}, "the one before was on other answers"
    store.undo("eve", PROOF)
    assert store.undo("eve", PROOF) == {"anna", "bert"} and not store.undo("eve", PROOF)


def test_a_rubric_changes_for_everybody(store):
    store.set_item(PROOF, 2, "the idea")
    store.set_item(PROOF, -0.5, "sign")
    idea, sign = (item.id for item in store.items(PROOF))
    store.set_mark(["anna"], PROOF, "eve", items=[idea, sign])
    store.set_mark(["bert"], PROOF, "tom", 0.5, "neat", [idea])
    assert points(store) == {"anna": 1.5, "bert": 2.5}
    store.set_item(PROOF, 1 / 3, "an idea", idea)
    assert points(store) == {"anna": 0.0, "bert": 1 / 3 + 0.5}
    store.set_item(PROOF, 1, "an idea", idea)
    assert points(store) == {"anna": 0.5, "bert": 1.5}
    assert proof_of(store, "bert").score.remark == "an idea (+1); adjustment (+0.5); neat"
    store.remove_item(idea)
    assert points(store) == {"anna": 0.0, "bert": 0.5}
    store.remove_item(sign)
    assert proof_of(store, "anna").score.status == "to read", "nothing is left of its mark"
    assert store.items(PROOF) == [] and len(store.items(PROOF, removed=True)) == 2
    store.set_item(PROOF, 1, "an idea", idea)
    assert points(store)["bert"] == 1.5, "it is back"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("anna", PROOF, "eve", 3.5), "points of 01/proof must be a number from 0 to 3, got 3.5"),
        (("anna", PROOF, "eve", 1.0, "", [7]), "the rubric of 01/proof has no item 7"),
        (("anna", "01/f", "eve", 1.0), "01/f is graded automatically; changing its points needs"),
        (("carl", PROOF, "eve", 1.0), "there is no answer of 'carl' to 01/proof"),
        (("anna", "02/proof", "eve", 1.0), "there is no task '02/proof'"),
    ],
)
def test_impossible_marks(store, arguments, message):
    student, *others = arguments
    with pytest.raises(PointsError, match=message):
        store.set_mark(["bert", student], *others)
    assert not any(entry.marks for entry in store.entries()), "all or nothing"


def test_marks_say_what_was_read(store):
    read = proof_of(store, "anna").digest
    store.set_mark(["anna", "bert"], PROOF, "eve", 3.0)
    lower = [TASKS[0], TASKS[1]._replace(points=2.0)]
    fill(store, lower, [*answers("**Now.**", "anna"), *answers("**So.**", "bert")])
    anna, bert = proof_of(store, "anna"), proof_of(store, "bert")
    assert store.content(anna.digest)[0] == "**Now.**"
    assert anna.read_before == read
    assert store.content(read)[0] == "**So.**" and anna.score.status == "to read"
    assert bert.score == (2.0, "read", "")
    store.set_mark(["anna"], PROOF, "eve", 1.0, digest=read)
    assert proof_of(store, "anna").read_before
    store.set_mark(["anna"], PROOF, "eve", 1.0)
    assert not proof_of(store, "anna").read_before


def regraded(store, points, *tasks):
    """Grade anna's answers again, with other points for the function, and return the scores of both tasks."""
    fill(store, tasks or TASKS, [next(answers())._replace(points=points), list(answers())[1]])
    return [entry.score for entry in store.entries() if entry.student == "anna"]


def test_an_override_that_a_fix_has_overtaken_is_to_read(store):
    store.set_mark(["anna"], "01/f", "eve", 1.0, "nearly")
    assert regraded(store, 0.0)[0] == (1.0, "overridden", "nearly")
    assert regraded(store, 2.0)[0][:2] == (1.0, "to read")
    store.set_mark(["anna"], "01/f", "eve", 1.0, "still")
    assert regraded(store, 2.0)[0] == (1.0, "overridden", "still")


def test_a_text_is_to_read_again_if_its_task_was_given_more_points(store):
    store.set_mark(["anna"], PROOF, "eve", 3.0)
    more = [TASKS[0], TASKS[1]._replace(points=6.0)]
    assert regraded(store, 0.0, *more)[1][:2] == (3.0, "to read")
    store.set_mark(["anna"], PROOF, "eve", 6.0)
    assert regraded(store, 0.0, *more)[1] == (6.0, "read", "")


def test_flags_and_snippets(store):
    store.set_flag(["anna", "bert"], PROOF, "eve")
    store.set_flag(["anna"], PROOF, "eve", flagged=False)
    assert [entry.flagged_by for entry in store.entries(PROOF)] == [[], ["eve"]]
    for _ in range(2):
        store.add_snippet("See the lecture.")
    ((number, words),) = store.snippets()
    assert words == "See the lecture."
    store.remove_snippet(number)
    assert store.snippets() == []


def test_only_the_owner_reads_it(store):
    with store.writing():
        store.add_snippet("sign")
        files = list(store.path.parent.iterdir())
        assert len(files) == 2 and {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_copy_made_meanwhile_holds_every_mark(store, tmp_path):
    store.set_mark(["anna"], PROOF, "eve", 2.0)
    (tmp_path / "copy").mkdir()
    shutil.copy(store.path, tmp_path / "copy")
    with Store(tmp_path / "copy") as copy:
        assert points(copy) == {"anna": 2.0, "bert": None}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")
def test_two_people_with_accounts_of_their_own_mark_in_a_folder_of_their_group():
    def mark(folder, uid, group):
        os.umask(0o077)
        os.setgroups([group])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        with alone_in(folder), Store(folder) as store:
            store.set_mark(["anna"], PROOF, f"{uid}", uid - 4000)
        write_private(folder / "students/anna/index.html", f"{uid}")

    with tempfile.TemporaryDirectory(prefix="shared") as shared:
        folder = Path(shared)
        os.chown(folder, 4001, 4711)
        folder.chmod(0o2770)
        with Store(folder) as store:
            fill(store, TASKS, answers())
        for each in folder.iterdir():
            os.chown(each, 4001, 4711)
        for uid in (4001, 4002, 4001):
            person = multiprocessing.get_context("fork").Process(
                target=mark, args=(folder, uid, 4711)
            )
            person.start()
            person.join()
            assert person.exitcode == 0
        with Store(folder) as store:
            assert [mark.who for mark in proof_of(store, "anna").marks] == ["4002", "4001"]


def test_the_version_changes_with_every_write_by_any_connection(store, tmp_path):
    versions = [store.version(), store.version()]
    store.add_snippet("sign")
    versions.append(store.version())
    with Store(tmp_path) as other:
        other.add_snippet("factor")
    versions.append(store.version())
    assert versions[0] == versions[1] and len(set(versions)) == 3


def mark_many(out, who, times=40):
    with Store(out) as store:
        for number in range(times):
            store.set_mark(["anna"], PROOF, who, number % 3)


def marks_in(out):
    with contextlib.closing(sqlite3.connect(out / "grading.sqlite")) as file:
        return dict(file.execute("SELECT who, count(*) FROM mark GROUP BY who"))


def test_two_at_once_lose_nothing_and_one_may_be_killed(tmp_path):
    with Store(tmp_path) as store:
        fill(store, TASKS, answers())
    context = multiprocessing.get_context("fork")
    killed = context.Process(target=mark_many, args=(tmp_path, "eve", 1_000_000))
    other = context.Process(target=mark_many, args=(tmp_path, "tom"))
    killed.start()
    while killed.is_alive() and marks_in(tmp_path).get("eve", 0) < 5:
        time.sleep(0.001)
    other.start()
    os.kill(killed.pid, signal.SIGKILL)
    killed.join()
    mark_many(tmp_path, "ann")
    other.join()
    assert other.exitcode == 0
    assert marks_in(tmp_path) | {"eve": 0} == {"ann": 40, "eve": 0, "tom": 40}


def test_a_store_that_is_locked_for_long_says_so(store):
    store._db.execute("PRAGMA busy_timeout = 10")
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="cannot be read or written: database is locked"):
            store.set_mark(["anna"], PROOF, "eve", 1.0)


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "a newer version"])
def test_a_damaged_file_is_said_and_left(tmp_path, damage):
    with Store(tmp_path) as store:
        fill(store, TASKS, answers("x" * 20_000))
    path = tmp_path / "grading.sqlite"
    if damage == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif damage == "overwritten":
        path.write_bytes(b"student,points\nanna,3\n" * 100)
    else:
        with contextlib.closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA user_version = 9")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=str(path)) as error:
        Store(tmp_path)
    assert "\n" not in str(error.value) and path.read_bytes() == before


def test_where_there_is_no_grading_none_is_begun(tmp_path):
    (tmp_path / "grading.sqlite").touch()
    for out in (tmp_path, tmp_path / "missing"):
        with pytest.raises(FolderError, match=r"^\S+ holds no grading$"):
            Store(out, create=False)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_of_an_earlier_version_is_brought_forward(store, tmp_path, monkeypatch):
    store.set_mark(["anna"], PROOF, "eve", 2.0)
    step = "ALTER TABLE snippet RENAME words TO w;\n{}PRAGMA user_version = 2;\n"
    monkeypatch.setattr(database, "STEPS", [*database.STEPS, step.format("nonsense;\n")])
    with pytest.raises(StoreError, match="syntax error"):
        Store(tmp_path)
    assert store.snippets() == [], "all of a step, or nothing"
    monkeypatch.setattr(database, "STEPS", [*database.STEPS[:1], step.format("")])
    with Store(tmp_path) as newer:
        assert points(newer) == {"anna": 2.0, "bert": None}
        with pytest.raises(StoreError, match="no such column: words"):
            newer.snippets()


def test_many_processes_may_create_it_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from sheet11.course.book.database import connect\n"
    )
    code += "sys.stdin.read(); connect(Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, tmp_path / "grading.sqlite"]
    waiting = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(6)]
    for process in waiting:
        process.stdin.close()
    assert [process.wait() for process in waiting] == [0] * 6


def test_another_store_in_the_same_process_leaves_the_locks_alone(store, tmp_path):
    with Store(tmp_path):
        pass
    code = "import sys; from pathlib import Path; from sheet11.course.book.store import Store\n"
    code += "with Store(Path(sys.argv[1])) as store: store.add_snippet('theirs')"
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    store.add_snippet("ours")
    subprocess.run([sys.executable, "-c", code.replace("theirs", "more"), tmp_path], check=True)
    assert [words for _, words in store.snippets()] == ["theirs", "ours", "more"]
