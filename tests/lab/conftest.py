"""What tests of figures and sliders share."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
from explorers import Explorer
from ipywidgets.widgets.widget import _instances as widgets

from sheet11.lab import plots, sliders

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    """No figure stays from one test to the next."""
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as (bundle, metadata)."""
    found = []

    def display(bundle, metadata, raw):
        assert raw
        found.append((bundle, metadata))

    monkeypatch.setattr(plots, "display", display)
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    return found


@pytest.fixture
def undrawn(monkeypatch):
    """Paint nothing, in tests of what a figure holds."""
    monkeypatch.setattr(plots, "png", lambda figure: b"")


@pytest.fixture
def open_explorer(shown, monkeypatch):
    """Call an explorer as a cell in JupyterLab does."""
    monkeypatch.setattr(sliders, "_somebody_is_there", lambda: True)

    def opened(explore, **start):
        closed = []  # else the notebook shows it a second time
        with monkeypatch.context() as patch:
            patch.setattr(plt, "close", closed.append)
            explore(**start)
        (figure,) = closed
        plt.close(figure)
        ((bundle, metadata),) = shown
        shown.clear()
        assert metadata["image/png"]["alt"] == bundle["text/plain"] == plots.describe(figure)
        return Explorer(widgets[bundle[sliders.WIDGET]["model_id"]], figure)

    return opened
