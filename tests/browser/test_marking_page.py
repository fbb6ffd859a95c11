"""The marking page, as a person uses it who has no mouse, and two of them."""

import base64
import json
import re
import signal
import time

import pytest
from chromium import errors_of
from class_of_thirteen import BY_HAND, NAMES, hand_in, login, write_class
from lab import MINUTE
from serving import free_port, serving

from sheet11.course.book.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 800, "height": 700}
SAVED = "document.getElementById('saved').textContent === 'Saved'"
PICTURE = re.compile(r"data:image/\w+;base64,([A-Za-z0-9+/=]+)")
WORDS = {word for name in NAMES for word in name.split()} | {login(name) for name in NAMES}
NAME = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(WORDS))})(?!\w)")


@pytest.fixture
def out(tmp_path):
    write_class(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def server(out, tmp_path):
    with serving(out, tmp_path) as server:
        yield server


class Person:
    """Somebody at a browser of their own, and all that goes through its line."""

    def __init__(self, browser, url, **options):
        self.page = browser.new_context(viewport=WIDE, **options).new_page()
        self.errors = errors_of(self.page)
        self.page.set_default_timeout(1000 * MINUTE)
        self.responses = []
        self.page.on("response", lambda response: self.responses.append(response))
        self.page.goto(url)
        self.see("tasks", open=True)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text):
        self.page.keyboard.type(text)

    def see(self, name, text="", open=False):
        self.page.locator(f"#{name}{'[open]' if open else ''}", has_text=text).wait_for()

    def text(self, name):
        return self.page.locator(f"#{name}").inner_text()

    def begin(self, title):
        """Choose a task by its title."""
        if not self.page.locator("#tasks[open]").count():
            self.press("t")
            self.see("tasks", open=True)
        self.page.locator("#task-list button", has_text=title).focus()
        self.press("Enter")
        self.see("title", title)

    def wait(self, expression):
        wait(self.page, expression)

    def saved(self):
        self.wait(SAVED)


def wait(page, expression):
    """Playwright's own wait_for_function would evaluate inside of the page, which its policy forbids."""
    end = time.monotonic() + MINUTE
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


def points(out, task):
    """What everybody has for a task, by login; None where it is to be read."""
    with Store(out) as store:
        return {
            entry.answer.student: entry.standing.points if entry.standing else entry.answer.points
            for entry in store.entries(task)
        }


def nameless(text):
    """Nothing in a text names a student, pictures included."""
    for picture in PICTURE.findall(text):
        content = base64.b64decode(picture).decode("latin-1")
        assert not NAME.search(content) and "Author" not in content
    return not NAME.search(PICTURE.sub("", text))


def test_sixty_answers_are_marked_by_keyboard_alone_and_nobody_is_named(browser, server, out):
    person = Person(browser, server.url)
    seen, marked = [], 0
    person.press("Enter")
    while person.page.locator("#tasks[open]").count() == 0:
        person.wait("!document.getElementById('answer').textContent.includes('Loading')")
        seen.append(person.page.content())
        assert "–" in person.text("total")
        person.press("f" if marked % 3 else "z", "Enter")
        marked += 1
        person.page.wait_for_timeout(30)
        if "all 13 read" in person.text("progress"):
            person.see("tasks", "All answers to this task are read.", open=True)
            if "65 of 65" in person.text("all"):
                break
            person.press("Enter")
            person.wait("!document.getElementById('progress').textContent.startsWith('all')")
    person.saved()
    assert marked == 7 + 13 + 11 + 13 + 13
    for task in BY_HAND:
        given = points(out, task.name)
        assert set(given.values()) == {0.0, task.points}, "full points and none"
    assert points(out, "2_slopes/b")[login("Dmitri Iwanow")] == 0, (
        "who has not answered is nobody to read"
    )
    assert sum(None in points(out, task.name).values() for task in BY_HAND) == 0

    assert person.errors == []
    assert all(map(nameless, seen))
    for response in person.responses:
        assert nameless(response.url) and nameless(response.request.post_data or "")
        assert response.status < 300 or response.status == 302
        if response.status < 300:
            assert nameless(response.text())
        assert response.url.startswith("http://127.0.0.1:"), "no other host"


