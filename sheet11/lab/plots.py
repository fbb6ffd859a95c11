"""Common parts of the notebooks' figures. The functions draw given values and compute no results.

Functions with a noun as their name return a figure, which `show` displays in a notebook; functions named `draw_…`
draw into axes. Signed matrices have a diverging scale centred at 0; matrices side by side share one scale.
"""

import base64
import functools
import io
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib_inline.config import InlineBackend
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from PIL.Image import Dither, Quantize

DIVERGING = "RdBu_r"  # blue - white - red, distinguishable with any colour vision
# blue, vermilion, green, purple, sky blue, orange, black: Okabe & Ito 2008, "Color Universal Design"
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"]
MARKERS = list("osD^vP*")
WIDTH = 10  # inches; the width of a notebook's output
MARGINS = 0.55, 0.35  # inches below and above a panel
LEFT = 0.95  # inches beside a panel
DOWN = 0.8  # inches between rows of panels
SHADES = 256  # colours of a picture; a palette makes the file a third as large
# largest distinguishable number of rows or columns of a heatmap, or of markers on a curve
MOST = 256

Floats = NDArray[np.float64]
Curves = Mapping[str, ArrayLike]
P = ParamSpec("P")
R = TypeVar("R")

if hasattr(shell := get_ipython(), "kernel") and plt.get_backend().lower() == "agg":
    # many CI machines set MPLBACKEND; figures, including the student's own, must still appear in the notebook
    shell.enable_matplotlib("inline")


def are_wanted() -> bool:
    """Return True if figures are to be drawn; a sweep, for example, needs only numbers."""
    return "inline" not in plt.get_backend() or bool(InlineBackend.instance().figure_formats)


