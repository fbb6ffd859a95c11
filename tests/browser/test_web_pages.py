"""The pages of `run`, `sweep` and `grade` in a browser without a network: everything shows, nothing runs."""

import base64

import nbformat
import pytest
from hostile import HTML, PNG
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sheet11.course.grading.exercises import Task

from sheet11.course import run, sweep
from sheet11.course.book.gradebook import Row, Table
from sheet11.course.book.scores import Score
from sheet11.course.jobs import local_executor
from sheet11.course.notebooks import title_of
from sheet11.course.pages.cells import cells_html
from sheet11.course.pages.render import Page, render
from sheet11.course.sheet import find_sheet
from sheet11.course.submissions.people import Identity, Person

pytestmark = [pytest.mark.slow, pytest.mark.browser]
WIDTHS = [360, 1280]
LARGEST = 2_000_000  # bytes of a page
COLOUR_SCHEMES = ["light", "dark"]
NOTEBOOKS = [f"run/{stem}.html" for stem in find_sheet().notebooks]
PAGES = [
    "run/index.html",
    "run/small.html",
    "run/failing.html",
    "sweep/index.html",
    "grades.html",
    "feedback.html",
]
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
    """Pages of a run and a sweep of small notebooks, of the kit's notebooks, of grading, and of hostile things."""
    out = tmp_path_factory.mktemp("pages")
    for name, n in {"small": 3, "failing": 0}.items():
        parameters = new_code_cell(f"n: int = {n}", metadata={"tags": ["parameters"]})
        cells = [new_markdown_cell(f"# A {name} notebook"), parameters, new_code_cell(SMALL)]
        nbformat.write(new_notebook(cells=cells), out / f"{name}.ipynb")
    paths = [out / "small.ipynb", out / "failing.ipynb", *find_sheet().notebooks.values()]
    with local_executor(2) as (executor, threads):
        run.run(run.jobs_of_notebooks(paths, {}, threads), executor, out / "run")
        sweep.sweep(
            sweep.jobs_of_grid(out / "small.ipynb", {"n": [0, 1, 2]}, threads),
            executor,
            out / "sweep",
        )
    title, cells = title_of(hostile, "hostile"), cells_html(hostile)
    (out / "hostile.html").write_text(render("notebook.html.j2", heading=title, cells=cells))
    page = Page(HTML, HTML, HTML, 1.0, {HTML: HTML}, {HTML: HTML, "r": 1.5}, None)
    (out / "hostile-index.html").write_text(render("index.html.j2", heading=HTML, pages=[page]))
    tasks = [
        Task("notebook", f"task-{n}", "1a) A part", "", 2, "check" if n else None, 0.1)
        for n in range(9)
    ]
    scores = [
        Score(None, "to read", ""),
        *[Score(n % 3, "wrong", f"{HTML} " * (n == 2)) for n in range(8)],
    ]
    people = {name: called(name) for name in ("somebody", HTML)}
    somebodys, rows = (
        [Row(name, *each) for each in zip(tasks, scores, strict=True)] for name in people
    )
    table = Table(tasks, somebodys + rows)
    (out / "grades.html").write_text(
        render("grades.html.j2", heading="Grades", table=table, people=people)
    )
    section = {
        "stem": "notebook",
        "title": HTML,
        "answers": [(row, HTML, []) for row in rows],
        "has_notebook": True,
    }
    section["figures"] = [(base64.b64encode(PNG).decode(), HTML)]
    shown = {"heading": HTML, "person": called(HTML), "rows": rows, "sections": [section]}
    (out / "feedback.html").write_text(render("feedback.html.j2", **shown))
    return out


def called(name):
    """Somebody who was late, in a group, and handed in too much."""
    both = (Identity(login=name, name=name), Identity(name=HTML))
    return Person(name, both[0], both, late="1 d 2 h late", notes=(HTML,))


@pytest.fixture
def show(browser, folder):
    """Open a page as a file, without a network; errors in the console and requests for anything else are errors."""
    contexts, troubles = [], []

    def show(name, width=1280, colour_scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=colour_scheme
        )
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url[:200]}"))
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:")) else troubles.append(r.url),
        )
        page.goto((folder / name).as_uri())
        return page

    show.troubles = troubles
    yield show
    for context in contexts:
        context.close()
    assert not troubles