def test_points_comments_and_undo(browser, server, out):
    person = Person(browser, server.url)
    person.begin("The slope")
    first = person.text("answer")
    person.press(".")
    person.type("0,5")
    person.press("Escape", "c")
    person.type("Well seen; what of n = 2?")
    person.press("Control+Enter")
    person.see("about", "Answer 2 of 13")
    assert person.text("answer") != first
    person.press("f", "j", "k", "b")
    person.see("tags", "to come back to")
    person.saved()
    given = points(out, "2_slopes/a")
    assert sorted(filter(None, given.values())) == [0.5, 1.0]
    person.press("u")
    person.see("about", "Answer 2 of 13")
    person.see("sum", "–")
    person.press("u")
    person.see("about", "Answer 1 of 13")
    assert (person.page.input_value("#points"), person.page.input_value("#comment")) == (
        "0.5",
        "",
    ), "the comment is gone"
    person.press(".")
    person.type("7")
    person.see("problem", "Points must be a number from 0 to 1; not saved.")
    person.press("Escape", "j", "j", "g")
    person.see("about", "Answer 2 of 13")
    person.page.reload()
    person.see("about", "Answer 2 of 13")
    person.saved()
    assert [value for value in points(out, "2_slopes/a").values() if value is not None] == [0.5]
    assert person.errors == []


def test_a_rubric_is_made_while_reading_and_changes_for_everybody(browser, server, out):
    person = Person(browser, server.url)
    person.begin("Why the sum vanishes")
    person.press("r")
    person.see("rubric", open=True)
    for worth, words in (("1", "the idea"), ("0.5", "the middle term"), ("-0,5", "a sign")):
        person.type(worth)
        person.press("Tab")
        person.type(words)
        person.press("Enter")
    person.press("Escape")
    person.see("items", "a sign")
    person.page.locator("#items input").first.focus()
    person.press("Space", "3", "Enter", "1", "2", "Enter", "2")
    person.see("sum", "0.5")
    person.saved()
    assert sorted(filter(None, points(out, "1_waves/proof").values()))[0] == 0.5
    with Store(out) as store:
        idea = store.items("1_waves/proof")[0].id
    person.press("r", *["Shift+Tab"] * 9)
    person.page.locator(f"form[data-item='{idea}'] [name=points]").focus()
    person.press("Control+a")
    person.type("2")
    person.press("Enter", "Escape")
    person.see("items", "+2")
    person.saved()
    person.press("k")
    given = sorted({value for value in points(out, "1_waves/proof").values() if value is not None})
    assert given == [0.5, 1.5, 2.0], "2 and 0.5 are more than there is to be had"
    assert person.errors == []


def test_comments_are_used_again(browser, server, out):
    person = Person(browser, server.url)
    person.begin("The limit")
    person.press("c")
    person.type("The limit is not shown to exist")
    person.press("Escape", "s")
    person.see("snippets", open=True)
    person.press("Control+Enter", "f", "Enter", "s")
    person.see("snippet-list", "The limit is not shown to exist")
    person.type("exist LIM")
    person.press("Enter")
    person.saved()
    assert person.page.input_value("#comment") == "The limit is not shown to exist"
    with Store(out) as store:
        said = [mark.comment for entry in store.entries("2_slopes/b") for mark in entry.marks]
    assert said == ["The limit is not shown to exist"] * 2


def test_what_one_has_written_is_there_to_be_used_again(browser, server, out):
    person = Person(browser, server.url)
    person.begin("The limit")
    person.press("z", "c")
    person.type("Which limit?")
    person.press("Control+Enter", "s")
    person.see("snippet-list", "Which limit?")
    assert person.page.locator("#forget").is_disabled(), "it is part of a mark"
    person.press("Enter")
    person.saved()
    assert person.page.input_value("#comment") == "Which limit?"
    with Store(out) as store:
        assert store.snippets() == []


def test_a_letter_is_no_point(browser, server, out):
    """Who types points and then a comment need not leave the field in between."""
    person = Person(browser, server.url)
    person.begin("The limit")
    person.press(".")
    person.type("0.5")
    person.press("c")
    person.type("So so.")
    person.press("Control+Enter")
    person.saved()
    assert 0.5 in points(out, "2_slopes/b").values()
    with Store(out) as store:
        assert [mark.comment for entry in store.entries("2_slopes/b") for mark in entry.marks] == [
            "So so."
        ]
    assert person.errors == []


