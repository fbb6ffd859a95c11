"""Reading figures: panels, curves and legends, and what must hold for every figure."""

import numpy as np
from matplotlib.figure import Figure


def panels_of(figure):
    """Axes that show something other than a colour scale."""
    return [ax for ax in figure.axes if ax.axison and ax.get_label() != "<colorbar>"]


def line(ax, label):
    """The curve with that label."""
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found


def labels(ax):
    """What the legend names."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def functions_of(module):
    """Names of the public functions that a module defines."""
    return {
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
    }


def check_figure(figure, xlabels):
    """Check that the axes are labelled, some panel has a title, and nothing is cut off at the figure's edge."""
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    axes = panels_of(figure)
    assert [ax.get_xlabel() for ax in axes] == xlabels
    assert axes[0].get_ylabel()
    for ax in axes[1:]:
        assert ax.get_ylabel() or np.allclose(ax.get_position().y0, axes[0].get_position().y0)
    assert any(ax.get_title() for ax in figure.axes)
    box, (width, height) = (
        figure.get_tightbbox(figure.canvas.get_renderer()),
        figure.get_size_inches(),
    )
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
