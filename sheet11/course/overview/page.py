"""The page about a class, its table, and the list of answers that are alike."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sheet11.course.book.gradebook import Table
from sheet11.course.book.marks import Entry
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store
from sheet11.course.files import write_private
from sheet11.course.overview.similar import Pair, similar_pairs
from sheet11.course.overview.statistics import frequent_reasons, points_by_student, task_statistics
from sheet11.course.pages.render import render
from sheet11.course.tables import harmless_csv
from sheet11.lab.plots import png

COLOUR = "#0072B2"
LABELS = {"earned": "share of the points earned", "discrimination": "discrimination"}
LONGEST = 3000  # characters of an example


def write_overview(out: Path) -> Path:
    """Write `class.html` and `tasks.csv`, which name nobody, and `similar.csv`, which does.

    Args:
        out: folder of a grading.

    Returns:
        The page.

    Raises:
        FolderError: it holds no grading.
        StoreError: its marks cannot be read.
        OSError: it cannot be written to.
    """
    with Store(out, create=False) as store:
        entries = store.entries()
        table = Table(store.tasks(), entries)
        results = store.results().values()
    statistics = task_statistics(table)
    totals = points_by_student(table).sum(axis=1)
    sources = {
        (entry.answer.student, entry.answer.task): entry.answer.source[:LONGEST]
        for entry in entries
    }
    page = render(
        "class.html.j2",
        heading="What the class did",
        students=len(totals),
        maximum=table.maximum,
        figures=[_totals(totals, table.maximum), _tasks(statistics)],
        tasks=statistics.astype(object).where(statistics.notna(), None).to_dict("records"),
        times=_times([result.seconds for result in results if result.seconds]),
        reasons=frequent_reasons(table, sources),
    )
    write_private(out / "tasks.csv", statistics.to_csv(index=False, float_format="%.4g"))
    write_private(out / "similar.csv", _pairs_csv(similar_pairs(_code(table, entries))))
    write_private(out / "class.html", page)
    return out / "class.html"


def _times(seconds: Sequence[float]) -> dict[str, float] | None:
    if not seconds:
        return None
    median, most, longest = np.quantile(seconds, [0.5, 0.9, 1])
    return {"median": median, "most": most, "longest": longest}


def _code(table: Table, entries: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
    """Student, task and source of all answers in code."""
    code = {task.name for task in table.tasks if not task.by_hand}
    for answer in (entry.answer for entry in entries):
        if answer.task in code and answer.status != Status.NOT_ANSWERED:
            yield answer.student, answer.task, answer.source


def _pairs_csv(pairs: Sequence[Pair]) -> str:
    header = ["student", "other student", "answers in common", "nodes of syntax in common", "tasks"]
    rows = [
        [*pair.students, str(len(pair.tasks)), str(pair.size), " ".join(pair.tasks)]
        for pair in pairs
    ]
    return harmless_csv([header, *rows])


def _totals(totals: "pd.Series[float]", maximum: float) -> tuple[str, str]:
    """Draw how many students have how many points."""
    median = f"median {totals.median():.4g}"
    figure, ax = plt.subplots(figsize=(9, 3.2), layout="constrained")
    sns.histplot(totals, bins=np.linspace(0, maximum, 21), color=COLOUR, ax=ax)
    ax.axvline(totals.median(), color="black", linestyle="--", linewidth=1, label=median)
    ax.set(xlabel=f"points so far, of {maximum:g}", ylabel="students", xlim=(0, maximum))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False)
    return _picture(figure), f"Histogram of the points of {len(totals)} students; {median}"


def _tasks(statistics: pd.DataFrame) -> tuple[str, str]:
    """Draw the share of the points that was earned, and the discrimination, of each task."""
    height = 0.9 + 0.26 * len(statistics)
    figure, axes = plt.subplots(1, 2, figsize=(9, height), sharey=True, layout="constrained")
    for ax, name, least in zip(axes, ("earned", "discrimination"), (0, -1), strict=True):
        sns.barplot(statistics, x=name, y="title", color=COLOUR, ax=ax, orient="h")
        ax.axvline(0, color="black", linewidth=0.8)
        ax.set(xlabel=LABELS[name], ylabel="", xlim=(least, 1))
        ax.grid(axis="x", alpha=0.3)
    text = "For each task the share of its points that was earned, and its discrimination"
    return _picture(figure), text


def _picture(figure: Figure) -> str:
    plt.close(figure)
    return base64.b64encode(png(figure)).decode("ascii")
