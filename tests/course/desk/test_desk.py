"""Requests and replies of the marking page, without a browser."""

import json

import pytest
from class_of_thirteen import NAMES, TASKS, hand_in, login, write_class
from filled import fill

from sheet11.course.book.marks import Answer
from sheet11.course.book.scores import Status
from sheet11.course.desk.desk import Desk
from sheet11.course.errors import CourseError, FolderError, PointsError

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
    desk.mark(who, sent | more)
    return piles(desk, task, who)


def points(desk, task=SLOPE):
    """Points that a person gave, by student."""
    found = desk.store.entries(task)
    return {entry.student: entry.score.points for entry in found if entry.mark}


def test_the_overview_counts(desk):
    first, second = piles(desk)[:2]
    mark(desk, first, "1")
    mark(desk, first, "0", who="ada")
    desk.flag("grace", {"task": SLOPE, "id": second["id"], "flagged": True})
    tasks = {task["name"]: task for task in desk.overview("grace", {})["tasks"]}
    counts = {"answers": 13, "read": 0, "changed": 0, "flagged": 1, "disputed": 1}
    assert counts.items() <= tasks[SLOPE].items()
    assert (tasks[WAVE]["read"], tasks[LIMIT]["read"]) == (13, 2), "those that need nobody"


def test_nothing_is_sent_twice_if_nothing_has_changed(desk):
    asked = {"task": SLOPE, "version": desk.answers("grace", {"task": SLOPE})["version"]}
    assert list(desk.answers("grace", asked)) == ["version"]
    desk.store.add_snippet("hm")
    assert "piles" in desk.answers("grace", asked)


def test_everybody_has_an_order_of_their_own_that_stays(desk):
    grace = [pile["id"] for pile in piles(desk)]
    ada = [pile["id"] for pile in piles(desk, who="ada")]
    assert sorted(grace) == sorted(ada) and grace != ada
    hand_in(desk.out, changed={(BERT, SLOPE)})
    after = [pile["id"] for pile in piles(desk)]
    kept = [each for each in grace if each in after]
    assert len(kept) == 12 and [each for each in after if each in grace] == kept


def test_equal_answers_get_one_mark_and_one_undo(desk):
    three = next(pile for pile in piles(desk, PROOF) if pile["count"] == 3)
    for _ in range(2):  # as the page does after a lost connection
        mark(desk, three, "1,5", task=PROOF)
    assert list(points(desk, PROOF).values()) == [1.5] * 3
    assert desk.undo("grace", {"task": PROOF})["undone"] == [three["id"]]
    assert points(desk, PROOF) == {}


def test_an_answer_that_changes(desk):
    (old,) = [pile for pile in piles(desk) if "number 1." in content(desk, pile)["now"]]
    mark(desk, old, "1", comment="fine")
    hand_in(desk.out, changed={(BERT, SLOPE)})
    with pytest.raises(CourseError, match="has changed"):
        mark(desk, old, "0")
    (changed,) = [pile for pile in piles(desk) if pile["changed"]]
    assert changed["status"] == Status.TO_READ
    shown = content(desk, changed)
    assert "even" in shown["now"] and "even" not in shown["before"]
    assert changed["marks"][0]["old"]
    mark(desk, changed, **changed["marks"][0]["entered"] | {"points": "1"})
    assert not any(pile["changed"] for pile in piles(desk))


def test_a_second_reader_does_not_see_what_the_first_one_gave(desk):
    first = piles(desk)[0]
    mark(desk, first, "0", comment="no")
    for pile in piles(desk, who="ada", second="yes"):
        assert (pile["status"], pile["points"], pile["marks"]) == (Status.TO_READ, None, [])
    mark(desk, first, "1", who="ada")
    (both,) = [pile for pile in piles(desk, second="yes") if pile["disputed"]]
    assert (both["id"], both["status"], len(both["marks"])) == (first["id"], Status.TO_READ, 2)
    assert both["points"] is None, "nothing counts yet"
    mark(desk, first, "1", who="ada")
    assert piles(desk)[0]["disputed"], "a mark that is sent again decides nothing"
    mark(desk, first, "1", who="ada", decides=True)
    assert (piles(desk)[0]["disputed"], piles(desk)[0]["points"]) == (False, 1)


