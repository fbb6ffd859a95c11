"""Tests of the marking page by keyboard only, with one person and with two."""

import re
import time

import pytest
from class_of_thirteen import BY_HAND, NAMES, hand_in, login, write_class
from serving import free_port, serving

from sheet11.course.book.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WINDOWS = [{"width": 1280, "height": 800}, {"width": 800, "height": 700}]
PATIENCE = 20  # seconds
SLOPE, LIMIT, PROOF = "2_slopes/a", "2_slopes/b", "1_waves/proof"


@pytest.fixture
def server(tmp_path):
    """Start a server for a class with no marks yet."""
    write_class(tmp_path / "out")
    with serving(tmp_path / "out", tmp_path) as server:
        yield server


@pytest.fixture
def visit(browser):
    """Open the page as a new person and choose a task by its title."""
    people = []

    def visit(server, title):
        person = Person(browser.new_context(viewport=WINDOWS[0]))
        people.append(person)
        person.open(server.url)
        person.page.locator("#task-list button", has_text=title).press("Enter")
        person.see("title", title)
        return person

    yield visit
    for person in people:
        person.page.context.close()
        assert not person.errors


class Person:
    """Somebody at a browser of their own, and everything that goes through its line."""

    def __init__(self, context):
        context.set_default_timeout(1000 * PATIENCE)
        self.page = context.new_page()
        self.errors = []
        self.page.on("pageerror", lambda error: self.errors.append(error))

    def open(self, url):
        self.page.goto(url)
        self.see("tasks[open]")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text, *keys):
        self.page.keyboard.type(text)
        self.press(*keys)

    def see(self, name, text=""):
        self.page.locator(f"#{name}", has_text=text).wait_for()

    def text(self, name):
        return self.page.locator(f"#{name}").inner_text()

    def squares(self, kind):
        return self.page.locator(f"#map .{kind}").count()

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            self.page.wait_for_timeout(10)

    def saved(self):
        self.wait(lambda: self.text("saved") == "Saved")


def marks(out, task):
    """What people have said of a task: (who, points, comment)."""
    with Store(out) as store:
        found = [mark for entry in store.entries(task) for mark in entry.marks]
    return sorted(((mark.who, mark.given, mark.comment) for mark in found), key=str)


def test_sixty_answers_are_marked_by_keyboard_alone(visit, server):
    person, marked = visit(server, "Why the sum vanishes"), 0
    while "65 of 65" not in person.text("all"):
        person.press("f", "Enter")
        marked += 1
        if not person.squares("to-read"):
            person.see("tasks[open]", "All answers to this task are read.")
            person.press("Enter")
            person.wait(lambda: person.squares("to-read") or "65 of 65" in person.text("all"))
    assert marked == 7 + 13 + 11 + 13 + 13
    for task in BY_HAND:
        assert {points for _, points, _ in marks(server.out, task.name)} == {task.points}


def test_points_comments_and_undo(visit, server):
    person = visit(server, "The slope")
    person.press(".")
    person.type("0,5", "c")  # a letter is no part of a number
    person.type("Well seen; what of n = 2?", "Control+Enter")
    person.see("about", "Answer 2 of 13")
    person.press("f", "j", "k", "b")
    person.see("tags", "to come back to")
    person.saved()
    commented = ("grace", 0.5, "Well seen; what of n = 2?")
    assert marks(server.out, SLOPE) == [commented, ("grace", 1.0, "")]
    person.press("u")
    person.see("sum", "–")
    person.press("u")
    person.see("about", "Answer 1 of 13")
    person.saved()
    assert marks(server.out, SLOPE) == [("grace", 0.5, "")], "one by one"


def test_points_that_are_refused(visit, server):
    person = visit(server, "Sines in rows")  # which is graded automatically
    person.press("f")
    person.see("problem", "needs a reason")
    assert person.text("saved") == "1 mark not saved"
    person.press("j", "k", "c")
    person.type("Only the sign of the convention", "Escape")
    person.saved()
    assert person.text("problem") == ""
    wanted = ("grace", 2.0, "Only the sign of the convention")
    assert marks(server.out, "1_waves/wave") == [wanted]
    person.page.reload()
    person.see("sum", "2")


def test_a_rubric_is_made_while_reading(visit, server):
    person = visit(server, "The slope")
    person.press("r")
    person.see("rubric[open]")
    for worth, words in {"1": "the idea", "-0,5": "a sign", "7": "too much"}.items():
        person.type(worth, "Tab")
        person.type(words, "Enter")
    person.see("rubric-problem", "at most ±1")
    person.press("Escape")
    person.see("items", "a sign")
    person.press("1", "2", "Enter", "1")
    person.see("sum", "1")
    person.saved()
    assert [points for _, points, _ in marks(server.out, SLOPE)] == [0.5, 1]


