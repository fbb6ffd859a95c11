"""Helpers that read panels, curves and legends of figures, and check rules for every figure."""


def panels_of(figure):
    """Axes that show something other than a colour scale."""
    return [ax for ax in figure.axes if ax.axison and ax.get_label() != "<colorbar>"]


def line(ax, label):
    """The curve with that label."""
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found


def ends(band):
    """The lowest and the highest point of a filled band."""
    heights = band.get_paths()[0].vertices[:, 1]
    return heights.min(), heights.max()


def check_figure(figure):
    """Check that the axes are labelled, some panel has a title, and nothing is cut off at the figure's edge."""
    figure.canvas.draw()
    axes = panels_of(figure)
    leftmost = {}
    for ax in axes:
        left = leftmost.setdefault(round(ax.get_position().y0, 6), ax)
        assert ax.get_xlabel() and (ax.get_ylabel() or left.get_ylabel())
    assert any(ax.get_title() for ax in figure.axes)
    drawn = figure.get_tightbbox(figure.canvas.get_renderer())
    assert (drawn.min >= 0).all() and (drawn.max <= figure.get_size_inches()).all()
