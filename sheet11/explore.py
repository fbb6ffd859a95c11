"""Sliders: one figure for each notebook that follows while a person changes what it depends on.

Every `explore_…` takes the functions that the student has written, and draws with those of `plots`. In JupyterLab it
shows controls above the figure. Where there is nobody to move them (papermill, nbval, nbconvert) it shows the figure
with the settings at the start, as any other figure of the notebook.
"""

import html
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

from sheet11 import plots
from sheet11.checks import check_between
from sheet11.encoding import CONVENTIONS, lag_profile

WIDGET = "application/vnd.jupyter.widget-view+json"
OWN = "own"  # scale of the convention
SCALES = (16, 32, 64, 128, 256, 512, 1000, 2000, 5000, 10_000, 20_000)
LAMBDAS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
MARKS = ("min", "mean", "sum", "max")
MESSAGES = (-1.0, 0.2, 0.5, 0.6, 2.0)
WAYS = {"P": None, "mean": 0.0, "softargmax, λ = 1": 1.0, "max": math.inf}  # λ of the aggregation
DEEPEST = 64
FLOOR = 1e-18  # smallest energy that is drawn


def explore_encoding(
    positional_encoding: Callable[..., Any],
    n: int = 64,
    p: int = 256,
    convention: str = "sheet",
    base: float = 10_000.0,
    scale: float | None = None,
) -> None:
    """E, its Gram matrix and the profile against the lag, for sliders n, p, convention and scale.

    Args:
        positional_encoding: called with n, p, convention, base and scale.
        n: tokens at the start; the slider ends at 128.
        p: rows at the start; the slider ends at 512.
        convention: at the start.
        base: of the frequencies.
        scale: at the start; None is the convention's own.
    """
    figure, (left, middle, right) = plots.panels(3, 3.1, gap=0.75)

    def draw(n: int, p: int, convention: str, scale: float | str) -> None:
        first = 0 if convention == "vaswani" else 1
        E = np.asarray(positional_encoding(n, p, convention, base, None if scale == OWN else scale))
        G = E.T @ E
        plots.draw_encoding(left, E, first, most=64)
        plots.draw_heatmap(middle, G, np.abs(G).max(), (first, first))
        plots.draw_profiles(right, {"mean along the diagonal": lag_profile(G)})
        left.set(title=f"E ({convention})", ylabel="row")
        middle.set(title=f"EᵀE, ± {np.abs(G).max():.4g}", xlabel="position j", ylabel="position i")
        right.set(title="Profile of EᵀE", xlabel="lag i − j", xlim=(-0.02 * n, 1.02 * n))

    middle.grid(False)
    start = {"n": min(n, 128), "p": min(p, 512), "convention": convention, "scale": scale or OWN}
    scales = [(OWN, OWN), *((f"{value:g}", value) for value in sorted({*SCALES, *([scale] if scale else [])}))]

    def controls(w: ModuleType) -> dict[str, Any]:
        return {
            "n": w.IntSlider(min=2, max=128),
            "p": w.IntSlider(min=1, max=512),
            "convention": w.ToggleButtons(options=CONVENTIONS),
            "scale": w.SelectionSlider(options=scales),
        }

    _explore(figure, draw, start, controls)


