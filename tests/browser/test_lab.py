"""Tests of the notebooks in JupyterLab, as a person uses them."""

import shutil
from types import SimpleNamespace

import nbformat
import pytest
from chromium import errors_of
from lab import MINUTE, cell, jupyter_lab, open_notebook, run_all, save

from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# a slider of each notebook's explorer that changes the figure to its right
SLIDERS = {"01_encoding": "n", "02_scores": "p", "03_aggregation": "λ", "04_oversmoothing": "depth"}
EXPLORER = "explore"  # id of the cell
CONTROLS = "[role=slider], .widget-readout, button, input"
TABS = 60  # lead at most from a cell to the end of its controls
FOCUSED = "e => e == document.activeElement"
STATE = """e => {
    const slider = e.matches('[role=slider]') ? e : e.closest('.widget-slider')?.querySelector('[role=slider]');
    return [slider?.getAttribute('aria-valuetext'), e.value, e.checked, e.classList.contains('mod-active')].join();
}"""
# The key that changes a control. Arrow keys are for sliders and numbers: on a button or a box that has the focus
# JupyterLab takes them for itself, to go to the next cell.
KEY = """e => {
    if (e.matches('[role=slider]')) return e.ariaValueNow == e.ariaValueMax ? 'ArrowLeft' : 'ArrowRight';
    if (e.matches('[type=number]')) return e.value == e.max ? 'ArrowDown' : 'ArrowUp';
    if (e.matches('.widget-toggle-buttons .mod-active')) return '';  // chosen already
    return e.matches('.widget-toggle-button, [type=checkbox]') ? 'Space' : '';
}"""


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """Start JupyterLab in a folder with the notebooks."""
    folder = tmp_path_factory.mktemp("notebooks")
    for path in find_sheet().notebooks.values():
        shutil.copy(path, folder)
    with jupyter_lab(folder) as address:
        yield folder, address


@pytest.fixture(scope="module", params=find_sheet().notebooks)
def executed(request, browser, lab):
    """Run a notebook in JupyterLab, and return its open page and the saved notebook, which several tests share."""
    folder, address = lab
    path = folder / f"{request.param}.ipynb"
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(3 * MINUTE * 1000)
    errors = errors_of(page)
    cells = nbformat.read(path, as_version=4).cells
    open_notebook(page, address(path.name), sum(cell.cell_type == "code" for cell in cells))
    run_all(page)
    save(page)
    notebook = nbformat.read(path, as_version=4)
    yield SimpleNamespace(stem=path.stem, page=page, errors=errors, notebook=notebook)
    page.close()
    assert not errors


def test_every_cell_runs(executed):
    assert error_of(executed.notebook) is None
    counts = [cell.execution_count for cell in executed.notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_a_slider_changes_the_figure(executed):
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
    assert executed.page.evaluate("window.shown") < 5000, "milliseconds"
    assert image.get_attribute("src") != before


def test_the_keyboard_reaches_and_changes_every_control(executed):
    output, _ = controls(executed)
    keyboard = executed.page.keyboard
    all_controls = output.locator(CONTROLS).filter(visible=True).all()
    tab_to(executed, all_controls[0])
    for control in all_controls:
        assert control.evaluate(FOCUSED), control.evaluate("e => e.outerHTML")
        before, key = control.evaluate(STATE), control.evaluate(KEY)
        if key:
            keyboard.press(key)
            executed.page.wait_for_function(
                f"([e, before]) => ({STATE})(e) != before", arg=[control.element_handle(), before]
            )
        keyboard.press("Tab")


def test_a_screen_reader_is_told_names_and_values(executed):
    output, _ = controls(executed)
    for row in output.locator(".widget-slider").all():
        name, readout = row.locator("label").text_content(), row.locator(".widget-readout")
        for control in [*row.locator("[role=slider]").all(), readout]:
            assert control.get_attribute("aria-label") == name
        value = row.locator("[role=slider]").get_attribute("aria-valuetext")
        assert value == readout.text_content()
    for group in output.locator(".widget-toggle-buttons").all():
        assert group.get_attribute("aria-label") == group.locator(".widget-label").text_content()
        assert group.locator("button[aria-pressed=true]").count() == 1


def controls(executed):
    """Locate the output of the explorer, and a slider in it."""
    index = [cell.id for cell in executed.notebook.cells].index(EXPLORER)
    output = cell(executed.page, index).locator(".jp-Cell-outputArea")
    label = executed.page.get_by_text(SLIDERS[executed.stem], exact=True)
    row = output.locator(".widget-slider").filter(has=label)
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
    raise AssertionError(control.evaluate("e => `Tab does not lead to ${e.outerHTML}`"))
