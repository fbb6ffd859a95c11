"""Tests of the pages of `run`, `sweep` and `grade` in a browser without a network: all is shown, nothing runs."""

import base64
import itertools

import nbformat
import pytest
from filled import row_of
from hostile import HTML, PNG
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course import run, sweep
from sheet11.course.book.gradebook import Table, line_of
from sheet11.course.book.marks import Task
from sheet11.course.book.scores import Score, Status
from sheet11.course.jobs import local_executor
from sheet11.course.pages.render import Page, cells_html, render
from sheet11.course.sheet import find_sheet
from sheet11.course.submissions.people import Identity, Person

pytestmark = [pytest.mark.slow, pytest.mark.browser]
WIDTHS = (360, 1280)
LARGEST = 2_000_000  # bytes of a page
NOTEBOOKS = [f"run/{stem}.html" for stem in find_sheet().notebooks]
PAGES = "run/index.html run/small.html run/failing.html sweep/index.html grades.html feedback.html class.html".split()
SMALL = """
import sys, matplotlib.pyplot as plt, pandas as pd
from IPython.display import display
from sheet11 import record
plt.plot(range(n))
plt.show()
print("on standard error", file=sys.stderr)
display(pd.DataFrame({"square": [i**2 for i in range(n)]}))
record(square=n * n, half=n / 2)
assert n > 0, "a long message that does not fit on one line of a phone"
"""
TASK = {"title": "f", "maximum": 2.0, "students": 3, "answered": 3}
TASK |= {"mean": 1.5, "earned": 0.75, "discrimination": None}

# the luminance of every text and of what is behind it, as painted: a canvas turns any CSS colour into red, green, blue
CONTRASTS = """() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const luminance = colour => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const linear = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = element => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour !== "rgba(0, 0, 0, 0)" ? colour : behind(element.parentElement);
  };
  const seen = new Map();
  for (const element of document.querySelectorAll("body *"))
    if ([...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())) {
      const colours = [getComputedStyle(element).color, behind(element)];
      const [dark, bright] = colours.map(luminance).sort((a, b) => a - b);
      seen.set(colours.join(" on "), (bright + 0.05) / (dark + 0.05));
    }
  return Object.fromEntries(seen);
}"""


@pytest.fixture(scope="module")
def folder(browser, tmp_path_factory, hostile):
    """Write pages of a run and a sweep of small notebooks, the kit's notebooks, a grading, and hostile input."""
    out = tmp_path_factory.mktemp("pages")
    for name, n in {"small": 3, "failing": 0}.items():
        parameters = new_code_cell(f"n: int = {n}", metadata={"tags": ["parameters"]})
        cells = [new_markdown_cell(f"# A {name} notebook"), parameters, new_code_cell(SMALL)]
        nbformat.write(new_notebook(cells=cells), out / f"{name}.ipynb")
    small = out / "small.ipynb"
    sheet = find_sheet()
    paths = [small, out / "failing.ipynb", *sheet.notebooks.values()]
    with local_executor(2) as (executor, threads):
        notebooks = run.jobs_of_notebooks(paths, {}, sheet, threads, frames=True)
        run.run(notebooks, executor, out / "run")
        points = sweep.jobs_of_grid(small, {"n": [0, 1, 2]}, sheet, threads)
        sweep.sweep(points, executor, out / "sweep")
    both = (Identity(login=HTML, name=HTML), Identity(name=HTML))
    person = Person(HTML, both[0], both, late="1 d 2 h late", notes=(HTML,))
    scores = [Score(None, Status.TO_READ), Score(0.5, Status.WRONG, HTML)]
    task = Task("notebook/task", "1a) A part", HTML, 2.0, False, "", heading=HTML)
    tasks = [task, task._replace(name="notebook/other")]
    rows = [row_of(HTML, *each) for each in zip(tasks, scores, strict=True)]
    line = line_of(rows, tasks)._replace(adjustments=[HTML])
    picture = base64.b64encode(PNG).decode()
    page = Page(HTML, HTML, HTML, 1.0, {HTML: HTML}, {HTML: HTML, "r": 1.5}, None)
    pages = {
        "notebook": {"cells": cells_html(hostile)},
        "index": {"pages": [page]},
        "grades": {"table": Table(tasks, {HTML: line}), "people": {HTML: person}},
        "feedback": {
            "person": person,
            "line": line,
            "maximum": 4.0,
            "content_of": lambda digest: (HTML, {}),
            "texts": set(),
            "figures": {"notebook": [(picture, HTML)]},
        },
        "class": {
            "students": 3,
            "excused": 1,
            "adjusted": 2,
            "maximum": 4.0,
            "median": 2.5,
            "histogram": [0, 1, 2],
            "tasks": [TASK | {"title": HTML}, TASK | {"earned": None, "discrimination": -0.5}],
            "times": [1, 2.5, 3],
            "reasons": [{"task": "f", "title": HTML, "times": 2, "remark": HTML, "example": HTML}],
        },
    }
    for name, values in pages.items():
        (out / f"{name}.html").write_text(render(f"{name}.html.j2", heading=HTML, **values))
    return out


