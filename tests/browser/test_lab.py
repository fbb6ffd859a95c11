"""The notebooks in JupyterLab, as a person uses them."""

import contextlib
import shutil
from types import SimpleNamespace

import nbformat
import pytest
from chromium import errors_of
from lab import MINUTE, cell, jupyter_lab, open_notebook, run_all, save
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# notebook: the id of the cell with controls, and the label of a slider there that changes the figure to its right
EXPLORE = {
    "01_encoding": ("explore", "n"),
    "02_scores": ("explore", "p"),
    "03_aggregation": ("explore", "λ"),
    "04_oversmoothing": ("explore", "depth"),
    "controls": ("explore", "n"),
}

CONTROLS = "[role=slider], .widget-readout, select, button, input"
TABS = 60  # lead at most from a cell to the end of its controls
FOCUSED = "e => e == document.activeElement"
STATE = """e => {
    const slider = e.matches('[role=slider]') ? e : e.closest('.widget-slider')?.querySelector('[role=slider]');
    return [slider?.getAttribute('aria-valuetext'), e.value, e.checked, e.classList.contains('mod-active')].join();
}"""
# The keys that change a control. Arrow keys are for sliders and numbers: on a list, a button or a box that has the
# focus JupyterLab takes them for itself, to go to the next cell. A number can be typed beside a slider of numbers; what
# is beside a SelectionSlider looks the same and takes nothing.
KEYS = """e => {
    if (e.matches('[role=slider]')) return [e.ariaValueNow == e.ariaValueMax ? 'ArrowLeft' : 'ArrowRight'];
    if (e.matches('[type=number]')) return [e.value == e.max ? 'ArrowDown' : 'ArrowUp'];
    if (e.matches('select')) return ['Enter', e.selectedIndex + 1 < e.length ? 'ArrowDown' : 'ArrowUp', 'Enter'];
    if (e.matches('.widget-readout')) {
        const slider = e.closest('.widget-slider').querySelector('[role=slider]');
        return Number(e.textContent) == Number(slider.ariaValueNow) ? ['readout'] : [];
    }
    if (e.matches('.widget-toggle-buttons .mod-active')) return [];  // chosen already
    return e.matches('.widget-toggle-button, [type=checkbox]') ? ['Space'] : [];
}"""

SLIDER = """import io

import ipywidgets
from matplotlib.figure import Figure


def png(n):
    figure = Figure(figsize=(3, 1))
    figure.text(0.1, 0.4, f"n = {n}", size=30)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


n = ipywidgets.IntSlider(value=3, max=10, description="n")
base = ipywidgets.FloatLogSlider(value=100, min=0, max=6, description="base")
kind = ipywidgets.SelectionSlider(options=["sheet", "vaswani"], description="kind")
choice = ipywidgets.Dropdown(options=["cat", "add"], description="choice")
mode = ipywidgets.ToggleButtons(options=["min", "max"], description="mode")
check = ipywidgets.Checkbox(description="check")
number = ipywidgets.BoundedIntText(description="number")
image = ipywidgets.Image(value=png(3))
n.observe(lambda change: setattr(image, "value", png(change.new)), "value")
ipywidgets.VBox([n, base, kind, choice, mode, check, number, image])"""


def build_nb(*sources):
    cells = [
        new_code_cell(source, id=id)
        for id, source in zip(("first", "explore"), sources, strict=True)
    ]
    return new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    for path in find_sheet().notebooks.values():
        shutil.copy(path, folder)
    nbformat.write(build_nb("1 + 1", SLIDER), folder / "controls.ipynb")
    nbformat.write(build_nb("%%javascript\nconsole.error('red')", "1 / 0"), folder / "broken.ipynb")
    with jupyter_lab(folder) as lab:
        yield SimpleNamespace(server=lab, folder=folder)


@contextlib.contextmanager
def run(stem, browser, lab):
    """Open a notebook, run all cells, save, and read back what was saved; leave the page open."""
    path = lab.folder / f"{stem}.ipynb"
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(3 * MINUTE * 1000)
    errors = errors_of(page)
    try:
        open_notebook(page, lab.server, path.name, len(code(nbformat.read(path, as_version=4))))
        run_all(page)
        save(page)
        yield SimpleNamespace(
            stem=stem, page=page, errors=errors, notebook=nbformat.read(path, as_version=4)
        )
    finally:
        page.close()
        lab.server.end_kernels()


@pytest.fixture(scope="module")
def executed(request, browser, lab):
    """A notebook that is open in JupyterLab and has just run; tests of the same notebook share it."""
    with run(request.param, browser, lab) as executed:
        yield executed


