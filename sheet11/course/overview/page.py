"""Page and table of a class's results, and the list of similar answers."""

from pathlib import Path

import numpy as np

from sheet11.course.book.store import Store
from sheet11.course.files import write_private
from sheet11.course.overview.similar import similar_pairs
from sheet11.course.overview.statistics import answers_of, frequent_reasons, task_statistics
from sheet11.course.pages.render import render
from sheet11.course.submissions.adjustments import table_of
from sheet11.course.tables import harmless_csv

BARS = 20  # of the histogram


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
        table = table_of(store)
        answers = answers_of(store, table)
        seconds = [result.seconds for result in store.results().values() if result.seconds]
    statistics = task_statistics(answers)
    maximum = table.maximum
    totals = [line.total for line in table.lines.values() if line.total is not None]
    page = render(
        "class.html.j2",
        heading="Overview of the class",
        students=len(totals),
        excused=len(table.lines) - len(totals),
        adjusted=sum(bool(line.adjustments) for line in table.lines.values()),
        maximum=maximum,
        median=float(np.median(totals)) if totals else None,
        histogram=np.histogram(totals, bins=BARS, range=(0, maximum))[0].tolist(),
        tasks=statistics.astype(object).where(statistics.notna(), None).to_dict("records"),
        times=np.quantile(seconds, [0.5, 0.9, 1]).tolist() if seconds else None,
        reasons=frequent_reasons(answers).to_dict("records"),
    )
    pairs = similar_pairs(answers[answers["answered"]]).astype(str)
    write_private(out / "tasks.csv", statistics.to_csv(index=False, float_format="%.4g"))
    write_private(out / "similar.csv", harmless_csv([list(pairs), *pairs.to_numpy().tolist()]))
    write_private(out / "class.html", page)
    return out / "class.html"