@pytest.mark.parametrize("colour_scheme", COLOUR_SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*PAGES, *NOTEBOOKS])
def test_everything_shows(show, name, width, colour_scheme):
    page = show(name, width, colour_scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    images = page.evaluate(
        "Array.from(document.images, i => [i.naturalWidth, i.width || !i.checkVisibility(), i.alt.trim()])"
    )
    assert all(natural > 0 and shown > 0 and alt for natural, shown, alt in images)
    formulas = page.evaluate(
        "[...document.querySelectorAll('math')].filter(m => m.checkVisibility()).map(m => m.getBoundingClientRect())"
        ".map(r => [r.width, r.height])"
    )
    assert all(width > 1 and height > 1 for width, height in formulas)
    assert bool(formulas) == (name in NOTEBOOKS)
    faint = {colours: ratio for colours, ratio in page.evaluate(CONTRASTS).items() if ratio < 4.5}
    assert not faint
    headings = page.evaluate(
        "Array.from(document.querySelectorAll('h1, h2, h3, h4, h5, h6'), h => +h.tagName[1])"
    )
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(headings, headings[1:], strict=False))


@pytest.mark.parametrize("name", [*PAGES, *NOTEBOOKS])
def test_the_keyboard_reaches_everything(show, name):
    page = show(name, 360)
    wanted = page.evaluate("""() => {
      const scrolls = e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "auto";
      const found = Array.from(document.querySelectorAll("main *, nav *"))
        .filter(e => e.checkVisibility() && (e.matches("a[href], summary, input:checked") || scrolls(e)));
      found.forEach((e, number) => e.dataset.wanted = number);
      return found.length;
    }""")
    reached = {}
    for _ in range(
        page.evaluate(
            "document.querySelectorAll('a[href], summary, [tabindex], input:checked').length"
        )
    ):
        page.keyboard.press("Tab")
        focus = "[document.activeElement.dataset.wanted, getComputedStyle(document.activeElement).outlineStyle]"
        number, outline = page.evaluate(focus)
        assert outline == "solid", "it is seen where the focus is"
        reached[number] = True
    assert reached.keys() >= {str(number) for number in range(wanted)}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_keyboard_turns_every_explorer(show, folder, name):
    assert (folder / name).stat().st_size <= LARGEST
    page = show(name)
    explorers = page.locator(".settings").all()
    assert explorers
    for settings in explorers:
        chosen, buttons = settings.locator("input:checked"), settings.locator("input").all()
        chosen.focus()  # that Tab leads here is another test
        seen = set()
        for _ in buttons:
            page.keyboard.press("ArrowDown")
            image = settings.locator("img").filter(visible=True)
            assert image.count() == 1
            assert image.get_attribute("class") == chosen.get_attribute("class"), (
                "the picture of what is chosen"
            )
            assert chosen.evaluate("e => e === document.activeElement") and chosen.evaluate(
                "e => e.labels[0].innerText"
            )
            seen.add(image.get_attribute("src"))
        different = {image.get_attribute("class") for image in settings.locator("img").all()}
        assert len(seen) > 0.8 * len(different), "nearly every setting looks different"
        assert settings.locator("fieldset").count() == settings.locator("legend").count() >= 2


def test_the_keyboard_opens_a_hint(show):
    page = show(NOTEBOOKS[0], 360)
    hint = page.locator("main details").first
    assert not hint.locator("p").first.is_visible()
    hint.locator("summary").focus()
    page.keyboard.press("Enter")
    assert hint.locator("p").first.is_visible()


@pytest.mark.parametrize(
    "name", ["hostile.html", "hostile-index.html", "grades.html", "feedback.html"]
)
def test_nothing_runs(show, name):
    page = show(name)
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    assert (
        page.evaluate(
            "document.querySelectorAll('script, iframe, object, embed, svg, form, video, base').length"
        )
        == 0
    )
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
