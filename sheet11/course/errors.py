"""Errors of the command line: one line each, printed as it stands."""

import os

from sheet11.course.text import visible


class CourseError(ValueError):
    """A request that cannot be carried out, with the reason in one line."""


class NotebookError(CourseError):
    """Not a notebook, or one that cannot be run, swept or graded here."""


class ParameterError(CourseError):
    """An unknown parameter, or an impossible value of one."""


class SheetError(CourseError):
    """A folder that is not a sheet, or a sheet that cannot be released or graded."""


class FolderError(CourseError):
    """A folder that is missing, empty, or not empty."""


class NotInstalledError(CourseError):
    """A program or package that is missing or does not work here."""


class SchedulerError(CourseError):
    """The cluster does not answer."""


class SolutionError(CourseError):
    """The sheet's own solution fails."""


class PointsError(CourseError):
    """Points entered by hand that are not valid."""


class TableError(CourseError):
    """A CSV file that cannot be read, or lacks what is needed."""


class StoreError(CourseError):
    """The file of scores and marks is damaged or from a newer version."""


def reason(error: Exception) -> str:
    """Return an error's message in one line; other errors than this kit's with their type or file."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return visible(f"{os.fsdecode(error.filename)}: {error.strerror}")
    said = (str(error).splitlines() or [""])[0]
    return visible(said if isinstance(error, CourseError) else f"{type(error).__name__}: {said}")