def test_an_item_is_removed_after_a_question_and_comes_back(visit, server):
    person = visit(server, "The slope")
    person.press("r")
    person.type("1", "Tab")
    person.type("the idea", "Enter", "Escape")
    person.see("items", "the idea")
    person.press("1")
    person.see("sum", "1")
    person.saved()
    asked = []

    def answer(dialog, yes):
        asked.append(dialog.message)
        dialog.accept() if yes else dialog.dismiss()

    for yes in (False, True):
        person.page.once("dialog", lambda dialog, yes=yes: answer(dialog, yes))
        person.press("r")
        person.page.get_by_role("button", name="Remove the idea").click()
        person.press("Escape")
        person.saved()
        person.see("sum", "–" if yes else "1")
    assert "1 answer has this item" in asked[0] and len(asked) == 2
    person.press("u")
    person.see("sum", "1")


def test_letters_need_not_be_shortcuts(visit, server):
    person = visit(server, "The slope")
    person.press("?")
    person.page.get_by_label("Single letters").click()
    person.press("Escape", "z")
    person.page.reload()
    person.press("Escape", "z", "ArrowRight", "ArrowLeft")
    person.saved()
    assert marks(server.out, SLOPE) == []


def test_comments_are_used_again(visit, server):
    person = visit(server, "The limit")
    person.press("z", "c")
    person.type("Which limit?", "Control+Enter", "s")
    person.see("snippet-list", "Which limit?")
    person.press("Enter", "s", "Control+Enter", "f", "Enter", "s")
    person.type("LIM which", "Enter")
    person.saved()
    assert [comment for _, _, comment in marks(server.out, LIMIT)] == ["Which limit?"] * 3


def test_two_people_at_once(visit, server, tmp_path):
    with serving(server.out, tmp_path / "ada", name="ada") as other:
        grace, ada = visit(server, "The error"), visit(other, "The error")
        # each in an order of their own
        for _ in range(13):
            grace.press("f", "j")
            ada.press("z", "j")
        grace.see("tags", "two people disagree")
        grace.see("marks", "ada: 0 points")
        ada.saved()
        people = [who for who, _, _ in marks(server.out, "2_slopes/c")]
        assert (people.count("grace"), people.count("ada")) == (13, 13)
        grace.press("u", "v")
        grace.wait(lambda: "ada" not in grace.text("marks"))  # a second reader decides alone
        assert grace.squares("to-read") == 13, "answers on which two people disagree are to read"


def test_a_server_that_is_killed_loses_nothing(visit, server, tmp_path):
    port = free_port()
    with serving(server.out, tmp_path, port=port) as killed:
        person = visit(killed, "The picture")
        person.press("f", "j")
        killed.process.kill()
        killed.process.wait()
        person.press("f", "j", "c")
        person.type("and a word", "Escape")
        person.see("saved", "No connection: not saved yet, trying again")
        person.page.close(run_before_unload=False)
    with serving(server.out, tmp_path, port=port) as again:
        person.page = person.page.context.new_page()
        person.open(again.url)
        person.saved()
    wanted = [("grace", 2.0, ""), ("grace", 2.0, ""), ("grace", None, "and a word")]
    assert marks(server.out, "2_slopes/d") == wanted


def test_an_answer_that_changed_after_it_was_read(visit, server):
    student = login(NAMES[4])
    with Store(server.out) as store:
        store.set_mark([student], SLOPE, "ada", 0.5, "neat")
    hand_in(server.out, changed={(student, SLOPE)})
    person = visit(server, "The slope")
    index = person.page.locator("#map .odd").get_attribute("data-index")
    person.press(*["k"] * 13, *["j"] * int(index))
    person.see("tags", "changed after it was read")
    person.page.get_by_text("Now with the case of even").wait_for()
    assert person.text("answer").count("in the words of number 4") == 2, "before and now"
    person.press("=")
    person.wait(lambda: person.squares("odd") == 0)
    assert marks(server.out, SLOPE) == [("ada", 0.5, "neat"), ("grace", 0.5, "neat")]


def test_what_is_typed_is_for_the_answer_it_was_typed_for(visit, server):
    """That one changes in the middle of a comment; the comment must not get to another one."""
    person = visit(server, "The slope")
    person.see("answer", "in the words of number")
    student = login(NAMES[int(re.search(r"words of number (\d+)", person.text("answer"))[1])])
    person.press("c")
    hand_in(server.out, changed={(student, SLOPE)})
    for _ in range(40):
        person.type("so ")
        person.page.wait_for_timeout(100)
    person.saved()
    with Store(server.out) as store:
        marked = {entry.student for entry in store.entries(SLOPE) if entry.marks}
    assert marked <= {student}


@pytest.mark.parametrize("window", WINDOWS)
def test_it_fits_and_everything_has_a_name(visit, server, window):
    person = visit(server, "Why the sum vanishes")
    person.page.set_viewport_size(window)
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for part in ("reading", "own", "panel"):
        box = person.page.locator(f"#{part}").bounding_box()
        assert box["x"] + box["width"] <= window["width"]
        assert box["y"] + box["height"] <= window["height"]
    names = person.page.locator("button, input, textarea").evaluate_all(
        "all => all.map(e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim())"
    )
    assert all(names)
    person.press("j")
    person.wait(lambda: person.text("live").startswith("Answer 2 of 7"))
