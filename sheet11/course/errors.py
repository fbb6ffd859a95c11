"""Errors that the command line prints as one line."""

from sheet11.course.text import visible


class CourseError(ValueError):
    """A request that cannot be carried out; the message is one line."""


class NotebookError(CourseError):
    """A file that is not a notebook, or one that cannot be run, swept or graded here."""


class ParameterError(CourseError):
    """An unknown parameter or an invalid value."""


class SheetError(CourseError):
    """A folder that is not a sheet, or a sheet that cannot be released or graded."""


class FolderError(CourseError):
    """A folder that is missing, empty, or not empty."""


class NotInstalledError(CourseError):
    """A missing or unusable program or package."""


class SchedulerError(CourseError):
    """A cluster that does not answer."""


class SolutionError(CourseError):
    """A solution of the sheet that fails."""


class PointsError(CourseError):
    """Invalid points entered by hand."""


class TableError(CourseError):
    """A CSV file that cannot be read or lacks a needed column."""


class StoreError(CourseError):
    """A file of scores and marks that is damaged or from a newer version."""


def reason(error: Exception) -> str:
    """Return an error's message in one line, with its type or file unless it is a `CourseError`."""
    message = str(error).partition("\n")[0]
    if isinstance(error, OSError) and error.filename and error.strerror:
        message = f"{error.filename}: {error.strerror}"
    elif not isinstance(error, CourseError):
        message = f"{type(error).__name__}: {message}"
    return visible(message)
