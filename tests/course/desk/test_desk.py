"""Requests and replies of the marking page, without a browser."""

import json

import pytest
from class_of_thirteen import NAMES, TASKS, hand_in, login, write_class
from filled import fill

from sheet11.course.book.marks import Answer
from sheet11.course.book.scores import Status
from sheet11.course.desk.desk import ChangedError, Desk
from sheet11.course.errors import FolderError, PointsError

BERT, CHIARA = login(NAMES[1]), login(NAMES[2])
SLOPE, LIMIT, PROOF, WAVE = "2_slopes/a", "2_slopes/b", "1_waves/proof", "1_waves/wave"


@pytest.fixture
def desk(tmp_path):
    write_class(tmp_path)
    return Desk(tmp_path)


def piles(desk, task=SLOPE, who="grace", **more):
    return desk.answers(who, {"task": task, **more})["piles"]


def content(desk, pile, task=SLOPE):
    return desk.content("grace", {"task": task, "id": pile["id"]})


def mark(desk, pile, points="", task=SLOPE, who="grace", **more):
    sent = {"task": task, "id": pile["id"], "points": points, "comment": "", "items": []}
    return desk.mark(who, sent | more)["piles"]


def points(desk, task=SLOPE):
    """Points that a person gave, by student."""
    found = desk.store.entries(task)
    return {entry.answer.student: entry.standing.points for entry in found if entry.standing}


def test_a_folder_without_a_grading(tmp_path):
    with pytest.raises(FolderError, match="holds no grading"):
        Desk(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_overview_counts(desk):
    first, second = piles(desk)[:2]
    mark(desk, first, "1")
    mark(desk, first, "0", who="ada")
    desk.flag("grace", {"task": SLOPE, "id": second["id"], "flagged": True})
    overview = desk.overview("grace", {})
    assert list(overview["statuses"].values()) == list(Status)
    tasks = {task["name"]: task for task in overview["tasks"]}
    assert list(tasks) == [task.name for task in TASKS]
    counts = ("answers", "read", "changed", "flagged", "disputed")
    assert [tasks[SLOPE][name] for name in counts] == [13, 1, 0, 1, 1]
    assert (tasks[WAVE]["read"], tasks[LIMIT]["read"]) == (13, 2), "those that need nobody"


def test_nothing_is_sent_twice_if_nothing_has_changed(desk):
    version = desk.answers("grace", {"task": SLOPE})["version"]
    asked = {"task": SLOPE, "version": version}
    assert desk.answers("grace", asked) == {"version": version}
    assert "piles" in desk.answers("grace", asked | {"second": "yes"})
    desk.store.add_snippet("hm")
    assert "piles" in desk.answers("grace", asked)


def test_equal_answers_get_one_mark(desk):
    three = next(pile for pile in piles(desk, PROOF) if pile["count"] == 3)
    mark(desk, three, "1,5", task=PROOF)
    assert list(points(desk, PROOF).values()) == [1.5] * 3
    undone = desk.undo("grace", {"task": PROOF})
    assert undone["undone"] == three["id"] and points(desk, PROOF) == {}
    assert desk.undo("grace", {"task": PROOF})["undone"] is None


def test_the_same_mark_twice_is_one(desk):
    first = piles(desk)[0]
    for _ in range(2):
        mark(desk, first, "1", comment="good")
    desk.undo("grace", {"task": SLOPE})
    assert piles(desk)[0]["marks"] == []


def test_an_answer_that_changes(desk):
    for pile in piles(desk):
        mark(desk, pile, "1", comment="fine")
    old = [pile for pile in piles(desk) if "number 1:" in content(desk, pile)["now"]]
    hand_in(desk.out, changed={(BERT, SLOPE)})
    with pytest.raises(ChangedError):
        mark(desk, old[0], "0")
    (changed,) = [pile for pile in piles(desk) if pile["changed"]]
    assert (changed["status"], changed["repeatable"]) == (Status.TO_READ, True)
    shown = content(desk, changed)
    assert "even" in shown["now"] and "number 1" in shown["before"]
    assert "even" not in shown["before"]
    (kept,) = changed["marks"]
    assert kept["old"] and kept["entered"] == {"points": 1, "comment": "fine", "items": []}
    desk.repeat("grace", {"task": SLOPE, "id": changed["id"]})
    assert {pile["status"] for pile in piles(desk)} == {Status.READ}
    assert content(desk, changed)["before"] is None


def test_a_second_reader_does_not_see_what_the_first_one_gave(desk):
    first = piles(desk)[0]
    mark(desk, first, "0", comment="no")
    seen = piles(desk, who="ada", second="yes")
    assert {pile["status"] for pile in seen} == {Status.TO_READ}
    assert "no" not in json.dumps([pile["marks"] for pile in seen])
    assert {pile["points"] for pile in seen} == {None}
    mark(desk, first, "1", who="ada", second="yes")
    (both,) = [pile for pile in piles(desk, who="ada", second="yes") if pile["id"] == first["id"]]
    assert (both["status"], both["disputed"], len(both["marks"])) == (Status.READ, True, 2)


def test_a_rubric(desk):
    sent = {"task": SLOPE, "item": None, "points": "1", "words": " idea "}
    (item,) = desk.rubric("grace", sent)["items"]
    assert (item["points"], item["words"]) == (1, "idea")
    mark(desk, piles(desk)[0], items=[item["id"]])
    changed = sent | {"item": item["id"], "points": "0,5", "words": "an idea"}
    assert desk.rubric("grace", changed)["piles"][0]["points"] == 0.5
    desk.rubric("ada", changed | {"remove": True})
    assert piles(desk)[0]["status"] == Status.TO_READ
    with pytest.raises(ChangedError, match="not in the rubric"):
        desk.rubric("grace", changed)
    for bad in ({"points": "2"}, {"points": ""}, {"words": " "}):
        with pytest.raises(PointsError, match="needs words, and points from -1 to 1"):
            desk.rubric("grace", sent | bad)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"points": 1}, "points must be a text"),
        ({"points": "7x"}, "points must be a number, got '7x'"),
        ({"points": "inf"}, "points must be a number, got 'inf'"),
        ({"points": "1.5"}, f"points of {SLOPE} must be a number from 0 to 1, got 1.5"),
        ({"items": [7]}, "no item 7"),
        ({"comment": 1}, "comment must be a text"),
        ({"comment": "x" * 5001}, "at most 5000 characters"),
    ],
)
def test_marks_that_are_refused(desk, sent, said):
    with pytest.raises(PointsError, match=said):
        mark(desk, piles(desk)[0], **sent)
    assert not any(entry.marks for entry in desk.store.entries())