def test_two_people_at_once(browser, server, out, tmp_path):
    with serving(out, tmp_path, name="ada") as other:
        grace, ada = Person(browser, server.url), Person(browser, other.url)
        grace.begin("The error")
        grace.press("f")
        grace.saved()
        answer = grace.text("answer")
        ada.begin("The error")
        ada.wait("[...document.querySelectorAll('#map .done')].length === 1")
        where = ada.page.evaluate(
            "[...document.querySelectorAll('#map span')].findIndex(e => e.matches('.done'))"
        )
        ada.press(*["j"] * where)
        ada.wait(f"document.getElementById('answer').innerText === {json.dumps(answer)}")
        ada.see("marks", "grace: 1 point")
        ada.press("z")
        ada.see("tags", "two people disagree")
        ada.saved()
        grace.see("tags", "two people disagree")
        grace.see("marks", "ada: 0 points")
        with Store(out) as store:
            (entry,) = [entry for entry in store.entries("2_slopes/c") if entry.marks]
        assert [(mark.who, mark.given) for mark in entry.marks] == [("grace", 1.0), ("ada", 0.0)]
        # at the same time, on the same and on other answers
        for _ in range(4):
            grace.press("j", "f")
            ada.press("k" if where > 6 else "j", "f")
        grace.saved()
        ada.saved()
        with Store(out) as store:
            marks = [mark.who for entry in store.entries("2_slopes/c") for mark in entry.marks]
        assert marks.count("grace") == marks.count("ada") == 5
        ada.press("v")
        ada.wait("[...document.querySelectorAll('#map .done')].length === 5")
        ada.press("Enter")
        if "grace" in str(ada.page.evaluate("document.getElementById('marks').textContent")):
            pytest.fail("a second reader saw what the first one gave")
        assert grace.errors == ada.errors == []


def test_a_server_that_is_killed_loses_nothing(browser, out, tmp_path):
    port = free_port()
    with serving(out, tmp_path, port=port) as server:
        person = Person(browser, server.url)
        person.begin("The picture")
        person.press("f", "Enter", "f")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        person.press("Enter", "f")
        person.see("saved", "No connection: not saved yet, trying again")
        person.press("Enter", "c")
        person.type("and a word")
        person.press("Escape")
        person.see("saved", "No connection")
        person.page.close(run_before_unload=False)
    with serving(out, tmp_path, port=port) as server:
        page = person.page.context.new_page()
        page.goto(server.url)
        wait(page, SAVED)
        page.locator("#tasks[open]").wait_for()
    with Store(out) as store:
        marks = [mark for entry in store.entries("2_slopes/d") for mark in entry.marks]
    assert sorted((mark.points, mark.comment) for mark in marks if mark.points) == [(2.0, "")] * 3
    assert [mark.comment for mark in marks if mark.points is None] == ["and a word"]


def test_the_connection_comes_back_to_an_open_page(browser, out, tmp_path):
    port = free_port()
    with serving(out, tmp_path, port=port) as server:
        person = Person(browser, server.url)
        person.begin("The picture")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        person.press("f", "Enter", "z")
        person.see("saved", "No connection: not saved yet, trying again")
    with serving(out, tmp_path, port=port):
        person.saved()
        assert sorted(
            value for value in points(out, "2_slopes/d").values() if value is not None
        ) == [0.0, 2.0]


def test_a_server_that_cannot_write_says_so_and_is_asked_again(browser, server, out):
    person = Person(browser, server.url)
    person.begin("The slope")
    refusal = {"status": 503, "json": {"message": "database or disk is full"}}
    person.page.route("**/api/mark", lambda route: route.fulfill(**refusal))
    person.press("f")
    person.see("saved", "The server says: database or disk is full: not saved yet, trying again")
    person.page.unroute("**/api/mark")
    person.saved()
    assert sum(value is not None for value in points(out, "2_slopes/a").values()) == 1