def explore_scores(
    positional_encoding: Callable[..., Any],
    attention_scores: Callable[..., Any],
    cross_term_std: Callable[..., Any],
    n: int = 64,
    p: int = 256,
    convention: str = "sheet",
    seed: int = 0,
) -> None:
    """Scores by concatenation and by addition, their difference, and the predicted noise, for p, σ, mode and seed.

    Args:
        positional_encoding: called with n, p and convention.
        attention_scores: called with E, X and a mode, "cat" or "add".
        cross_term_std: called with E and σ; gives the standard deviation of the difference off its diagonal first.
        n: tokens, 128 at most.
        p: rows at the start; the slider ends at 1024.
        convention: of the encoding.
        seed: of X at the start.
    """
    n = min(n, 128)
    figure = plt.figure(figsize=(plots.WIDTH, 5.4))
    grid = {"left": 0.08, "right": 0.96, "wspace": 0.35}
    upper = figure.subplots(1, 3, gridspec_kw=grid | {"bottom": 0.56, "top": 0.94})
    (lower,) = figure.subplots(1, 1, squeeze=False, gridspec_kw=grid | {"bottom": 0.1, "top": 0.38})[0]
    token, off_diagonal = n // 2, ~np.eye(n, dtype=bool)

    def draw(p: int, relative_sigma: float, mode: str, seed: int) -> None:
        E = np.asarray(positional_encoding(n, p, convention))
        sigma = relative_sigma * E.std()
        X = np.random.default_rng(seed).normal(0, sigma, size=E.shape)
        scores = {name: np.asarray(attention_scores(E, X, name)) for name in ("cat", "add")}
        difference = scores["add"] - scores["cat"]
        limit = max(np.abs(matrix).max() for matrix in scores.values())
        for ax, (title, matrix) in zip(upper, {**scores, "add − cat": difference}.items(), strict=True):
            plots.draw_heatmap(ax, matrix, limit)
            ax.set(title=f"{title}, ± {limit:.4g}", xlabel="token j")
        upper[0].set_ylabel("token i")

        noise = cross_term_std(E, sigma)[0]
        row, column = scores["cat"][token], np.arange(1, n + 1)
        for band in list(lower.collections):
            band.remove()
        lower.fill_between(
            column, row - noise, row + noise, color=plots.COLOURS[4], alpha=0.4, label="cat ± predicted noise of add"
        )
        plots.draw_curve(lower, "cat", column, row, color=plots.COLOURS[0], linewidth=1)
        plots.draw_curve(
            lower, "the chosen mode", column, scores[mode][token], color=plots.COLOURS[1], marker="o", linestyle=""
        )
        lower.set(
            title=f"Row i = {token + 1} of the scores, mode “{mode}”;  add − cat off the diagonal: "
            f"measured ± {difference[off_diagonal].std():.3g}, predicted ± {noise:.3g}",
            xlabel="token j",
            ylabel="score",
        )

    lower.grid(alpha=0.3)
    start = {"p": min(p, 1024), "relative_sigma": 1.0, "mode": "add", "seed": seed}

    def controls(w: ModuleType) -> dict[str, Any]:
        return {
            "p": w.IntSlider(min=1, max=1024),
            "relative_sigma": w.FloatSlider(min=0, max=3, step=0.1, description="σ / std(E)"),
            "mode": w.ToggleButtons(options=["cat", "add"]),
            "seed": w.IntSlider(min=0, max=max(20, seed)),
        }

    _explore(figure, draw, start, controls, legends=[(lower, "upper right")])


def explore_aggregation(aggregate: Callable[..., Any], messages: Sequence[float] = MESSAGES) -> None:
    """Weights and aggregate of one neighbourhood, for λ through ±∞, η, and messages to drag or type.

    Args:
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
        messages: at the start, one to nine, between −3 and 3; each gets a slider.

    Raises:
        TypeError, ValueError: too few or too many messages, or one out of range.
    """
    import torch  # here and below, because it takes a second that notebooks without it need not wait

    from sheet11.aggregation import softargmax

    if not 1 <= len(messages) <= 9:
        raise ValueError(f"messages must be one to nine numbers, got {len(messages)}")
    for k, value in enumerate(messages):
        check_between(f"messages[{k}]", value, -3, 3, "be between -3 and 3")
    figure, (left, right) = plots.panels(2, 3.4, right=0.8)
    grid = np.array([*(-value for value in reversed(LAMBDAS)), 0, *LAMBDAS])
    edge = 250  # where ±∞ is drawn
    number = np.arange(1, len(messages) + 1)
    bars = left.bar(number, np.zeros(len(messages)), color=plots.COLOURS[4], edgecolor="0.3")
    index = torch.zeros(len(messages), dtype=torch.int64)

    def draw(lam: float, eta: float, **values: float) -> None:
        m = torch.tensor(list(values.values()), dtype=torch.float64)

        def agg(lam: float) -> float:
            return float(aggregate(m[:, None], index, 1, lam, eta))

        weights = softargmax(m, lam)
        for bar, weight in zip(bars, weights.tolist(), strict=True):
            bar.set_height(weight)
        left.set_xticks(number, [f"m{'₁₂₃₄₅₆₇₈₉'[k]} = {_signed(value)}" for k, value in enumerate(m.tolist())])
        result, low, high = agg(lam), m.min().item(), m.max().item()
        mean = (weights @ m).item()
        share = (mean - low) / (high - low) if high > low else 0.5
        plots.draw_curve(right, "agg over λ", grid, [agg(value) for value in grid], color=plots.COLOURS[0])
        place = max(-edge, min(edge, lam))
        plots.draw_curve(right, "here", [place], [result], color=plots.COLOURS[1], marker="o", markersize=9)
        plots.draw_marks(right, dict(zip(MARKS, (low, m.mean().item(), m.sum().item(), high), strict=True)))
        left.set(title=f"λ = {_signed(lam)}: ⟨m⟩ = {_signed(mean)}, {share:.0%} of the way from min to max")
        right.set(title=f"agg = |N|^η ⟨m⟩ = {_signed(result)} at η = {_signed(eta)}")

    left.set(xlabel="message", ylabel="weight, soft(arg)max(m; λ)", ylim=(0, 1.05))
    right.set_xscale("asinh", linear_width=0.3)
    right.set(xlabel="inverse temperature λ (at the edges: ±∞)", ylabel="aggregate", xlim=(-1.3 * edge, 1.3 * edge))
    right.set_xticks([-edge, -10, -1, 0, 1, 10, edge], ["−∞", "−10", "−1", "0", "1", "10", "∞"])
    start = {"lam": 1.0, "eta": 0.0} | {f"m{k}": float(value) for k, value in zip(number, messages, strict=True)}

    def controls(w: ModuleType) -> dict[str, Any]:
        steps = [-math.inf, *grid.tolist(), math.inf]
        return {
            "lam": w.SelectionSlider(options=[(_signed(value), value) for value in steps], description="λ"),
            "eta": w.FloatSlider(min=-1, max=2, step=0.05, description="η"),
        } | {f"m{k}": w.FloatSlider(min=-3, max=3, step=0.1) for k in number}

    _explore(figure, draw, start, controls)


