"""Cost of `sheet11 grade` beside nbgrader and Otter on the same submissions, and how it grows with the class.

    python tests/benchmarks/grading.py [--students 16] [--sample 4] [--repeat 1] [--growth 8 16 32 64]

All grade all four notebooks of every student, and start from nothing every time. nbgrader and Otter run the check cells
with their hidden tests in the submitted notebook, without a sandbox and without feedback; sheet11 uses unseen
parameters, a sandbox for each student, and writes a page of feedback. Where nbgrader works in two processes, each has a
course folder and a gradebook of its own, and half of the class; Otter is `otter.api.grade_submission`. Both have one
thread for each process then, as `sheet11` gives it by itself. nbgrader one by one, and Otter, grade a sample of the
class and count as many times as that goes into it, because what they take grows with the notebooks alone.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path

import nbformat
import psutil
from measure import CORES, Contender, Cost, cost, in_turn, table

sys.path.insert(0, str(Path(__file__).parents[1] / "course" / "grading"))
from sheets import Course, this_kit
from students import Student, write_class

GRADE = [sys.executable, "-m", "sheet11", "grade", "class", "-o", "out", "--seed", "1"]
TEST = """OK_FORMAT = False
from otter.test_files import test_case
name, points = {name!r}, {points!r}

@test_case(points=points, hidden=True)
def check(env):
    exec({source!r}, env)
"""


def members(count: int, course: Course) -> list[Student]:
    """Students of whom one in four has everything right, and the others leave out a different third each."""
    made = []
    for number in range(count):
        answers = {
            stem: {
                name: source
                for place, (name, source) in enumerate(own.items())
                if number % 4 == 0 or place % 3 != number % 4 - 1 or name == course.task
            }
            for stem, own in course.solutions.items()
        }
        made.append(Student(f"student{number:03d}", answers))
    return made


def grade(students: list[Student], course: Course, folder: Path) -> Cost:
    """Grade with sheet11."""
    write_class(folder / "class", students, course)
    return cost(GRADE, cwd=folder)


def autograde(students: list[Student], course: Course, processes: int, folder: Path) -> Cost:
    """Grade with nbgrader, each process in a course folder of its own."""
    folders = []
    for number in range(processes):
        folders.append(folder / str(number))
        source = folders[-1] / "source" / "sheet"
        source.mkdir(parents=True)
        for path in course.sheet.notebooks.values():
            shutil.copy(path, source)
        (folders[-1] / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'sheet11'\n"
        )
        cost(["nbgrader", "generate_assignment", "sheet"], cwd=folders[-1])
        own = students[number::processes]
        write_class(folders[-1] / "class", own, course)
        for student in own:
            shutil.copytree(
                folders[-1] / "class" / student.name,
                folders[-1] / "submitted" / student.name / "sheet",
            )
    return cost(
        *[["nbgrader", "autograde", "sheet"]] * processes, cwd=folders, threads=processes == 1
    )


def otter(students: list[Student], course: Course, folder: Path) -> Cost:
    """Grade with Otter: the check cells are its tests, at their places in the notebook."""
    write_class(folder / "class", students, course)
    jobs = []
    for stem, path in course.sheet.notebooks.items():
        autograder = folder / f"{stem}.zip"
        with zipfile.ZipFile(autograder, "w") as file:
            file.writestr("otter_config.json", "{}")
            for name, cell in _checks(path).items():
                points = cell.metadata["nbgrader"]["points"]
                file.writestr(
                    f"tests/{name}.py", TEST.format(name=name, points=points, source=cell.source)
                )
        for submission in sorted((folder / "class").glob(f"*/{stem}.ipynb")):
            notebook = nbformat.read(submission, as_version=4)
            for name, cell in _checks(submission, notebook).items():
                cell.source, cell.metadata["otter"] = "", {"tests": [name]}
            nbformat.write(notebook, submission)
            jobs.append((str(submission), str(autograder), {}))
    command = [sys.executable, Path(__file__).with_name("peers.py"), "otter", CORES]
    found = cost(command, stdin=json.dumps(jobs), threads=False)
    for path in (folder / "class" / students[0].name).glob("*.json"):
        score = json.loads(path.read_text())
        assert score["total"] == score["possible"] > 0, (
            f"{path.stem} has everything right, and got {score}"
        )
    return found


def times(factor: float, contender: Contender, folder: Path) -> Cost:
    """What the whole class would cost of which a contender grades a sample."""
    wall, cpu = contender(folder)
    return Cost(wall * factor, cpu * factor)


def _checks(
    path: Path, notebook: nbformat.NotebookNode | None = None
) -> dict[str, nbformat.NotebookNode]:
    """The cells that check answers, by name."""
    cells = (notebook or nbformat.read(path, as_version=4)).cells
    code = [
        cell
        for cell in cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    ]
    return {cell.metadata["nbgrader"]["grade_id"].replace("-", "_"): cell for cell in code}


def watched(folder: Path) -> tuple[float, int]:
    """Seconds of grading `class` with sheet11, and the largest memory of it with all its children, in bytes."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(
        GRADE, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        total = 0
        for each in [
            psutil.Process(process.pid),
            *psutil.Process(process.pid).children(recursive=True),
        ]:
            try:
                total += each.memory_full_info().pss  # what is shared counts once
            except psutil.Error:  # it has ended
                pass
        peak = max(peak, total)
        time.sleep(1)
    if process.returncode:
        raise SystemExit(f"{GRADE} failed")
    return time.perf_counter() - start, peak


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=16)
    parser.add_argument(
        "--sample", type=int, default=4, help="students of whom slow tools grade the notebooks"
    )
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--growth", type=int, nargs="*", default=[8, 16, 32, 64])
    options = parser.parse_args()
    course = this_kit()
    print(f"{CORES} cores")
    if options.students:
        students = members(options.students, course)
        sample = students[: options.sample]
        factor = len(students) / len(sample)
        share = f", from {len(sample)} students" if factor > 1 else ""
        contenders = {
            f"nbgrader autograde{share}": partial(
                times, factor, partial(autograde, sample, course, 1)
            ),
            f"nbgrader autograde in {CORES} processes": partial(autograde, students, course, CORES),
            f"Otter in {CORES} processes{share}": partial(
                times, factor, partial(otter, sample, course)
            ),
            "sheet11 grade": partial(grade, students, course),
        }
        title = f"{options.students} students, four notebooks each"
        table(title, in_turn(contenders, options.repeat), "sheet11 grade")
    if options.growth:
        print("\n| students | seconds | seconds for each | peak memory |\n|---|---|---|---|")
    for count in options.growth:
        with tempfile.TemporaryDirectory() as name:
            write_class(Path(name, "class"), members(count, course), course)
            seconds, peak = watched(Path(name))
        print(
            f"| {count} | {seconds:.1f} | {seconds / count:.2f} | {peak / 2**20:.0f} MiB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
