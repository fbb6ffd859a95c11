"""What the marking page is sent and sends, without a browser."""

import json

import nbformat
import pytest
from class_of_thirteen import NAMES, TASKS, hand_in, login, write_class
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.book.marks import Answer
from sheet11.course.desk.desk import ChangedError, Desk, place_of
from sheet11.course.errors import FolderError, PointsError

BERT, CHIARA = login(NAMES[1]), login(NAMES[2])


@pytest.fixture
def desk(tmp_path):
    write_class(tmp_path)
    return Desk(tmp_path)


def piles(desk, task="2_slopes/a", who="grace"):
    return desk.answers(who, task)["piles"]


def mark(desk, pile, points=None, comment="", items=(), who="grace", task="2_slopes/a", **more):
    return desk.mark(
        who,
        {"task": task, "id": pile["id"], "points": points, "comment": comment, "items": [*items]}
        | more,
    )


def entry_of(desk, student, task="2_slopes/a"):
    (found,) = [entry for entry in desk.store.entries(task) if entry.answer.student == student]
    return found


def test_a_folder_without_a_grading(tmp_path):
    with pytest.raises(FolderError, match="holds no grading"):
        Desk(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_overview_counts(desk):
    tasks = {task["name"]: task for task in desk.overview("grace")["tasks"]}
    assert list(tasks) == [task.name for task in TASKS]
    assert (
        tasks["2_slopes/a"]["counts"]["unread"] == 13
        and tasks["1_waves/wave"]["counts"]["graded"] == 13
    )
    assert (
        tasks["2_slopes/b"]["counts"]["unread"] == 11
        and tasks["2_slopes/b"]["counts"]["graded"] == 2
    )
    first, second = piles(desk)[:2]
    mark(desk, first, 1)
    mark(desk, first, 0, who="ada")
    desk.flag("grace", {"task": "2_slopes/a", "id": second["id"], "flagged": True})
    counts = {task["name"]: task["counts"] for task in desk.overview("grace")["tasks"]}[
        "2_slopes/a"
    ]
    assert (counts["read"], counts["mine"], counts["disputed"], counts["flagged"]) == (1, 1, 1, 1)


def test_nothing_is_sent_twice_if_nothing_has_changed(desk):
    version = desk.answers("grace", "2_slopes/a")["version"]
    assert desk.answers("grace", "2_slopes/a", version) == {"version": version}
    desk.store.add_snippet("hm")
    assert "piles" in desk.answers("grace", "2_slopes/a", version)


def test_equal_answers_get_one_mark(desk):
    three = next(pile for pile in piles(desk, "1_waves/proof") if pile["count"] == 3)
    mark(desk, three, 1.5, "short", task="1_waves/proof")
    marked = [entry for entry in desk.store.entries("1_waves/proof") if entry.marks]
    assert [entry.standing.points for entry in marked] == [1.5] * 3
    undone = desk.undo("grace", {"task": "1_waves/proof"})
    assert undone["undone"] == three["id"] and all(pile["own"] is None for pile in undone["piles"])
    assert desk.undo("grace", {"task": "1_waves/proof"})["undone"] is None


def test_the_same_mark_twice_is_one(desk):
    first = piles(desk)[0]
    for _ in range(2):
        mark(desk, first, 1, "good")
    desk.undo("grace", {"task": "2_slopes/a"})
    assert piles(desk)[0]["own"] is None


def test_a_mark_on_an_answer_that_has_changed_meanwhile(desk):
    bert = next(
        pile
        for pile in piles(desk)
        if "number 1:" in desk.content("grace", "2_slopes/a", pile["id"])["now"]
    )
    hand_in(desk.out, changed={(BERT, "2_slopes/a")})
    with pytest.raises(ChangedError):
        mark(desk, bert, 1)
    assert not any(entry.marks for entry in desk.store.entries("2_slopes/a"))


def test_a_changed_answer_is_shown_beside_the_one_that_was_read(desk):
    for pile in piles(desk):
        mark(desk, pile, 1, "fine")
    hand_in(desk.out, changed={(BERT, "2_slopes/a")})
    (stale,) = [pile for pile in piles(desk) if pile["state"] == "stale"]
    content = desk.content("grace", "2_slopes/a", stale["id"])
    assert (
        "even" in content["now"]
        and "even" not in content["before"]
        and "number 1" in content["before"]
    )
    assert (
        stale["own"] == {"points": 1.0, "comment": "fine", "items": []} and stale["marks"][0]["old"]
    )
    mark(desk, stale, 1, "fine")
    assert entry_of(desk, BERT).state == "read", "the same mark, but of another answer"


def test_a_rubric(desk):
    (item,) = desk.rubric(
        "grace", {"task": "2_slopes/a", "item": None, "points": 1, "words": " idea "}
    )["items"]
    assert (item["points"], item["words"]) == (1, "idea")
    mark(desk, piles(desk)[0], items=[item["id"]])
    changed = {"task": "2_slopes/a", "item": item["id"], "points": 0.5, "words": "an idea"}
    assert desk.rubric("grace", changed)["piles"][0]["points"] == 0.5
    desk.rubric("ada", {"task": "2_slopes/a", "item": item["id"], "remove": True})
    assert piles(desk)[0]["state"] == "unread"
    with pytest.raises(ChangedError, match="not there any more"):
        desk.rubric(
            "grace", {"task": "2_slopes/a", "item": item["id"], "points": 1, "words": "idea"}
        )
    for bad in (
        {"points": 2, "words": "more than all"},
        {"points": None, "words": "none"},
        {"points": 1, "words": " "},
    ):
        with pytest.raises(PointsError, match="an item wants words, and points from -1 to 1"):
            desk.rubric("grace", {"task": "2_slopes/a", "item": None} | bad)


def test_snippets(desk):
    (snippet,) = desk.snippet("grace", {"words": " The sign. "})["snippets"]
    assert snippet["words"] == "The sign." and desk.overview("ada")["snippets"] == [snippet]
    assert desk.snippet("ada", {"remove": snippet["id"]}) == {"snippets": []}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"points": "1"}, "points must be a number, got '1'"),
        ({"points": True}, "points must be a number, got True"),
        ({"points": float("inf")}, "points must be a number, got inf"),
        ({"points": 1.5}, "points of 2_slopes/a must be a number from 0 to 1, got 1.5"),
        ({"items": ["1"]}, "items must be a list of numbers"),
        ({"items": [7]}, "no item 7"),
        ({"comment": 1}, "comment must be a text"),
        ({"comment": "x" * 5001}, "comment must be a text of at most 5000 characters"),
    ],
)
def test_marks_that_make_no_sense(desk, sent, said):
    first = piles(desk)[0]
    with pytest.raises(PointsError, match=said):
        desk.mark(
            "grace",
            {"task": "2_slopes/a", "id": first["id"], "points": None, "comment": "", "items": []}
            | sent,
        )
    assert not any(entry.marks for entry in desk.store.entries())


