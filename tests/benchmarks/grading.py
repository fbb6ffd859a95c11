"""Time of `sheet11 grade` beside `nbgrader autograde`, on the same submissions, and how it grows with the class.

    python tests/benchmarks/grading.py [--students 16] [--repeat 1] [--growth 8 16 32 64]

Both grade all four notebooks of every student: nbgrader with its hidden tests, without a sandbox and without feedback;
sheet11 with unseen parameters, a sandbox for each student, and a page of feedback. Both start from nothing every time.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "course" / "grading"))
from sheets import Course, this_kit
from students import Student, write_class


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


def nbgrader_course(folder: Path, students: list[Student], course: Course) -> None:
    """A course directory of nbgrader with the sheet released and the submissions in place."""
    source = folder / "source" / "sheet"
    source.mkdir(parents=True)
    for path in course.sheet.notebooks.values():
        shutil.copy(path, source)
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'sheet11'\n")
    call([sys.executable, "-m", "nbgrader", "generate_assignment", "sheet"], folder)
    write_class(folder / "class", students, course)
    for student in students:
        shutil.copytree(folder / "class" / student.name, folder / "submitted" / student.name / "sheet")


def call(command: list[str], folder: Path, watched: bool = False) -> tuple[float, int]:
    """Run a command to its end; seconds and, if watched, the largest memory of it with all its children, in bytes."""
    start, peak, done = time.perf_counter(), 0, threading.Event()
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # where nbgrader finds alembic
    environment = os.environ | {"PATH": path}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )

    def watch() -> None:
        nonlocal peak
        while not done.wait(2):
            total = 0
            try:
                root = psutil.Process(process.pid)
                for each in [root, *root.children(recursive=True)]:
                    try:
                        total += each.memory_full_info().pss  # what is shared counts once
                    except psutil.Error:
                        pass
            except psutil.Error:
                return
            peak = max(peak, total)

    watcher = threading.Thread(target=watch)
    if watched:
        watcher.start()
    _, stderr = process.communicate()
    done.set()
    if watched:
        watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {stderr[-2000:]}")
    return time.perf_counter() - start, peak


def grade(folder: Path, watched: bool = False) -> tuple[float, int]:
    """Grade `class` with sheet11."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    command = [sys.executable, "-m", "sheet11.course.cli", "grade", "class", "-o", "out", "--seed", "1"]
    return call(command, folder, watched)


def autograde(folder: Path) -> tuple[float, int]:
    """Grade `submitted` with nbgrader."""
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    return call([sys.executable, "-m", "nbgrader", "autograde", "sheet", "--force"], folder)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--growth", type=int, nargs="*", default=[8, 16, 32, 64])
    options = parser.parse_args()
    course = this_kit()
    print(f"{os.cpu_count()} cores")
    if options.students:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            nbgrader_course(folder, members(options.students, course), course)
            times: dict[str, list[float]] = {"nbgrader autograde": [], "sheet11 grade": []}
            for _ in range(options.repeat):  # in turn
                times["nbgrader autograde"].append(autograde(folder)[0])
                times["sheet11 grade"].append(grade(folder)[0])
        ours = statistics.median(times["sheet11 grade"])
        print(f"\n| {options.students} students, four notebooks each | seconds | relative to `sheet11 grade` |")
        print("|---|---|---|")
        for tool, seconds in times.items():
            print(f"| {tool} | {statistics.median(seconds):.1f} | {statistics.median(seconds) / ours:.2f} |")
    if options.growth:
        print("\n| students | seconds | seconds for each | peak memory |\n|---|---|---|---|")
    for count in options.growth:
        with tempfile.TemporaryDirectory() as name:
            write_class(Path(name, "class"), members(count, course), course)
            seconds, peak = grade(Path(name), watched=True)
        print(f"| {count} | {seconds:.1f} | {seconds / count:.2f} | {peak / 2**20:.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()