def drawn_if_wanted(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a function return an empty figure when figures are not wanted, because axes and labels are slow."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Any:
        return draw(*args, **kwargs) if are_wanted() else Figure()

    return drawn


def show(figure: Figure) -> None:
    """Show a figure of this module in a notebook, with a description for screen readers, and close it.

    `plt.show()` would draw it twice in order to crop it; these figures already have their margins.
    """
    if "inline" not in plt.get_backend():  # a window, or a widget
        plt.show()
        return
    plt.close(figure)
    if not are_wanted():
        display(figure)  # shown as text
        return
    display_bundle(bundle(figure))


def display_bundle(data: dict[str, Any]) -> None:
    """Display data by MIME type, with the text as alternative text of the picture."""
    display(data, metadata={"image/png": {"alt": data["text/plain"]}}, raw=True)


def bundle(figure: Figure) -> dict[str, Any]:
    """Return a figure as a picture and as a description, by MIME type."""
    return {
        "text/plain": describe(figure),
        "image/png": base64.b64encode(png(figure)).decode(),
    }


def png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    image = painted(figure).quantize(SHADES, Quantize.MAXCOVERAGE, dither=Dither.NONE)
    image.save(buffer, "png", dpi=(figure.dpi, figure.dpi))
    return buffer.getvalue()


def painted(figure: Figure) -> Image.Image:
    """Return a figure as an image without transparency."""
    for ax in figure.axes:
        # fix the title's position: otherwise matplotlib measures all tick labels to avoid them
        ax.set_title(ax.get_title(), y=1)
    canvas: Any = FigureCanvasAgg(figure)  # pyplot takes a figure's canvas away when it closes it
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def read_heatmap(ax: Axes, bar: Axes, shape: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """Read a heatmap off its picture, as a person does: look every entry's colour up on the colour bar.

    Args:
        ax: axes that the heatmap fills.
        bar: axes of the colour bar.
        shape: rows and columns of the heatmap, row 0 on top.

    Returns:
        The entries, their colours between 0 and 1, shape (rows, columns, 3), and the two ends of the colour bar.
    """
    picture = np.asarray(painted(ax.figure)) / 255  # type: ignore[arg-type]

    def seen(axes: Axes, points: Floats) -> Floats:
        """Return the colours at points given as shares of the width and the height of the axes."""
        x, y = axes.transAxes.transform(points).astype(int).T
        colours: Floats = picture[-1 - y, x]
        return colours

    rows, columns = shape
    i, j = np.indices(shape).reshape(2, -1)
    # not in the middle of a cell, where it may be annotated
    colours = seen(ax, np.column_stack([(j + 0.2) / columns, 1 - (i + 0.2) / rows]))
    upright = int(bar.bbox.height > bar.bbox.width)
    points = np.full((1001, 2), 0.5)
    points[:, upright] = np.linspace(0.002, 0.998, 1001)
    nearest = np.abs(colours[:, None] - seen(bar, points)).sum(axis=2).argmin(axis=1)
    scale = bar.transData.inverted().transform(bar.transAxes.transform(points))[:, upright]
    ends = np.array(bar.get_ylim() if upright else bar.get_xlim())
    return scale[nearest].reshape(shape), colours.reshape(*shape, 3), ends


def describe(figure: Figure) -> str:
    """Describe a figure in words: title and axes of every panel, and the label of its colour scale."""
    panels = []
    for ax in figure.axes:
        title = ax.get_title().replace("\n", " ")
        if ax.get_label() == "<colorbar>":
            title = "colours"
        labels = " against ".join(filter(None, [ax.get_ylabel(), ax.get_xlabel()]))
        panels.append(": ".join(filter(None, [title, labels])))
    return "; ".join(panels)


@drawn_if_wanted
def heatmaps(
    matrices: Mapping[str, Floats],
    xlabel: str,
    ylabel: str,
    colour_label: str,
) -> Figure:
    """Draw heatmaps side by side, titled by name, on one diverging colour scale centred at 0.

    If a matrix has more entries than its panel has pixels, each block is drawn as its entry of largest magnitude.

    Args:
        matrices: title and matrix of each panel.
        xlabel: name of the columns.
        ylabel: name of the rows.
        colour_label: name of the entries.
    """
    limit = max(float(np.abs(matrix).max()) for matrix in matrices.values())
    figure, axes = panels(
        len(matrices),
        height=3.4,
        width=WIDTH if len(matrices) > 1 else 0.75 * WIDTH,
        across=0.5,
        right=0.65,
    )
    for ax, (title, matrix) in zip(axes, matrices.items(), strict=True):
        draw_heatmap(ax, matrix, limit)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel if ax is axes[0] else "")
    figure.colorbar(
        axes[-1].collections[0], ax=list(axes), label=colour_label, fraction=0.05, pad=0.02
    )
    return figure


def draw_heatmap(
    ax: Axes,
    matrix: Floats,
    limit: float,
    first_index: tuple[int, int] = (1, 1),
    rows: int | None = None,
) -> None:
    """Draw a matrix with seaborn on a diverging scale from −limit to limit.

    Args:
        ax: empty axes.
        matrix: shape (rows, columns).
        limit: magnitude at the ends of the scale.
        first_index: number of the first row and of the first column.
        rows: number of rows before selection, if `matrix` is a selection of rows.
    """
    import seaborn as sns  # imported late: it takes a second, and not every notebook has heatmaps

    step = -(-max(matrix.shape) // MOST)
    limit = limit or 1.0
    # seaborn would draw the figure to find overlapping tick labels, and there are none
    ax.figure.set_visible(False)
    sns.heatmap(
        _coarse(matrix, step),
        ax=ax,
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        cbar=False,
        xticklabels=False,
        yticklabels=False,
    )
    ax.figure.set_visible(True)
    ax.grid(False)
    ax.spines[:].set_visible(True)
    height, width = matrix.shape
    rows = rows or height
    _number(ax.yaxis, first_index[0], rows, height / rows / step)
    _number(ax.xaxis, first_index[1], width, 1 / step)


def panels(
    columns: int,
    height: float,
    width: float = WIDTH,
    *,
    rows: int = 1,
    right: float = 0.2,
    bottom: float = MARGINS[0],
    top: float = MARGINS[1],
    across: float = 0.85,
) -> tuple[Figure, Any]:
    """Make panels with fixed margins, because a layout engine takes as long as the drawing itself.

    All lengths are in inches.

    Args:
        columns: number of panels side by side.
        height: height of the figure.
        width: width of the figure.
        rows: number of rows of panels.
        right: right margin.
        bottom: bottom margin.
        top: top margin.
        across: space between columns.

    Returns:
        Figure and its axes; several rows of axes as an array of shape (rows, columns).
    """
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    figure.subplots_adjust(
        left=LEFT / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=across * columns / (width - LEFT - right - (columns - 1) * across),
        hspace=DOWN * rows / (height - bottom - top - (rows - 1) * DOWN),
    )
    for ax in figure.axes:
        ax.set_prop_cycle(color=COLOURS, marker=MARKERS)
        ax.grid(alpha=0.3)
    return figure, axes if rows > 1 else axes[0]


def legend_beside(ax: Axes, **options: Any) -> None:
    """Place a legend beside a panel, where it covers no data; `options` are passed to matplotlib."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0, **options)


def powers_of_ten(axis: Axis) -> None:
    """Label a logarithmic axis with powers such as 10⁻³ in plain text, because matplotlib's formulas are slow."""
    superscript = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    axis.set_major_formatter(
        lambda value, _: "10" + str(round(np.log10(value))).translate(superscript)
    )


def whole_numbers(axis: Axis, most: int = 10) -> None:
    """Label an axis at whole numbers only."""
    axis.set_major_locator(MaxNLocator(most, integer=True))


def signed(value: float) -> str:
    """Format a number with three digits, a typographic minus sign, and ∞."""
    return f"{value:.3g}".replace("-", "−").replace("inf", "∞")


def _number(axis: Axis, first: int, count: int, width: float) -> None:
    """Number rows or columns of a heatmap at round numbers; each of them is `width` cells wide."""
    locator = MaxNLocator(6, integer=True, steps=[1, 2, 4, 5, 8, 10])
    round_numbers = np.round(locator.tick_values(first, first + count - 1))
    numbers = np.intersect1d(round_numbers, range(first, first + count)).astype(int)
    axis.set_ticks((numbers - first + 0.5) * width, numbers, rotation=0)


def _coarse(matrix: Floats, k: int) -> Floats:
    """Return the entry of largest magnitude of every k × k block."""
    full = np.pad(matrix, [(0, -size % k) for size in matrix.shape])
    blocks = full.reshape(len(full) // k, k, -1, k)
    high = blocks.max(axis=(1, 3))
    low = blocks.min(axis=(1, 3))
    largest: Floats = np.where(high >= -low, high, low)
    return largest