def test_who_has_not_answered_is_one_pile_at_the_end(desk):
    last = piles(desk, "2_slopes/b")[-1]
    assert (last["empty"], last["count"], last["state"], last["points"]) == (True, 2, "graded", 0)
    assert desk.content("grace", "2_slopes/b", last["id"])["now"] is None
    mark(desk, last, 0, "It was asked for", task="2_slopes/b")
    assert piles(desk, "2_slopes/b")[-1]["state"] == "read"


def test_what_was_graded_automatically(desk):
    wrong, right = piles(desk, "1_waves/wave")
    assert (wrong["count"], right["count"]) == (1, 12) and wrong["score"][
        "remark"
    ] == "E is not what was expected"
    assert 'class="code"' in desk.content("grace", "1_waves/wave", wrong["id"])["now"]
    with pytest.raises(PointsError, match="needs a reason"):
        mark(desk, wrong, 1, task="1_waves/wave")
    mark(desk, wrong, 1, "the other convention", task="1_waves/wave")
    assert entry_of(desk, CHIARA, "1_waves/wave").standing.points == 1


def test_figures_are_those_of_the_part(desk):
    first = piles(desk, "1_waves/proof")[0]
    figures = desk.content("grace", "1_waves/proof", first["id"])["figures"]
    assert len(figures) == 1 and figures[0]["src"].startswith("data:image/png;base64,")
    assert desk.content("grace", "2_slopes/a", piles(desk)[0]["id"])["figures"] == [], (
        "there is no such notebook"
    )