def test_who_has_not_answered_is_one_pile_at_the_end(desk):
    last = piles(desk, LIMIT)[-1]
    assert (last["empty"], last["count"], last["points"]) == (True, 2, 0)
    assert last["status"] == Status.NOT_ANSWERED and content(desk, last, LIMIT)["now"] is None
    mark(desk, last, "0", task=LIMIT, comment="It was asked for")
    assert piles(desk, LIMIT)[-1]["status"] == Status.READ


def test_what_was_graded_automatically(desk):
    wrong, right = piles(desk, WAVE)
    assert (wrong["count"], right["count"]) == (1, 12)
    assert wrong["score"] == {"points": 0, "remark": "E is not what was expected"}
    assert 'class="code"' in content(desk, wrong, WAVE)["now"]
    with pytest.raises(PointsError, match="needs a reason"):
        mark(desk, wrong, "1", task=WAVE)
    (overridden, _) = mark(desk, wrong, "1", task=WAVE, comment="the other convention")
    assert overridden["status"] == Status.OVERRIDDEN and points(desk, WAVE) == {CHIARA: 1}


def test_an_automatic_score_names_nobody(desk):
    scores = {
        BERT: (None, Status.FAILED, f"no space left on /out/{BERT}"),
        CHIARA: (0.0, Status.ERROR, f"KeyError: {CHIARA}"),
        login(NAMES[0]): (0.0, Status.NOT_ANSWERED, "Anna.ipynb is no Jupyter notebook"),
    }
    answers = [Answer(who, WAVE, who, {}, *score) for who, score in scores.items()]
    fill(desk.store, TASKS, answers)
    remarks = [pile["score"] and pile["score"]["remark"] for pile in piles(desk, WAVE)]
    assert remarks == ["failed", "KeyError: ▮▮▮", None]


def test_nobody_is_named(desk):
    sent = [desk.overview("grace", {})]
    for task in TASKS:
        mark(desk, piles(desk, task.name)[0], task=task.name, comment="a word")
        sent.append(desk.answers("grace", {"task": task.name}))
        sent += [content(desk, pile, task.name) for pile in piles(desk, task.name)]
    text = json.dumps(sent, ensure_ascii=False)
    for name in NAMES:
        assert login(name) not in text and name not in text and name.replace(" ", "_") not in text
    assert "▮▮▮" in text, "who signs an answer"


def test_unseen_characters_are_written_out(desk):
    answer = Answer(BERT, SLOPE, "1 \u202e 2\n\n3\x1b", {}, None, Status.TO_READ, "")
    fill(desk.store, TASKS, [answer])
    now = content(desk, piles(desk)[0])["now"]
    assert "<p>1 \\u202e 2</p>" in now and "<p>3\\x1b</p>" in now
