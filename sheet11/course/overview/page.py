"""Page and table of a class's results, and the list of similar answers."""

import base64
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sheet11.course.book.store import Store
from sheet11.course.files import write_private
from sheet11.course.overview.similar import similar_pairs
from sheet11.course.overview.statistics import (
    answers_of,
    frequent_reasons,
    points_by_student,
    task_statistics,
)
from sheet11.course.pages.render import render
from sheet11.course.tables import harmless_csv
from sheet11.lab.plots import png

COLOUR = "#0072B2"


def write_overview(out: Path) -> Path:
    """Write `class.html` and `tasks.csv`, which contain no names, and `similar.csv`, which does.

    Args:
        out: folder of a grading.

    Returns:
        Path of the page.

    Raises:
        FolderError: it holds no grading.
        StoreError: its marks cannot be read.
        OSError: it cannot be written to.
    """
    with Store(out, create=False) as store:
        tasks = store.tasks()
        answers = answers_of(store)
        seconds = [result.seconds for result in store.results().values() if result.seconds]
    maximum = sum(task.points for task in tasks)
    statistics = task_statistics(tasks, answers)
    totals = points_by_student(answers).sum(axis=1)
    page = render(
        "class.html.j2",
        heading="What the class did",
        students=len(totals),
        maximum=maximum,
        figures=[_totals(totals, maximum), _tasks(statistics)],
        tasks=statistics.astype(object).where(statistics.notna(), None).to_dict("records"),
        times=np.quantile(seconds, [0.5, 0.9, 1]).tolist() if seconds else None,
        reasons=frequent_reasons(tasks, answers).to_dict("records"),
    )
    answered = answers[answers["answered"]]
    pairs = [["student", "other student", "answers in common", "words in common", "tasks"]]
    for students, names, size in similar_pairs(answered[["student", "task", "source"]].to_numpy()):
        pairs.append([*students, str(len(names)), str(size), " ".join(names)])
    write_private(out / "tasks.csv", statistics.to_csv(index=False, float_format="%.4g"))
    write_private(out / "similar.csv", harmless_csv(pairs))
    write_private(out / "class.html", page)
    return out / "class.html"


def _totals(totals: "pd.Series[float]", maximum: float) -> tuple[str, str]:
    """Draw the distribution of the students' total points."""
    median = f"median {totals.median():.4g}"
    figure, ax = plt.subplots(figsize=(9, 3.2), layout="constrained")
    sns.histplot(totals, bins=np.linspace(0, maximum, 21), color=COLOUR, ax=ax)
    ax.axvline(totals.median(), color="black", linestyle="--", linewidth=1, label=median)
    ax.set(xlabel=f"points so far, of {maximum:g}", ylabel="students", xlim=(0, maximum))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False)
    return _picture(figure), f"Histogram of the points of {len(totals)} students; {median}"


def _tasks(statistics: pd.DataFrame) -> tuple[str, str]:
    """Draw the share of points earned and the discrimination of each task."""
    height = 0.9 + 0.26 * len(statistics)
    figure, axes = plt.subplots(1, 2, figsize=(9, height), sharey=True, layout="constrained")
    for ax, name, least in zip(axes, ("earned", "discrimination"), (0, -1), strict=True):
        sns.barplot(statistics, x=name, y="title", color=COLOUR, ax=ax, orient="h")
        ax.axvline(0, color="black", linewidth=0.8)
        ax.set(xlabel=name, ylabel="", xlim=(least, 1))
        ax.grid(axis="x", alpha=0.3)
    text = "For each task the share of its points that was earned, and its discrimination"
    return _picture(figure), text


def _picture(figure: Figure) -> str:
    plt.close(figure)
    return base64.b64encode(png(figure)).decode("ascii")
