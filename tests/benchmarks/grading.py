"""Cost of `sheet11 grade` beside nbgrader in two processes, on the same submissions.

    python tests/benchmarks/grading.py [--students 16] [--repeat 1]

Both grade all four notebooks of every student and start from nothing. nbgrader executes the submitted notebooks without
a sandbox and writes no feedback; each of its processes has a course folder and a gradebook of its own, half the class
and one thread, the default of `sheet11`. sheet11 uses unseen parameters and a sandbox, and writes feedback.
"""

import argparse
import shutil
import sys
from functools import partial
from pathlib import Path

from measure import CORES, Cost, cost, in_turn, table

sys.path.insert(0, str(Path(__file__).parents[1] / "course" / "grading"))
from sheets import Course, this_kit
from students import Student, write_class

CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'sheet11'\n"


def members(count: int, course: Course) -> list[Student]:
    """Students of whom one in four has everything right, and the others leave out a different third each."""
    made = []
    for number in range(count):
        answers = {}
        for stem, own in course.solutions.items():
            answers[stem] = {}
            for place, (name, source) in enumerate(own.items()):
                if number % 4 == 0 or place % 3 != number % 4 - 1 or name == course.task:
                    answers[stem][name] = source
        made.append(Student(f"student{number:03d}", answers))
    return made


def grade(students: list[Student], course: Course, folder: Path) -> Cost:
    """Grade with sheet11."""
    write_class(folder / "class", students, course)
    command = [sys.executable, "-m", "sheet11", "grade", "class", "-o", "out", "--seed", "1"]
    return cost(command, cwd=folder)


def autograde(students: list[Student], course: Course, folder: Path) -> Cost:
    """Grade with nbgrader, in as many processes as there are cores."""
    courses = [folder / str(number) for number in range(CORES)]
    for number, own in enumerate(courses):
        source = own / "source" / "sheet"
        source.mkdir(parents=True)
        for path in course.sheet.notebooks.values():
            shutil.copy(path, source)
        (own / "nbgrader_config.py").write_text(CONFIG)
        cost(["nbgrader", "generate_assignment", "sheet"], cwd=own)
        share = students[number::CORES]
        write_class(own / "class", share, course)
        for student in share:
            handed_in = own / "submitted" / student.name / "sheet"
            shutil.copytree(own / "class" / student.name, handed_in)
    return cost(*[["nbgrader", "autograde", "sheet"]] * CORES, cwd=courses, threads=False)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    course = this_kit()
    students = members(options.students, course)
    contenders = {
        f"nbgrader autograde in {CORES} processes": partial(autograde, students, course),
        "sheet11 grade": partial(grade, students, course),
    }
    title = f"{options.students} students, four notebooks each"
    table(title, in_turn(contenders, options.repeat), "sheet11 grade")


if __name__ == "__main__":
    main()
