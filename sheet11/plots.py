"""The figures of the notebooks. Every function draws what it is given; none computes results.

Functions named for what they show return a figure, which `show` puts into a notebook. Those named `draw_…` draw into
axes, and again into the same ones where sliders move. Signed matrices have a diverging scale centred at 0, and matrices
side by side one scale.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

DIVERGING = "RdBu_r"  # blue - white - red, told apart with any colour vision
# blue, vermilion, green, purple, sky blue, orange, black: Okabe & Ito 2008, "Color Universal Design"
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"]
MARKERS = "osD^vP*X"
WIDTH = 10  # inches; the width of a notebook's output
MARGINS = 0.55, 0.35  # inches below and above a panel
MOST = 256  # rows or columns of a heatmap, and lags with a marker each, that can be told apart


def show(figure: Figure) -> None:
    """Show a figure of this module in a notebook, with a description for those who do not see it, and close it.

    `plt.show()` would crop it, and draw it twice for that; these figures have their margins already.
    """
    if "inline" not in plt.get_backend():  # a window, or a widget
        plt.show()
        return
    plt.close(figure)
    display(bundle(figure), metadata={"image/png": {"alt": describe(figure)}}, raw=True)


def bundle(figure: Figure) -> dict[str, str]:
    """A figure as a picture and in words, by MIME type."""
    return {"text/plain": describe(figure), "image/png": base64.b64encode(png(figure)).decode("ascii")}


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi="figure")
    return buffer.getvalue()


def describe(figure: Figure) -> str:
    """What a figure shows, in words: title and axes of every panel, and what the colours are."""
    panels = []
    for ax in figure.axes:
        title, x, y = ax.get_title().replace("\n", " "), ax.get_xlabel(), ax.get_ylabel()
        labels = f"{y} against {x}" if x and y else f"colours: {y}" if y and not title else x or y
        panels.append(": ".join(text for text in (title, labels) if text))
    return "; ".join(panels)


def heatmaps(
    matrices: Mapping[str, ArrayLike],
    xlabel: str,
    ylabel: str,
    colour_label: str,
    first_index: tuple[int, int] = (1, 1),
    height: float = 3.4,
) -> Figure:
    """Heatmaps side by side, titled by name, on one diverging colour scale centred at 0.

    Of a matrix with more entries than a panel has pixels, the one of largest magnitude stands for those around it.

    Args:
        matrices: title and matrix of each panel.
        xlabel: what the columns are.
        ylabel: what the rows are.
        colour_label: what the entries are.
        first_index: number of the first row and of the first column.
        height: of the figure, in inches.
    """
    limit = max(np.abs(matrix).max() for matrix in matrices.values())
    width = WIDTH if len(matrices) > 1 else 0.75 * WIDTH
    figure, axes = panels(len(matrices), height, width, gap=0.5, right=0.65)
    for ax, (title, matrix) in zip(axes, matrices.items(), strict=True):
        draw_heatmap(ax, matrix, limit, first_index)
        ax.grid(False)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel if ax is axes[0] else "")
    figure.colorbar(axes[-1].images[0], ax=list(axes), label=colour_label, fraction=0.05, pad=0.02)
    return figure


def draw_heatmap(ax: Axes, matrix: ArrayLike, limit: float, first_index: tuple[int, int] = (1, 1)) -> None:
    """Draw a matrix on a diverging scale from −limit to limit, or change the one that is drawn."""
    rows, columns = np.shape(matrix)
    row, column = first_index
    if not ax.images:
        ax.imshow([[0]], cmap=DIVERGING, aspect="auto", interpolation="nearest")
    (image,) = ax.images
    image.set_data(_coarse(np.asarray(matrix, dtype=float)))
    image.set_extent((column - 0.5, column + columns - 0.5, row + rows - 0.5, row - 0.5))
    image.set_clim(-limit or -1, limit or 1)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 4, 5, 8, 10]))


def encoding(E: ArrayLike, name: str, first_position: int = 1) -> Figure:
    """Heatmap of the encoding: all of it, or as many pairs of rows and positions as can be told apart.

    Args:
        E: shape (p, n).
        name: of the convention.
        first_position: number of the first column.
    """
    E = np.asarray(E)
    # a whole number of pixels for each row: else some rows are wider than others, and the eye sees waves
    rows = len(_some_pairs(E, MOST))
    height = rows * max(1, round(400 / rows)) / 100
    figure, (ax,) = panels(1, height + sum(MARGINS), 0.75 * WIDTH, right=0.65)
    draw_encoding(ax, E, first_position)
    ax.set(title=f"E, convention “{name}”")
    figure.colorbar(ax.images[0], ax=ax, label="entry", fraction=0.05, pad=0.02)
    return figure


def draw_encoding(ax: Axes, E: ArrayLike, first_position: int = 1, most: int = MOST) -> None:
    """Draw at most that many rows and positions of an encoding, or change the one that is drawn.

    The frequencies change little from one pair of rows to the next, so that every k-th pair shows what all do.
    """
    E = np.asarray(E)
    p, n = E.shape
    shown = _some_pairs(E, most)[:, :most]
    draw_heatmap(ax, shown, 1, (0, first_position))
    ax.images[0].set_extent((*ax.images[0].get_extent()[:2], p - 0.5, -0.5))
    ax.grid(False)
    ax.set(
        xlabel="position i" + (f" (the first {most} of {n})" if n > most else ""),
        ylabel="row" + (f" (one pair of every {-(-p // most)})" if p > most else ""),
    )


def lag_profiles(profiles: Mapping[str, ArrayLike]) -> Figure:
    """Gram matrix entries against the lag, one line for each convention, with half of the value at lag 0.

    Long profiles get a second panel with all lags, beside the first ones.
    """
    lags = len(next(iter(profiles.values())))
    figure, axes = panels(1 if lags <= MOST else 2, 3.4)
    for ax, shown in zip(axes, (64 if lags > MOST else lags, lags), strict=False):
        draw_profiles(ax, {name: profile[:shown] for name, profile in profiles.items()})
        ax.set(
            xlabel="lag i − j (tokens)",
            title="Profile of the Gram matrix" + (", all lags" if ax is not axes[0] else ""),
        )
    axes[0].set_ylabel("mean of (EᵀE)ᵢⱼ along the diagonal")
    axes[-1].legend()
    return figure


def draw_profiles(ax: Axes, profiles: Mapping[str, ArrayLike]) -> None:
    """Draw lag profiles, and half of the first one's value at lag 0, or change those that are drawn."""
    for number, (name, profile) in enumerate(profiles.items()):
        marker = MARKERS[number] if len(profile) <= MOST else ""
        draw_curve(
            ax, name, range(len(profile)), profile, color=COLOURS[number], marker=marker, markersize=3, linewidth=1.2
        )
    half, last = next(iter(profiles.values()))[0] / 2, len(profile) - 1
    draw_curve(ax, "half of the diagonal (first curve)", [0, last], [half] * 2, color="0.5", linestyle=":")
    draw_curve(ax, "_zero", [0, last], [0, 0], color="0.3", linewidth=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def draw_curve(ax: Axes, label: str, x: ArrayLike, y: ArrayLike, **style: Any) -> None:
    """Draw a curve, or change the one with that label."""
    for line in ax.lines:
        if line.get_label() == label:
            line.set_data(x, y)
            ax.relim()
            ax.autoscale_view()
            return
    ax.plot(x, y, label=label, **style)


def token_deviations(deviations: Mapping[str, ArrayLike]) -> Figure:
    """Deviation from permutation equivariance for every token, on a logarithmic scale that starts at rounding."""
    figure, (ax,) = panels(1, 3.0)
    for number, (name, deviation) in enumerate(deviations.items()):
        token = np.arange(1, len(deviation) + 1)
        height = np.maximum(deviation, 1e-17)
        hollow = {"markersize": 7, "fillstyle": "none"} if number == 1 else {"markersize": 4}  # where two coincide
        ax.semilogy(token, height, MARKERS[number], color=COLOURS[number], label=name, **hollow)
    ax.set(
        xlabel="token",
        ylabel="‖ Att(XΠ) − Att(X)Π ‖",
        title="Does attention commute with a permutation?",
        ylim=(1e-17, None),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _powers_of_ten(ax.yaxis)
    ax.legend(loc="center right")
    return figure


def cross_term_histogram(off_diagonal: ArrayLike, diagonal: ArrayLike, std: float, diagonal_std: float) -> Figure:
    """Histograms of the cross term off and on the diagonal, with the predicted normal densities."""
    figure, axes = panels(2, 3.2)
    for ax, values, predicted, title in [
        (axes[0], off_diagonal, std, "off the diagonal"),
        (axes[1], diagonal, diagonal_std, "on the diagonal"),
    ]:
        x = np.linspace(-4 * predicted, 4 * predicted, 400)
        ax.hist(values, bins="auto", density=True, color=COLOURS[0], alpha=0.5, label="measured")
        density = np.exp(-((x / predicted) ** 2) / 2) / np.sqrt(2 * np.pi) / predicted
        ax.plot(x, density, color=COLOURS[3], label=f"normal, standard deviation {predicted:.3g}")
        ax.set(title=f"C = EᵀX + XᵀE {title}", xlabel="entry of C", ylabel="density")
        ax.set_ylim(top=1.35 * ax.get_ylim()[1])  # room for the legend
        ax.legend(loc="upper right")
    return figure


def noise_to_signal(p: ArrayLike, measured: ArrayLike, predicted: ArrayLike, slope: float) -> Figure:
    """Noise-to-signal ratio of the added scores over p on log-log axes: draws, prediction, fitted slope.

    Args:
        p: shape (sizes,).
        measured: shape (sizes, draws).
        predicted: shape (sizes,).
        slope: fitted to the mean over the draws.
    """
    figure, (ax,) = panels(1, 3.6)
    measured = np.asarray(measured)
    ax.loglog(p, measured, ".", color=COLOURS[0], alpha=0.5)
    ax.loglog(p, measured.mean(axis=1), "o", color=COLOURS[0], label=f"measured (mean of draws), slope {slope:.3f}")
    ax.loglog(p, predicted, color=COLOURS[3], label="predicted")
    ax.set_xscale("log", base=2)
    ax.set(
        xlabel="rows of the encoding, p",
        ylabel="noise-to-signal ratio",
        title="Adding costs less and less as the dimension grows",
    )
    ax.legend()
    return figure


def pointwise_limit(difference: ArrayLike, values: Mapping[str, ArrayLike], weights: Mapping[str, ArrayLike]) -> Figure:
    """Log-sum-exp and its derivative, over the difference of two messages, for several λ."""
    figure, axes = panels(2, 3.4)
    for ax, curves, ylabel, title in [
        (axes[0], values, "lse(m; λ)", "lse converges uniformly to max …"),
        (axes[1], weights, "weight of m₁ = ∂lse/∂m₁", "… its derivative converges, but not uniformly"),
    ]:
        for number, (name, curve) in enumerate(curves.items()):
            ax.plot(difference, curve, color=plt.get_cmap("viridis")(0.85 - 0.25 * number), label=name)
        ax.set(xlabel="m₁ (the other message is m₂ = 0)", ylabel=ylabel, title=title)
        ax.legend()
    axes[1].plot([0], [0.5], "o", color="black", markersize=5)
    return figure


def convergence(lam: ArrayLike, errors: ArrayLike, bounds: ArrayLike, gaps: ArrayLike) -> Figure:
    """Distance of the aggregate from the maximum against λ, one colour for each neighbourhood, with its bound.

    Args:
        lam: shape (values,).
        errors: max − agg, shape (neighbourhoods, values).
        bounds: what the errors must stay below, same shape.
        gaps: distance of the two largest messages, shape (neighbourhoods,).
    """
    figure, (ax,) = panels(1, 3.6)
    for number, (error, bound, gap) in enumerate(zip(errors, bounds, gaps, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        ax.semilogy(lam, np.where(error > 1e-14, error, np.nan), color=colour, label=f"Δ = {gap:.2f}")
        ax.semilogy(lam, bound, color=colour, linestyle="--", linewidth=0.8)
    ax.set(
        xlabel="inverse temperature λ",
        ylabel="max − agg",
        title="Exponential approach to the maximum (dashed: the bound)",
        ylim=(1e-14, None),
    )
    _powers_of_ten(ax.yaxis)
    ax.legend(title="gap to the next message")
    return figure


def interpolation(lam: ArrayLike, curves: Mapping[str, ArrayLike], marks: Mapping[str, float]) -> Figure:
    """The aggregate of one neighbourhood over λ for several η, with min, mean, sum and max as horizontal marks."""
    figure, (ax,) = panels(1, 4.0, right=0.8)
    for number, (name, curve) in enumerate(curves.items()):
        ax.plot(lam, curve, color=COLOURS[number], label=name)
    draw_marks(ax, marks)
    ax.axvline(0, color="0.4", linewidth=0.8)
    ax.set_xscale("asinh", linear_width=1)
    ax.set(
        xlabel="inverse temperature λ",
        ylabel="aggregate of the neighbourhood",
        title="From min over mean to max; η carries the mean to the sum",
    )
    ax.legend(loc="upper left")
    return figure


def draw_marks(ax: Axes, marks: Mapping[str, float]) -> None:
    """Draw horizontal lines with their names beside the axes, or move those that are drawn."""
    for drawn in [*ax.texts, *(line for line in ax.lines if line.get_label().removeprefix("_") in marks)]:
        drawn.remove()
    ax.relim()
    for name, value in marks.items():
        ax.axhline(value, color="0.4", linewidth=0.8, linestyle=":", label=f"_{name}")
    bottom, top = ax.get_ylim()
    height = -np.inf
    for name, value in sorted(marks.items(), key=lambda mark: mark[1]):
        height = max(value, height + 0.05 * (top - bottom))  # names of close marks do not overlap
        ax.annotate(
            f" {name}",
            xy=(1, value),
            xytext=(1.02, height),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6},
        )


def fits(paths: Mapping[str, ArrayLike]) -> Figure:
    """Gradient descent on (λ, η) for several targets from one start: the paths in the plane, and the losses.

    Args:
        paths: for each target an array of shape (steps + 1, 3) with columns λ, η, loss.
    """
    figure, axes = panels(2, 3.8)
    for number, (name, path) in enumerate(paths.items()):
        lam, eta, loss = np.asarray(path).T
        axes[0].plot(lam, eta, color=COLOURS[number], label=name)
        axes[0].plot(lam[-1], eta[-1], MARKERS[number], color=COLOURS[number])
        axes[1].semilogy(np.maximum(loss, 1e-16), color=COLOURS[number], label=name)
    axes[0].plot(lam[0], eta[0], "o", color="black", label="start")
    axes[0].axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes[0].axhline(1, color="0.7", linewidth=0.8, zorder=0)
    axes[0].set(xlabel="inverse temperature λ", ylabel="degree exponent η", title="Paths of the parameters")
    axes[1].set(xlabel="step", ylabel="relative squared error", title="Loss")
    _powers_of_ten(axes[1].yaxis)
    for ax in axes:
        ax.legend()
    return figure


def energies(energy: Mapping[str, ArrayLike], rates: Mapping[str, float], highlighted: str) -> Figure:
    """Dirichlet energy against depth for several graphs; dashed lines fall at the predicted rates."""
    figure, (ax,) = panels(1, 3.8)
    for number, (name, values) in enumerate(energy.items()):
        values = np.asarray(values)
        layer = np.arange(len(values))
        shown = np.flatnonzero(values > 1e-20 * values[0])
        ax.semilogy(
            layer[shown],
            values[shown],
            color=COLOURS[number],
            linewidth=2.5 if name == highlighted else 1.2,
            label=f"{name}: measured",
        )
        end = shown[-1]
        ax.semilogy(
            layer[shown],
            values[end] * np.exp(rates[name] * (layer[shown] - end)),
            color=COLOURS[number],
            linestyle="--",
            linewidth=1,
            label=f"{name}: predicted slope {rates[name]:.4g}",
        )
    ax.set(
        xlabel="depth (layers)", ylabel="Dirichlet energy E(X)", title="Energy of the features, and its predicted rate"
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _powers_of_ten(ax.yaxis)
    ax.legend(fontsize="small")
    return figure


def collapse(states: Mapping[int, ArrayLike], edge_index: ArrayLike, positions: ArrayLike, labels: ArrayLike) -> Figure:
    """Node features at several depths: the first on the graph as colour, the first two as a scatter plot by class.

    Every picture has its own scale, symmetric about 0; the title says how far the colours reach. In large graphs the
    edges are left out and nodes are dots; the scatter plots hold a sample of each class.

    Args:
        states: depth and features of shape (num_nodes, at least 2).
        edge_index: shape (2, num_edges).
        positions: shape (num_nodes, 2).
        labels: shape (num_nodes,).
    """
    figure, axes = plt.subplots(2, len(states), figsize=(WIDTH, 4.6), layout="constrained", squeeze=False)
    states = {depth: np.asarray(state) for depth, state in states.items()}
    for (upper, lower), (depth, state) in zip(axes.T, states.items(), strict=True):
        limit = draw_nodes(upper, state[:, 0], edge_index, positions)
        upper.set(title=f"depth {depth}\ncolours: ± {limit:.2g}")
        draw_embedding(lower, state, labels)
        lower.set(xlabel="feature 1")
    axes[1, 0].set_ylabel("feature 2")
    axes[1, 0].legend(fontsize="x-small", loc="upper left", handletextpad=0.1)
    return figure


def draw_nodes(ax: Axes, feature: ArrayLike, edge_index: ArrayLike, positions: ArrayLike) -> float:
    """Draw a graph with a feature as the colour of its nodes, or change the colours of the one that is drawn.

    Returns:
        The number at the end of the colour scale, which is symmetric about 0.
    """
    limit = np.abs(feature).max() or 1.0
    if not ax.collections:
        few = len(feature) <= 4 * MOST
        if few:
            draw_edges(ax, edge_index, positions)
        dots = {"s": 35, "edgecolors": "0.3"} if few else {"s": 1, "linewidths": 0}
        ax.scatter(*np.asarray(positions).T, c=feature, cmap=DIVERGING, **dots)
        ax.set_aspect("equal")
        ax.axis("off")
    (nodes,) = ax.collections
    nodes.set_array(np.asarray(feature))
    nodes.set_clim(-limit, limit)
    return limit


def draw_embedding(ax: Axes, state: ArrayLike, labels: ArrayLike) -> None:
    """Draw the first two features of the nodes, a marker for each class, or change those that are drawn."""
    state, labels = np.asarray(state), np.asarray(labels)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        members = members[:: -(-len(members) // (4 * MOST))]
        style = {"color": COLOURS[label], "marker": MARKERS[label], "alpha": 0.8, "linestyle": ""}
        size = 4 if len(members) <= MOST else 1.5
        draw_curve(ax, f"class {label}", *state[members, :2].T, markersize=size, **style)
    reach = 1.1 * np.abs(state[:, :2]).max() or 1.0
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.yaxis.set_major_locator(MaxNLocator(3))
    ax.grid(alpha=0.3)


def draw_edges(ax: Axes, edge_index: ArrayLike, positions: ArrayLike) -> None:
    """Draw every undirected edge once, as one line through all of them broken by NaN."""
    u, v = np.asarray(edge_index)
    positions = np.asarray(positions)
    ends = np.stack([positions[u[u < v]], positions[v[u < v]], np.full((np.sum(u < v), 2), np.nan)], axis=1)
    ax.plot(*ends.reshape(-1, 2).T, color="0.75", linewidth=0.5, zorder=0)


def smoothness(energy: Mapping[str, ArrayLike], distance: Mapping[str, ArrayLike]) -> Figure:
    """Relative Dirichlet energy and MAD against depth, one line for each way of propagating."""
    figure, axes = panels(2, 4.2)
    for ax, measure, ylabel in [(axes[0], energy, "E(X) / ‖X‖²"), (axes[1], distance, "MAD")]:
        for number, (name, values) in enumerate(measure.items()):
            ax.semilogy(
                np.maximum(values, 1e-18),
                color=COLOURS[number],
                marker=MARKERS[number],
                markevery=(number % 6, max(1, len(values) // 8)),
                markersize=4,
                label=name,
            )
        ax.set(xlabel="depth (layers)", ylabel=f"{ylabel}   (0 is drawn at 10⁻¹⁸)", ylim=(1e-18, 5))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        _powers_of_ten(ax.yaxis)
    axes[0].set_title("Dirichlet energy, relative")
    axes[1].set_title("Mean average cosine distance")
    axes[0].legend(fontsize="small", loc="lower left")
    return figure


def accuracies(
    depths: Sequence[int], accuracy: Mapping[str, Mapping[str, ArrayLike]], chance: Mapping[str, float]
) -> Figure:
    """Accuracy against depth, one panel for each graph, one line for each model, with error bands over the networks.

    Args:
        depths: numbers of layers.
        accuracy: for each graph and model an array of shape (depths, networks).
        chance: for each graph the share of the larger class, which a constant answer reaches.
    """
    figure, axes = panels(len(accuracy), 3.8, gap=0.25, sharey=True)
    for ax, (graph, models) in zip(axes, accuracy.items(), strict=True):
        for number, (model, values) in enumerate(models.items()):
            mean, std = np.mean(values, axis=1), np.std(values, axis=1)
            ax.plot(depths, mean, color=COLOURS[number], marker=MARKERS[number], markersize=5, label=model)
            low, high = np.clip([mean - std, mean + std], 0, 1)
            ax.fill_between(depths, low, high, color=COLOURS[number], alpha=0.15, linewidth=0)
        ax.axhline(chance[graph], color="0.4", linestyle=":", label="constant answer")
        ax.set_xscale("log", base=2)
        ax.set_xticks(depths, labels=[str(depth) for depth in depths])
        ax.set(xlabel="depth (layers)", title=graph, ylim=(0, 1.03))
    axes[0].set_ylabel("test accuracy (band: ± one std)")
    axes[0].legend(fontsize="small", loc="lower left")
    return figure


def layer_energies(energy: Mapping[str, ArrayLike], title: str) -> Figure:
    """Relative Dirichlet energy layer by layer inside trained networks, with error bands over the networks.

    Args:
        energy: for each model an array of shape (depth + 1, networks).
        title: which networks.
    """
    figure, (ax,) = panels(1, 3.6)
    for number, (model, values) in enumerate(energy.items()):
        logarithm = np.log10(np.maximum(values, 1e-18))
        mean, std = logarithm.mean(axis=1), logarithm.std(axis=1)
        layer = np.arange(len(mean))
        ax.semilogy(layer, 10**mean, color=COLOURS[number], label=model)
        ax.fill_between(layer, 10 ** (mean - std), 10 ** (mean + std), color=COLOURS[number], alpha=0.15, linewidth=0)
    ax.set(xlabel="layer", ylabel="E(H) / ‖H‖²", title=title)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _powers_of_ten(ax.yaxis)
    ax.legend()
    return figure


def panels(
    columns: int, height: float, width: float = WIDTH, gap: float = 0.85, right: float = 0.2, sharey: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    """Panels side by side with fixed margins: a layout engine takes as long to find them as the drawing itself.

    Args:
        columns: number of panels.
        height: of the figure, in inches.
        width: of the figure, in inches.
        gap: between two panels, in inches; room for the labels of the second.
        right: margin, in inches.
        sharey: whether the panels have one vertical axis.
    """
    left, (bottom, top) = 0.95, MARGINS  # inches
    panel = (width - left - right - (columns - 1) * gap) / columns
    margins = {
        "left": left / width,
        "right": 1 - right / width,
        "bottom": bottom / height,
        "top": 1 - top / height,
        "wspace": gap / panel,
    }
    figure, axes = plt.subplots(1, columns, figsize=(width, height), gridspec_kw=margins, squeeze=False, sharey=sharey)
    for ax in axes[0]:
        ax.grid(alpha=0.3)
    return figure, axes[0]


def _powers_of_ten(axis: Axis) -> None:
    """Label a logarithmic axis with 10⁻³ and the like in plain text; matplotlib's formulas take long to draw."""
    superscript = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    axis.set_major_formatter(lambda value, _: "10" + str(round(np.log10(value))).translate(superscript))


def _some_pairs(E: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Pairs of rows of E at equal distances, at most that many rows."""
    k = -(-len(E) // most)
    return E[np.arange(len(E)) // 2 % k == 0]


def _coarse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """One entry for every k × k of them, the largest in magnitude, with k so that no side is longer than MOST."""
    k = -(-max(matrix.shape) // MOST)
    if k <= 1:
        return matrix
    rows, columns = (-(-size // k) for size in matrix.shape)
    padded = np.zeros((rows * k, columns * k))
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    blocks = padded.reshape(rows, k, columns, k).swapaxes(1, 2).reshape(rows, columns, k * k)
    return np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)[..., 0]