@pytest.fixture
def show(browser, folder):
    """Open a page as a file without a network; console errors and requests for other addresses fail the test."""
    context = browser.new_context(offline=True)
    asked, troubles = [], []

    def show(name, width=1280):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / name).as_uri())
        return page

    show.troubles = troubles
    yield show
    context.close()
    assert not troubles and all(url.startswith(("file:", "data:")) for url in asked)


@pytest.mark.parametrize("name", [*PAGES, *NOTEBOOKS])
def test_everything_shows(show, name):
    page = show(name)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ratios = page.evaluate(CONTRASTS)
        assert not {colours: ratio for colours, ratio in ratios.items() if ratio < 4.5}
    assert page.evaluate("[...document.images].every(i => i.naturalWidth && i.alt.trim())")
    formulas = "[...document.querySelectorAll('math')].filter(m => m.checkVisibility())"
    assert page.evaluate(f"{formulas}.every(m => m.getBoundingClientRect().width > 1)")
    levels = page.evaluate(
        "Array.from(document.querySelectorAll('h1, h2, h3, h4, h5, h6'), h => +h.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("name", [*PAGES, *NOTEBOOKS])
def test_the_keyboard_reaches_everything(show, name):
    page = show(name, 360)
    wanted = page.evaluate("""() => {
      const scrolls = e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "auto";
      const found = Array.from(document.querySelectorAll("main *, nav *"))
        .filter(e => e.checkVisibility() && (e.matches("a[href], summary, input:checked") || scrolls(e)));
      found.forEach((e, number) => e.dataset.wanted = number);
      window.reached = new Set();
      document.addEventListener("focusin", ({target}) => {
        if (getComputedStyle(target).outlineStyle !== "solid") throw new Error("no outline");
        reached.add(target.dataset.wanted);
      });
      return found.length;
    }""")
    stops = "document.querySelectorAll('a[href], summary, [tabindex], input:checked').length"
    for _ in range(page.evaluate(stops)):
        page.keyboard.press("Tab")
    reached = page.evaluate("[...reached]")
    assert {str(number) for number in range(wanted)} <= set(reached)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_keyboard_turns_every_explorer(show, folder, name):
    assert (folder / name).stat().st_size <= LARGEST
    explorers = show(name).locator(".settings").all()
    assert explorers
    for settings in explorers:
        seen = set()
        for row in settings.locator("fieldset").all():
            row.locator("input:checked").focus()  # that Tab leads here is another test
            for button in row.locator("input").all():
                button.page.keyboard.press("ArrowDown")
                (image,) = settings.locator("img").filter(visible=True).all()
                chosen = [
                    one.get_attribute("class") for one in settings.locator("input:checked").all()
                ]
                wanted = "frame-{}{}".format(*(name.partition("-")[2] for name in chosen))
                assert image.get_attribute("class") == wanted, "the picture of what is chosen"
                seen.add(image.get_attribute("src"))
        assert len(seen) > 0.8 * (settings.locator("input").count() - 1), (
            "nearly all look different"
        )


@pytest.mark.parametrize("name", ["notebook", "index", "grades", "feedback", "class"])
def test_nothing_runs(show, name):
    page = show(f"{name}.html")
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    forbidden = "script, iframe, object, embed, svg, form, video, base"
    assert page.locator(forbidden).count() == 0
    attributes = "Array.from(document.querySelectorAll('*')).flatMap(e => e.getAttributeNames())"
    assert not [name for name in page.evaluate(attributes) if name.startswith("on")]
    schemes = page.evaluate("Array.from(document.links, link => link.protocol)")
    assert set(schemes) <= {"file:", "https:"}


def test_the_policy_of_the_pages_alone_stops_a_script(show):
    page = show("run/small.html")
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.pwned = true";
      document.body.append(script);
    }""")
    assert page.evaluate("window.pwned") is None
    assert "Content Security Policy" in show.troubles.pop()
