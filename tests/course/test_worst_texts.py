"""Everything that reads a student's text is quick at 100 000 characters of the worst."""

import time

import pytest
from nbformat.v4 import new_code_cell

from sheet11.course.desk.nameless import hider, plain_html
from sheet11.course.grading.sandboxes import binds
from sheet11.course.overview.similar import canonical
from sheet11.course.pages.cells import clean, colours, highlight, markdown
from sheet11.course.release import MEMBERS
from sheet11.course.submissions.attachments import with_images
from sheet11.course.submissions.images import ImageBudget
from sheet11.course.submissions.matching import is_filled
from sheet11.course.submissions.members import members_in
from sheet11.course.submissions.reading import Cell
from sheet11.course.submissions.submissions import HandedCell
from sheet11.course.text import visible

LENGTH = 100_000
SECONDS = 5  # the quadratic ones took 8 and more, also on fast machines
WORST = [
    "\n",
    " \n",
    "(",
    "\\[",
    "<b>\n\n",
    "$",
    "$$ ",
    "\\begin{a}",
    "`",
    "*a",
    "_",
    "> ",
    " -",
    "[",
    "![](",
    "<",
    "&",
]
WORST += [
    "<a ",
    "<!--",
    "\\",
    "data:image/png;base64,A",
    "attachment:a",
    "<img ",
    "\x1b[31m",
    "'",
    f"{MEMBERS},",
    "a=a ",
]
WORST += ["from import ", "def ", "<i class=a>\n", "```python\n", "x?", "#", "a|a\n-|-\n"]
READERS = {
    "markdown": markdown,
    "clean": clean,
    "colours": colours,
    "highlight": lambda text: highlight(text, {}),
    "images": lambda text: with_images(text, {}, ImageBudget(9, 9))[0],
    "names": hider(["Anna Müller", "Bert"]),
    "pictures": plain_html,
    "visible": visible,
    "similar": canonical,
    "bound": lambda text: str(binds(text, ["nothing"])),
    "members": lambda text: str(members_in([HandedCell(None, None, "markdown", text, "")])),
    "filled": lambda text: str(is_filled(Cell("", "", "code", text), new_code_cell("x"))),
}


@pytest.mark.parametrize("reader", READERS)
def test_time_and_size_are_linear(reader):
    slow = []
    for part in WORST:
        text = (part * LENGTH)[:LENGTH]
        start = time.process_time()
        length = len(READERS[reader](text))
        if time.process_time() - start > SECONDS or length > 50 * LENGTH:
            slow.append((part, length))
    assert not slow


@pytest.mark.parametrize("count", [11_490, 19_999])
@pytest.mark.parametrize("part", ["<b>", "<b class=a>\n", "\n<i class=abcdefghij>\n\na"])
def test_tags_that_are_not_closed_are_not_repeated(part, count):
    assert len(markdown((part * count)[:count])) < 3_000_000


def test_what_is_too_long_to_typeset_is_shown_as_it_is():
    assert markdown("**a** <b>" * 9999).startswith('<pre tabindex="0">**a** &lt;b&gt;**a**')
    assert highlight("a = 1  # <b>\n" * 9999, {}).startswith("a = 1  # &lt;b&gt;\n")
    assert "<strong>a</strong>" in markdown("**a**")


@pytest.mark.parametrize(
    "source",
    ["x = " + "+".join(["1"] * 1500), "x = " + "-" * 20_000 + "1", "x = '\0'", "(" * 20_000,
     "if 0: pass\n" + "elif 1: pass\n" * 1500],
)  # fmt: skip
def test_answers_that_are_nested_too_deeply_to_be_compared(source):
    assert isinstance(canonical(source), str)