def test_a_rubric(desk):
    sent = {"task": SLOPE, "item": None, "points": "1", "words": " idea "}
    desk.rubric("grace", sent)
    (item,) = desk.answers("grace", sent)["items"]
    assert (item["points"], item["words"]) == (1, "idea")
    mark(desk, piles(desk)[0], items=[item["id"]])
    changed = sent | {"item": item["id"], "points": "0,5"}
    desk.rubric("grace", changed)
    assert piles(desk)[0]["points"] == 0.5
    desk.rubric("ada", changed | {"remove": True})
    assert piles(desk)[0]["status"] == Status.TO_READ


@pytest.mark.parametrize(
    "sent", [{"points": "2"}, {"points": "nan"}, {"points": ""}, {"words": ""}]
)
def test_items_that_are_refused(desk, sent):
    with pytest.raises(PointsError, match="needs words"):
        desk.rubric("grace", {"task": SLOPE, "item": None, "points": "1", "words": "idea"} | sent)


@pytest.mark.parametrize(
    ("task", "sent", "said"),
    [
        (SLOPE, {"points": "7x"}, "points must be a number, got '7x'"),
        (SLOPE, {"points": "nan"}, "a number from 0 to 1, got nan"),
        (SLOPE, {"points": "1.5"}, "a number from 0 to 1, got 1.5"),
        (SLOPE, {"items": [7]}, "no item 7"),
        (WAVE, {"points": "1"}, "needs a reason"),
    ],
)
def test_marks_that_are_refused(desk, task, sent, said):
    with pytest.raises(PointsError, match=said):
        mark(desk, piles(desk, task)[0], task=task, **sent)
    assert points(desk, task) == {}


def test_who_has_not_answered_is_one_pile_at_the_end(desk):
    last = piles(desk, LIMIT)[-1]
    assert (last["empty"], last["count"], last["points"]) == (True, 2, 0)
    assert content(desk, last, LIMIT)["now"] is None


def test_an_automatic_score_can_be_overridden(desk):
    wrong, right = piles(desk, WAVE)
    assert (wrong["count"], right["count"]) == (1, 12)
    assert wrong["score"] == {"points": 0, "remark": "E is not what was expected"}
    (overridden, _) = mark(desk, wrong, "1", task=WAVE, comment="the other convention")
    assert overridden["status"] == Status.OVERRIDDEN and points(desk, WAVE) == {CHIARA: 1}


def test_an_automatic_score_names_nobody(desk):
    answer = Answer(BERT, WAVE, "pass", {}, 0.0, Status.ERROR, f"KeyError: {BERT}")
    fill(desk.store, TASKS, [answer])
    assert piles(desk, WAVE)[0]["score"]["remark"] == "KeyError: ▮▮▮"


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
    fill(desk.store, TASKS, [Answer(BERT, SLOPE, "1 \u202e 2", {}, None, Status.TO_READ, "")])
    shown = [content(desk, pile)["now"] for pile in piles(desk) if not pile["empty"]]
    assert sum("1 \\u202e 2" in html for html in shown) == 1


def test_excused_answers_need_not_be_read(desk):
    excused = {BERT: [{"excused": SLOPE}], CHIARA: [{"excused": ""}, {"excused": "sheet"}]}
    before = sum(pile["count"] for pile in piles(desk))
    desk.store.set_about(adjusted=excused)
    assert sum(pile["count"] for pile in piles(desk)) == before - 2
    assert sum(pile["count"] for pile in piles(desk, LIMIT)) == before - 1
    tasks = {task["name"]: task for task in desk.overview("grace", {})["tasks"]}
    assert (tasks[SLOPE]["answers"], tasks[LIMIT]["answers"]) == (11, 12)


def test_the_same_mark_again_confirms_one_that_was_overtaken(desk):
    mark(desk, piles(desk)[0], "1")
    fill(desk.store, [task._replace(points=task.points + 1) for task in TASKS], [])
    (pile,) = [pile for pile in piles(desk) if pile["changed"]]
    assert pile["status"] == Status.TO_READ and pile["points"] == 1
    assert not any(pile["changed"] for pile in mark(desk, pile, "1"))


def test_a_desk_may_be_there_before_its_grading(tmp_path):
    desk = Desk(tmp_path / "out")
    with pytest.raises(FolderError, match="holds no grading"):
        desk.overview("eve", {})
    write_class(tmp_path / "out")
    assert desk.overview("eve", {})["tasks"]