def test_a_verdict_names_nobody(desk):
    desk.store.replace_answers(
        TASKS,
        [
            Answer(
                BERT,
                "1_waves/wave",
                "wave = 1",
                {},
                None,
                "failed",
                f"not graded: no space left on /out/{BERT}",
            ),
            Answer(
                CHIARA,
                "1_waves/wave",
                "wave = 2",
                {},
                0.0,
                "error",
                f"the answer raised KeyError: {CHIARA}",
            ),
            Answer(
                login(NAMES[0]),
                "1_waves/wave",
                "",
                {},
                0.0,
                "not answered",
                "Anna.ipynb is no Jupyter notebook",
            ),
        ],
    )
    assert [pile["score"] for pile in piles(desk, "1_waves/wave")] == [
        {"points": None, "status": "failed", "remark": ""},
        {"points": 0.0, "status": "error", "remark": "the answer raised KeyError: ▮▮▮"},
        {"points": 0.0, "status": "not answered", "remark": ""},
    ]


def test_what_would_turn_or_hide_text_is_written_out(desk):
    desk.store.replace_answers(
        TASKS, [Answer(BERT, "2_slopes/a", "1 \u202e 2\n\n3\x1b", {}, None, "to read", "")]
    )
    (pile,) = piles(desk)
    now = desk.content("grace", "2_slopes/a", pile["id"])["now"]
    assert "<p>1 \\u202e 2</p>" in now and "<p>3\\x1b</p>" in now


def test_nobody_is_named(desk):
    sent = [desk.overview("grace")]
    for task in TASKS:
        mark(desk, piles(desk, task.name)[0], None, "a word", task=task.name)
        sent.append(desk.answers("grace", task.name))
        sent += [desk.content("grace", task.name, pile["id"]) for pile in piles(desk, task.name)]
    text = json.dumps(sent, ensure_ascii=False)
    for name in NAMES:
        assert login(name) not in text and name not in text and name.replace(" ", "_") not in text
    assert "▮▮▮" in text, "who signs an answer"


def test_the_figures_of_the_part_of_an_answer(tmp_path):
    write_class(tmp_path)
    notebook = tmp_path / "students" / login(NAMES[0]) / "1_waves.ipynb"
    assert [place_of(notebook, task).kind for task in TASKS[:2]] == ["code", "markdown"]
    assert len(place_of(notebook, TASKS[1]).figures) == 1, "not that of the next part"
    assert place_of(notebook, TASKS[2]) == ("markdown", ("", {}), []), "another notebook's"


def test_what_was_asked_is_the_text_above(tmp_path):
    cells = [
        new_markdown_cell("## 1a"),
        new_markdown_cell("Prove it.", attachments={"a.png": {"image/png": "AA=="}}),
        new_code_cell("plot()"),
        new_markdown_cell("An answer.", id="other", metadata={"nbgrader": {"solution": True}}),
        new_markdown_cell("Because.", id="proof", metadata={"nbgrader": {"solution": True}}),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "1_waves.ipynb")
    assert place_of(tmp_path / "1_waves.ipynb", TASKS[1]).asked == (
        "Prove it.",
        {"a.png": {"image/png": "AA=="}},
    )


def test_without_a_notebook(tmp_path):
    assert place_of(tmp_path / "none.ipynb", TASKS[0]) == ("code", ("", {}), [])
    (tmp_path / "broken.ipynb").write_text("{")
    assert place_of(tmp_path / "broken.ipynb", TASKS[1]) == ("markdown", ("", {}), [])
