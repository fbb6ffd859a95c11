"""The marking page as a person uses it who has no mouse, and two of them."""

import base64
import contextlib
import re
import sqlite3
import time

import pytest
from chromium import errors_of
from class_of_thirteen import BY_HAND, NAMES, hand_in, login, write_class
from serving import free_port, serving

from sheet11.course.book.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WINDOWS = [{"width": 1280, "height": 800}, {"width": 800, "height": 700}]
PATIENCE = 20  # seconds
PICTURE = re.compile(r"data:image/\w+;base64,([A-Za-z0-9+/=]+)")
WORDS = {word for name in NAMES for word in name.split()} | {login(name) for name in NAMES}
NAME = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(WORDS))})(?!\w)")
SLOPE, LIMIT, PROOF = "2_slopes/a", "2_slopes/b", "1_waves/proof"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A server for all tests."""
    folder = tmp_path_factory.mktemp("desk")
    write_class(folder / "out")
    with serving(folder / "out", folder) as server:
        yield server


@pytest.fixture
def server(shared):
    """The server, with nothing marked yet."""
    with contextlib.closing(sqlite3.connect(shared.out / "grading.sqlite")) as database:
        for table in ("mark", "flag", "item", "snippet"):
            database.execute(f"DELETE FROM {table}")
        database.commit()
    hand_in(shared.out)
    return shared


@pytest.fixture
def visit(browser):
    """Open the page as another person, who chooses a task by its title."""
    people = []

    def visit(server, title, **options):
        people.append(Person(browser.new_context(viewport=WINDOWS[0], **options)))
        people[-1].open(server.url)
        people[-1].choose(title)
        return people[-1]

    yield visit
    for person in people:
        person.page.context.close()


class Person:
    """Somebody at a browser of their own, and everything that goes through its line."""

    def __init__(self, context):
        context.set_default_timeout(1000 * PATIENCE)
        self.page = context.new_page()
        self.errors = errors_of(self.page)
        self.responses = []
        self.page.on("response", lambda response: self.responses.append(response))

    def open(self, url):
        self.page.goto(url)
        self.see("tasks[open]")

    def choose(self, title):
        self.page.locator("#task-list button", has_text=title).focus()
        self.press("Enter")
        self.see("title", title)

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

    def value(self, name):
        return self.page.input_value(f"#{name}")

    def squares(self, kind):
        return self.page.locator(f"#map .{kind}").count()

    def go_to(self, kind):
        """Go to the only answer of a kind."""
        self.wait(lambda: self.squares(kind) == 1)
        index = self.page.locator(f"#map .{kind}").get_attribute("data-index")
        self.press(*["k"] * 13, *["j"] * int(index))

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


def points(out, task):
    """Points that a person gave, sorted."""
    with Store(out) as store:
        return sorted(entry.standing.points for entry in store.entries(task) if entry.standing)


def nameless(text):
    """Nothing in a text names a student, pictures included."""
    for picture in PICTURE.findall(text):
        content = base64.b64decode(picture).decode("latin-1")
        assert not NAME.search(content) and "Author" not in content
    return not NAME.search(PICTURE.sub("", text))


def test_sixty_answers_are_marked_by_keyboard_alone_and_nobody_is_named(visit, server):
    person, seen, marked = visit(server, "Why the sum vanishes"), [], 0
    while "65 of 65" not in person.text("all"):
        person.wait(lambda: "Loading" not in person.text("answer"))
        assert person.text("sum") == "–"
        seen.append(person.page.content())
        person.press("f" if marked % 3 else "z", "Enter")
        marked += 1
        if not person.squares("to-read"):
            person.see("tasks[open]", "All answers to this task are read.")
            person.press("Enter")
            person.wait(lambda: person.squares("to-read") or "65 of 65" in person.text("all"))
    assert marked == 7 + 13 + 11 + 13 + 13
    for task in BY_HAND:
        assert set(points(server.out, task.name)) == {0.0, task.points}
    assert len(points(server.out, LIMIT)) == 11, "who has not answered is nobody to read"
    assert person.errors == []
    assert all(map(nameless, seen))
    for response in person.responses:
        assert response.url.startswith("http://127.0.0.1:"), "no other host"
        assert nameless(response.url) and nameless(response.request.post_data or "")
        assert response.status in (200, 302)
        assert response.status == 302 or nameless(response.text())


def test_points_comments_and_undo(visit, server):
    person = visit(server, "The slope")
    first = person.text("answer")
    person.press(".")
    person.type("0,5", "c")  # a letter is no part of a number
    person.type("Well seen; what of n = 2?", "Control+Enter")
    person.see("about", "Answer 2 of 13")
    assert person.text("answer") != first
    person.press("f", "j", "k", "b")
    person.see("tags", "to come back to")
    person.saved()
    assert marks(server.out, SLOPE) == [
        ("grace", 0.5, "Well seen; what of n = 2?"),
        ("grace", 1.0, ""),
    ]
    person.press("u")
    person.see("sum", "–")
    person.press("u")
    person.see("about", "Answer 1 of 13")
    assert (person.value("points"), person.value("comment")) == ("0.5", ""), "one by one"
    assert person.errors == []


def test_points_that_are_refused(visit, server):
    person = visit(server, "Sines in rows")  # which is graded automatically
    person.see("score", "E is not what was expected")
    person.press(".")
    person.type("7", "Enter")
    person.see("problem", "from 0 to 2, got 7")
    person.see("about", "Answer 1 of 2")
    assert person.text("saved") == "1 mark not saved"
    person.press("j", "k")
    assert person.value("points") == "7"
    person.press("f")
    person.see("problem", "needs a reason")
    person.press("c")
    person.type("Only the sign of the convention", "Escape")
    person.saved()
    assert person.text("problem") == ""
    assert points(server.out, "1_waves/wave") == [2.0]
    person.page.reload()
    person.see("about", "Answer 1 of 2")
    person.see("sum", "2")


def test_a_rubric_is_made_while_reading(visit, server):
    person = visit(server, "Why the sum vanishes")
    person.press("r")
    person.see("rubric[open]")
    for worth, words in (("1", "the idea"), ("0.5", "the middle term"), ("-0,5", "a sign")):
        person.type(worth, "Tab")
        person.type(words, "Enter")
    person.type("7", "Tab")
    person.type("too much", "Enter")
    person.see("rubric-problem", "from -2 to 2")
    person.press("Escape")
    person.see("items", "a sign")
    person.page.locator("#items input").first.focus()
    person.press("Space", "3", "Enter", "1", "2", "Enter", "2")
    person.see("sum", "0.5")
    person.saved()
    assert {0.5, 1.5} == set(points(server.out, PROOF))
    assert len(person.errors) == 1, "the browser's of the item that was refused"


def test_comments_are_used_again(visit, server):
    person = visit(server, "The limit")
    person.press("z", "c")
    person.type("Which limit?", "Control+Enter", "s")
    person.see("snippet-list", "Which limit?")
    assert person.page.locator("#forget").is_disabled(), "it is part of a mark"
    person.press("Enter", "s", "Control+Enter", "f", "Enter", "s")
    person.type("LIM which", "Enter")
    person.saved()
    assert person.value("comment") == "Which limit?"
    assert [comment for _, _, comment in marks(server.out, LIMIT)] == ["Which limit?"] * 3
    with Store(server.out) as store:
        assert [words for _, words in store.snippets()] == ["Which limit?"]
    assert person.errors == []


def test_two_people_at_once(visit, server, tmp_path):
    with serving(server.out, tmp_path, name="ada") as other:
        grace = visit(server, "The error")
        grace.press("f")
        grace.saved()
        ada = visit(other, "The error")
        ada.go_to("done")
        ada.see("marks", "grace: 1 point")
        ada.press("z")
        ada.see("tags", "two people disagree")
        grace.see("tags", "two people disagree")
        grace.see("marks", "ada: 0 points")
        # at the same time
        for _ in range(4):
            grace.press("j", "f")
            ada.press("k", "f")
        grace.saved()
        ada.saved()
        people = [who for who, _, _ in marks(server.out, "2_slopes/c")]
        assert people.count("grace") == 5 and people.count("ada") >= 1
        ada.press("v")
        ada.wait(lambda: ada.squares("done") == people.count("ada"))
        ada.press("Enter")
        assert "grace" not in ada.text("marks"), "a second reader decides alone"
        assert grace.errors == ada.errors == []


def test_a_server_that_is_killed_loses_nothing(visit, server, tmp_path):
    port = free_port()
    with serving(server.out, tmp_path, port=port) as killed:
        person = visit(killed, "The picture")
        person.press("f", "Enter", "f")
        killed.process.kill()
        killed.process.wait()
        person.press("Enter", "f")
        person.see("saved", "No connection: not saved yet, trying again")
    with serving(server.out, tmp_path, port=port) as killed:
        person.saved()
        assert points(server.out, "2_slopes/d") == [2.0] * 3
        person.page.goto(killed.url)
        person.see("tasks[open]")
        person.press("Escape")
        killed.process.kill()
        killed.process.wait()
        person.press("Enter", "c")
        person.type("and a word", "Escape")
        person.see("saved", "No connection")
        person.page.close(run_before_unload=False)
    with serving(server.out, tmp_path, port=port) as again:
        person.page = person.page.context.new_page()
        person.open(again.url)
        person.saved()
    assert marks(server.out, PROOF) == [("grace", None, "and a word")]


def test_a_server_that_cannot_write_says_so_and_is_asked_again(visit, server):
    person = visit(server, "The slope")
    refusal = {"status": 503, "json": {"message": "database or disk is full"}}
    person.page.route("**/api/mark", lambda route: route.fulfill(**refusal))
    person.press("f")
    person.see("saved", "database or disk is full")
    person.page.unroute("**/api/mark")
    person.saved()
    assert points(server.out, SLOPE) == [1.0]


def test_an_answer_that_changed_after_it_was_read(visit, server):
    student = login(NAMES[4])
    with Store(server.out) as store:
        store.set_mark([student], SLOPE, "ada", 0.5, "neat")
    hand_in(server.out, changed={(student, SLOPE)})
    person = visit(server, "The slope")
    person.go_to("odd")
    person.see("tags", "changed since it was read")
    person.page.get_by_text("Now with the case of even").wait_for()
    assert person.text("answer").count("in the words of number 4") == 2
    person.press("=")
    person.wait(lambda: person.squares("odd") == 0)
    assert marks(server.out, SLOPE) == [("ada", 0.5, "neat"), ("grace", 0.5, "neat")]
    assert person.errors == []


def test_what_is_typed_is_for_the_answer_it_was_typed_for(visit, server):
    """That one changes in the middle of a comment; the comment must not get to another one."""
    person = visit(server, "The slope")
    person.see("answer", "in the words of number")
    number = int(re.search(r"words of number (\d+)", person.text("answer"))[1])
    changed = (login(NAMES[number]), SLOPE)
    person.press("c")
    person.type("so ")
    hand_in(server.out, changed={changed})
    for _ in range(40):
        person.type("so ")
        person.page.wait_for_timeout(100)
    person.saved()
    assert "Now with the case" in person.text("answer") or f"number {number}:" not in person.text(
        "answer"
    )
    with Store(server.out) as store:
        marked = {entry.answer.student for entry in store.entries(SLOPE) if entry.marks}
    assert marked <= {login(NAMES[number])}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_everything_has_a_name(visit, server, scheme):
    person = visit(server, "Why the sum vanishes", color_scheme=scheme)
    for window in WINDOWS:
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
    person.press("?")
    person.see("help[open]")
    person.press("Escape", "j")
    person.wait(lambda: person.text("live").startswith("Answer 2 of 7"))
    assert person.page.locator("#reading").evaluate("e => e === document.activeElement")
    assert person.errors == []
