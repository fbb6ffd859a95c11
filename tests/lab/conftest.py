"""Fixtures of figures and sliders."""

from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pytest
from explorers import Explorer
from ipywidgets.widgets import widget

from sheet11.lab import plots, sliders

matplotlib.use("Agg")
widgets = widget._instances if hasattr(widget, "_instances") else widget.Widget.widgets  # or 7


@pytest.fixture(autouse=True)
def close_figures():
    """Close all figures after each test."""
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """Collect displayed data as (bundle, metadata)."""
    found = []
    monkeypatch.setattr(
        plots, "display", lambda data, metadata, raw: found.append((data, metadata))
    )
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    return found


@pytest.fixture
def open_explorer(shown, monkeypatch):
    """Call an explorer like a cell in JupyterLab, with small figures."""
    shell = SimpleNamespace(get_parent=lambda: {"metadata": {"cellId": "x"}})
    close, figures = plt.close, []

    def closed(figure):
        figures.append(figure)
        close(figure)

    def opened(explore, **start):
        with monkeypatch.context() as in_a_browser:
            in_a_browser.setattr(sliders, "get_ipython", lambda: shell)
            explore(**start)
        bundle, _ = shown.pop()
        return Explorer(widgets[bundle[sliders.WIDGET]["model_id"]], figures)

    monkeypatch.setattr(plt, "close", closed)
    monkeypatch.setitem(plt.rcParams, "figure.dpi", 25)
    return opened