def test_an_answer_that_changed_after_it_was_read(browser, server, out):
    person = Person(browser, server.url)
    person.begin("The slope")
    person.press("f")
    person.saved()
    (student,) = [student for student, given in points(out, "2_slopes/a").items() if given]
    hand_in(out, changed={(student, "2_slopes/a")})
    person.wait("document.querySelectorAll('#map .odd').length === 1")
    person.press("Enter")
    where = person.page.evaluate(
        "[...document.querySelectorAll('#map span')].findIndex(e => e.matches('.odd'))"
    )
    person.press("k", *["j"] * where)
    person.see("tags", "changed since it was read")
    before, now = (person.page.locator("#answer .version").nth(place) for place in (0, 1))
    now.get_by_text("Now with the case of even").wait_for()
    assert (
        "Now with the case" not in before.inner_text()
        and "The slope, in the words" in before.inner_text()
    )
    assert person.page.input_value("#points") == "1"
    person.press("=")
    person.saved()
    person.wait("document.querySelectorAll('#map .odd').length === 0")
    with Store(out) as store:
        assert {
            entry.state for entry in store.entries("2_slopes/a") if entry.answer.student == student
        } == {"read"}
    assert person.errors == []


def test_anothers_mark_is_taken_over_for_a_changed_answer(browser, server, out):
    student = login("Emma Schäfer")
    with Store(out) as store:
        item = store.add_item("2_slopes/a", 0.25, "the idea")
        store.set_mark([student], "2_slopes/a", "ada", 0.5, "neat", [item])
    hand_in(out, changed={(student, "2_slopes/a")})
    person = Person(browser, server.url)
    person.begin("The slope")
    where = person.page.evaluate(
        "[...document.querySelectorAll('#map span')].findIndex(e => e.matches('.odd'))"
    )
    person.press(*["k"] * 13, *["j"] * where)
    person.see("marks", "ada: 0.75 points")
    person.press("=")
    person.saved()
    with Store(out) as store:
        (entry,) = [
            entry for entry in store.entries("2_slopes/a") if entry.answer.student == student
        ]
    assert [(mark.who, mark.given, mark.comment) for mark in entry.marks] == [
        ("ada", 0.75, "neat"),
        ("grace", 0.75, "neat"),
    ]
    assert entry.state == "read" and not entry.disputed
    assert person.errors == []


def test_what_is_typed_is_for_the_answer_it_was_typed_for(browser, server, out):
    """That one changes in the middle of a comment; the comment must not get to another one."""
    person = Person(browser, server.url)
    person.begin("The slope")
    person.wait("document.getElementById('answer').textContent.includes('in the words of number')")
    number = int(re.search(r"words of number (\d+)", person.text("answer"))[1])
    person.press("c")
    for _ in range(30):
        person.type("so ")
        hand_in(out, changed={(login(NAMES[number]), "2_slopes/a")})
        if "Now with the case" in person.text("answer") or f"number {number}:" not in person.text(
            "answer"
        ):
            break
        person.page.wait_for_timeout(300)
    person.saved()
    with Store(out) as store:
        for entry in store.entries("2_slopes/a"):
            assert not entry.marks or entry.answer.student == login(NAMES[number])


def test_an_automatic_mark_is_changed_with_a_reason(browser, server, out):
    person = Person(browser, server.url)
    person.begin("Sines in rows")
    person.see("score", "Automatically: 0 points. E is not what was expected")
    person.press("f")
    person.see(
        "problem",
        "Points that were given automatically are changed with a reason only; not saved yet.",
    )
    person.press("j", "k")
    person.see("problem", "with a reason only")
    person.press("c")
    person.type("Only the sign of the convention")
    person.press("Escape")
    person.saved()
    assert points(out, "1_waves/wave")[login("Chiara Rossi")] == 2.0
    assert person.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_everything_has_a_name(browser, server, scheme):
    person = Person(browser, server.url, color_scheme=scheme)
    person.begin("Why the sum vanishes")
    for window in (WIDE, NARROW):
        person.page.set_viewport_size(window)
        width = person.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1]
        for part in ("reading", "own", "panel"):
            box = person.page.locator(f"#{part}").bounding_box()
            assert (
                box["x"] + box["width"] <= window["width"]
                and box["y"] + box["height"] <= window["height"]
            )
    for control in person.page.locator("button, input, textarea").all():
        assert control.evaluate(
            "e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent || '').trim()"
        )
    person.press("?")
    person.see("help", "the next answer to be read", open=True)
    person.press("Escape", "j")
    assert person.page.locator("#map .here").get_attribute("data-index") == "1"
    person.wait("document.getElementById('live').textContent.startsWith('Answer 2 of 7')")
    assert person.page.evaluate("document.activeElement.id") == "reading"
    assert person.errors == []
