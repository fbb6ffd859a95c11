"""What can be wrong with what somebody asks of `sheet11`: one line each, which the command line prints as it stands.

CourseError
├── NotebookError       a file that is no notebook, or a notebook that cannot be run, swept or graded here
├── ParameterError      a parameter that no notebook has, or values that are none
├── SheetError          a folder that is no sheet
├── FolderError         a folder that is missing, empty, or not empty
├── NotInstalledError   a program or a package that a command needs, or one that does not work here
├── SchedulerError      a cluster that does not answer
├── SolutionError       the sheet's own solution fails
├── PointsError         points entered by hand that are none
├── TableError          a CSV file that cannot be read, or lacks what is needed
└── StoreError          a file of marks that is damaged, or another version's
"""

import os

from sheet11.course.text import visible


class CourseError(ValueError):
    """What was asked for cannot be done, and why."""


class NotebookError(CourseError):
    """A file that is no notebook, or a notebook that cannot be run, swept or graded here."""


class ParameterError(CourseError):
    """A parameter that no notebook has, or values that are none."""


class SheetError(CourseError):
    """A folder that is no sheet."""


class FolderError(CourseError):
    """A folder that is missing, empty, or not empty."""


class NotInstalledError(CourseError):
    """A program or a package that a command needs, or one that does not work here."""


class SchedulerError(CourseError):
    """A cluster that does not answer."""


class SolutionError(CourseError):
    """The sheet's own solution fails."""


class PointsError(CourseError):
    """Points entered by hand that are none."""


class TableError(CourseError):
    """A CSV file that cannot be read, or lacks what is needed."""


class StoreError(CourseError):
    """A file of marks that is damaged, or another version's."""


def reason(error: Exception) -> str:
    """What an error says, in one line: one of this kit as it stands, another one with its kind or its file."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return visible(f"{os.fsdecode(error.filename)}: {error.strerror}")
    said = (str(error).splitlines() or [""])[0]
    return visible(said if isinstance(error, CourseError) else f"{type(error).__name__}: {said}")