each_notebook = pytest.mark.parametrize("executed", find_sheet().notebooks, indirect=True)
each_with_controls = pytest.mark.parametrize("executed", EXPLORE, indirect=True)


@each_notebook
def test_every_cell_runs(executed):
    assert error_of(executed.notebook) is None
    cells = code(executed.notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all("shell.execute_reply" in cell.metadata.get("execution", {}) for cell in cells), (
        "none is as it was stored"
    )
    assert not executed.errors


@each_with_controls
def test_a_slider_changes_the_figure(executed, record_property):
    output, slider = controls(executed)
    image = output.locator("img")
    image.evaluate("image => image.decode()")  # the picture that was there before is shown
    before = image.get_attribute("src")
    tab_to(executed, slider)
    image.evaluate(
        """image => {
            window.shown = new Promise((resolve, reject) => {
                let pressed;
                addEventListener("keydown", () => (pressed = performance.now()), {capture: true, once: true});
                image.addEventListener("load", () => resolve(performance.now() - pressed), {once: true});
                setTimeout(reject, 60000, new Error("no other figure for a minute"));
            });
        }"""
    )
    executed.page.keyboard.press("ArrowRight")
    milliseconds = executed.page.evaluate("window.shown")
    record_property("milliseconds", milliseconds)
    print(f"{executed.stem}: another figure {milliseconds:.0f} ms after the key")
    assert image.get_attribute("src") != before
    assert milliseconds < 5000
    assert not executed.errors


@each_with_controls
def test_the_keyboard_reaches_and_changes_every_control(executed):
    output, _ = controls(executed)
    keyboard, shown = executed.page.keyboard, None
    all_controls = output.locator(CONTROLS).filter(visible=True).all()
    tab_to(executed, all_controls[0])
    for control in all_controls:
        assert control.evaluate(FOCUSED), (
            f"Tab does not lead to {control.evaluate('e => e.outerHTML')}"
        )
        before, keys = control.evaluate(STATE), control.evaluate(KEYS)
        if keys == ["readout"]:  # of the slider that has just been moved: back to where it was
            keyboard.press("Control+a")
            keyboard.insert_text(shown)
            keys = ["Enter"]
        shown = control.evaluate(
            "e => e.closest('.widget-slider')?.querySelector('.widget-readout')?.textContent"
        )
        for key in keys:
            keyboard.press(key)
        if keys:
            executed.page.wait_for_function(
                f"([e, before]) => ({STATE})(e) != before", arg=[control.element_handle(), before]
            )
        keyboard.press("Tab")
    assert not executed.errors


@pytest.mark.parametrize("executed", find_sheet().notebooks, indirect=True)
def test_a_screen_reader_is_told_names_and_values(executed):
    output, slider = controls(executed)
    for control in output.locator("[role=slider], .widget-readout").all():
        name = control.locator(
            "xpath=ancestor::*[contains(@class, 'widget-slider')]/label"
        ).text_content()
        assert control.get_attribute("aria-label") == name
    for control in output.locator("[role=slider]").all():
        value = control.locator("xpath=ancestor::*[contains(@class, 'widget-slider')]").locator(
            ".widget-readout"
        )
        assert control.get_attribute("aria-valuetext") == value.text_content()
    for group in output.locator(".widget-toggle-buttons").all():
        assert group.get_attribute("aria-label") == group.locator(".widget-label").text_content()
        pressed = group.locator("button[aria-pressed=true]")
        assert pressed.count() == 1 and "mod-active" in pressed.get_attribute("class")


def test_errors_are_seen(browser, lab):
    with run("broken", browser, lab) as broken:
        assert error_of(broken.notebook) == "ZeroDivisionError: division by zero"
        assert broken.errors == ["red"]


def controls(executed):
    """Locate the output of the cell with controls, and the slider in it."""
    id, label = EXPLORE[executed.stem]
    (index,) = [index for index, cell in enumerate(executed.notebook.cells) if cell.id == id]
    output = cell(executed.page, index).locator(".jp-Cell-outputArea")
    row = output.locator(".widget-slider").filter(has=executed.page.get_by_text(label, exact=True))
    return output, row.get_by_role("slider")


def tab_to(executed, control):
    """Press Tab until a control of the cell has the focus, starting from the cell itself."""
    control.locator("xpath=ancestor::*[contains(@class, 'jp-Cell ')]").locator(
        ".jp-InputArea-prompt"
    ).click()
    for _ in range(TABS):
        executed.page.keyboard.press("Tab")
        if control.evaluate(FOCUSED):
            return
    raise AssertionError(f"Tab does not lead to {control.evaluate('e => e.outerHTML')}")
