"""Grading of small notebooks without a sandbox: cells run in this process, and can do whatever real ones can."""

from sheet11.course.grading.execution import execute
from sheet11.course.grading.judge import hidden_failures, judge
from sheet11.course.grading.reference import execute_reference
from sheet11.course.grading.restore import restore
from sheet11.course.grading.sheet_notebooks import ANSWER, CHECK, GIVEN, Cell, SheetNotebook
from sheet11.course.sandbox.sandbox import Batch, Limits
from sheet11.course.submissions.submissions import HandedCell
from sheet11.course.tasks import Task
from sheet11.lab.records import MIME_TYPE

STUB = "raise NotImplementedError"


class Died(BaseException):
    """The process ends, by a limit if one is named."""


def given(source):
    return Cell(name=f"given {hash(source)}", kind=GIVEN, code=True, source=source, whole=source)


def answer(name, solution):
    return Cell(name=name, kind=ANSWER, code=True, source=STUB, whole=solution)


def check(name, source, hidden=""):
    return Cell(
        name=name, kind=CHECK, code=True, source=source, whole=f"{source}\n{hidden}".strip()
    )


def sheet_notebook(*cells, points=1, tolerance=1e-9, judge="", mistakes=None):
    """A notebook whose checks are about the answers since the check before."""
    tasks, answers, checked = [], (), False
    for cell in cells:
        if cell.kind == ANSWER:
            answers = (cell.name,) if checked else (*answers, cell.name)
            checked = False
        elif cell.kind == CHECK:
            options = {
                "tolerance": tolerance,
                "judge": judge,
                "cell_type": "code",
                "by_hand": False,
            }
            about = {"title": cell.name, "wanted": "", "points": points, "answers": answers}
            tasks.append(Task(notebook="01", name=cell.name, **about, **options))
            checked = True
    return SheetNotebook("01", None, None, cells, tasks, mistakes or {})


def own(source):
    """A cell that a student has added."""
    return HandedCell(None, None, "code", source, "")


def run(cells, instead_of_figures):
    """Execute cells in this process, and remember them in `run.seen`."""
    run.seen.append(cells)
    shown = []

    def record(**values):
        shown.append({"output_type": "display_data", "data": {MIME_TYPE: values}})

    def points(number):
        shown.append({"output_type": "execute_result", "data": {"text/plain": repr(number)}})

    def complain(text):
        shown.append({"output_type": "stream", "name": "stderr", "text": text})

    def die(limit=None):
        raise Died(limit)

    names = {"record": record, "points": points, "complain": complain, "die": die}
    outputs, succeeded = {}, set()
    for name, source in cells:
        shown.clear()
        try:
            exec(source, names)
            succeeded.add(name)
        except Died as end:
            return Batch(outputs, succeeded, end.args[0])
        except Exception as error:
            kind, trace = (
                type(error).__name__,
                [f"Cell In[1], line 1\n    {source.splitlines()[0]}"],
            )
            text = {"ename": kind, "evalue": str(error), "traceback": trace}
            shown.append({"output_type": "error", **text})
        outputs[name] = list(shown)
    return Batch(outputs, succeeded, None)


def graded(sheet_notebook, added=(), hint=lambda task, records: None, **answers):
    """Scores by check, and the failing hidden tests; `added` are cells that a student has put behind others."""
    run.seen = []
    expected = execute_reference(sheet_notebook, run).expected
    run.seen = []
    handed = []
    for place, cell in enumerate(sheet_notebook.cells):
        source = answers.get(cell.name, cell.source)
        if source is not None:
            handed.append(HandedCell(cell.name, place, "code", source, ""))
        handed += [own(text) for name, text in added if name == cell.name]
    found = execute(restore(sheet_notebook, handed), expected, run)
    scores = judge(found, Limits(seconds=7), hint)
    return {name.removeprefix("01/"): score for name, score in scores.items()}, hidden_failures(
        found
    )