def explore_oversmoothing(
    normalized_adjacency: Callable[..., Any],
    dirichlet_energy: Callable[..., Any],
    mean_average_distance: Callable[..., Any],
    aggregate: Callable[..., Any],
    graph: str = "karate",
    features: int = 16,
    seed: int = 0,
) -> None:
    """A graph washing out: node colours, embedding, energy and MAD, for graph, depth, propagation and remedy.

    The remedies are those of the networks, without their weights and ReLU: with S the propagated features, the layer
    is S, (X + S)/2 (residual), 0.9 S + 0.1 X⁽⁰⁾ (gcnii), or `pair_norm` of S (pairnorm).

    Args:
        normalized_adjacency: called with edge_index and num_nodes.
        dirichlet_energy: called with features and edge_index.
        mean_average_distance: called with features and edge_index.
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
        graph: "karate", "grid" or "sbm" at the start.
        features: columns of the random features.
        seed: of the features and the block model.
    """
    import torch

    from sheet11.graphs import GRAPHS, load_graph
    from sheet11.oversmoothing import REMEDIES, pair_norm, propagate

    figure, (left, middle, right) = plots.panels(3, 3.4, gap=0.8)
    drawn = []  # the graph in the left panel

    @lru_cache
    def course(graph: str, way: str, remedy: str) -> tuple[Any, Iterator[Any], list[Any]]:
        """The graph, layer by layer a row of features, energy and distance, and the rows that were needed so far."""
        g = load_graph(graph, seed)
        first = torch.randn(g.num_nodes, features, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        u, v = torch.cat([g.edge_index, torch.arange(g.num_nodes).expand(2, -1)], dim=1)  # with self-loops
        P = normalized_adjacency(g.edge_index, g.num_nodes)

        def layer(x: torch.Tensor) -> torch.Tensor:
            S = P @ x if way == "P" else aggregate(x[u], v, g.num_nodes, WAYS[way], 0.0)
            if remedy == "residual":
                return (x + S) / 2
            if remedy == "gcnii":
                return 0.9 * S + 0.1 * first
            return pair_norm(S) if remedy == "pairnorm" else S

        def rows() -> Iterator[Any]:
            for x in propagate(first, layer, DEEPEST):
                energy, size = float(dirichlet_energy(x, g.edge_index)), x.square().sum().item()
                yield x.numpy(), energy / size, float(mean_average_distance(x, g.edge_index))

        return g, rows(), []

    def draw(graph: str, depth: int, way: str, remedy: str) -> None:
        g, rows, known = course(graph, way, remedy)
        known.extend(islice(rows, max(0, depth + 1 - len(known))))
        states, energy, distance = zip(*known[: depth + 1], strict=True)
        if drawn != [graph]:
            left.clear()
            drawn[:] = [graph]
        x = states[depth]
        limit = plots.draw_nodes(left, x[:, 0], g.edge_index, g.positions)
        plots.draw_embedding(middle, x, g.labels)
        layers = range(depth + 1)
        for name, values, style in [
            ("E(X) / ‖X‖²", energy, {"color": plots.COLOURS[0], "marker": "o"}),
            ("MAD", distance, {"color": plots.COLOURS[1], "marker": "s"}),
        ]:
            plots.draw_curve(right, name, layers, np.maximum(values, FLOOR), markersize=3, linewidth=1.2, **style)
        left.set(title=f"{graph}, depth {depth}: feature 1, ± {limit:.2g}")
        middle.set(title="embedding", xlabel="feature 1", ylabel="feature 2")
        right.set(title=f"{way}, remedy: {remedy}")

    right.set_yscale("log")
    right.set(xlabel="depth (layers)", ylabel="smoothness", xlim=(-1, DEEPEST + 1), ylim=(FLOOR, 10))
    start = {"graph": graph, "depth": 8, "way": "P", "remedy": "none"}

    def controls(w: ModuleType) -> dict[str, Any]:
        return {
            "graph": w.ToggleButtons(options=GRAPHS),
            "depth": w.IntSlider(min=0, max=DEEPEST),
            "way": w.ToggleButtons(options=list(WAYS), description="propagation"),
            "remedy": w.ToggleButtons(options=REMEDIES),
        }

    _explore(figure, draw, start, controls, legends=[(middle, "upper left"), (right, "lower left")])


def _explore(
    figure: Figure,
    draw: Callable[..., None],
    start: dict[str, Any],
    controls: Callable[[ModuleType], dict[str, Any]],
    legends: Sequence[tuple[Any, str]] = (),
) -> None:
    """Draw with the settings at the start; show the figure, below controls if somebody is there to move them.

    Args:
        figure: what `draw` draws into.
        draw: called with the settings by name, again and again; it changes what is drawn.
        start: value of every setting.
        controls: makes a control for every setting from ipywidgets.
        legends: axes and the place of their legend.
    """
    try:
        draw(**start)
    except BaseException:
        plt.close(figure)  # else the notebook shows it empty
        raise
    for ax, place in legends:
        ax.legend(loc=place, fontsize="small")
    if not _somebody_is_there():
        plots.show(figure)
        return
    import ipywidgets  # here, because only these pages need it

    plt.close(figure)
    made = controls(ipywidgets)
    for name, control in made.items():
        control.description = control.description or name
        control.value = start[name]
        control.style.description_width = "6em"
        if isinstance(control, ipywidgets.ToggleButtons):
            control.style.button_width = "auto"
    pixel_by_pixel = ipywidgets.Layout(align_self="flex-start", max_width="100%")
    image = ipywidgets.Image(value=plots.png(figure), layout=pixel_by_pixel)
    told = ipywidgets.HTML(_told(figure))

    def change(_: Any) -> None:
        try:
            draw(**{name: control.value for name, control in made.items()})
            image.value, told.value = plots.png(figure), _told(figure)
        except Exception as error:  # the student's functions may raise anything; the sliders go on
            told.value = f'<p role="alert">{html.escape(f"{type(error).__name__}: {error}")}</p>'

    for control in made.values():
        control.observe(change, "value")
    wrap = ipywidgets.Layout(display="flex", flex_flow="row wrap")
    box = ipywidgets.VBox([ipywidgets.Box(list(made.values()), layout=wrap), told, image])
    shown = {WIDGET: box._repr_mimebundle_()[WIDGET]}
    display(plots.bundle(figure) | shown, metadata={"image/png": {"alt": plots.describe(figure)}}, raw=True)


def _told(figure: Figure) -> str:
    """What the figure shows, for those who have their screen read; the image of ipywidgets has no place for it."""
    hidden = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"
    return f'<div role="status" style="{hidden}">{html.escape(plots.describe(figure))}</div>'


def _somebody_is_there() -> bool:
    """Whether a notebook in a browser has sent the running cell: it tells the cell's id, and programs do not."""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return "cellId" in parent.get("metadata", {})


def _signed(value: float) -> str:
    return {math.inf: "∞", -math.inf: "−∞"}.get(value, f"{value:.3g}".replace("-", "−"))
