"""Taking in a class: from a platform's download to everybody's answers, and who is late."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tqdm import tqdm

from sheet11.course.errors import FolderError, reason
from sheet11.course.files import folder_of_this_process
from sheet11.course.submissions.archives import OF_A_CLASS, STAMP, is_notebook, unpack
from sheet11.course.submissions.layouts import HandIn, files_of, find_hand_ins
from sheet11.course.submissions.matching import Asked
from sheet11.course.submissions.members import members_in, with_members
from sheet11.course.submissions.people import Person, listed
from sheet11.course.submissions.reading import UnreadableError, opened
from sheet11.course.submissions.roster import NO_ROSTER, Directory, Roster
from sheet11.course.submissions.submissions import (
    Chosen,
    Handed,
    Submission,
    choose_notebooks,
    key_of,
    read_submission,
)
from sheet11.course.text import visible

MOST_FILES = 2000  # of a folder or an archive
MOST_ARCHIVES = 50
DEEPEST = 20  # folders within a student's
NESTED = 3  # archives within archives
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".tgz", ".gz", ".xz", ".bz2")
LONGEST_STAMP = 100  # bytes
MOST_NOTES = 20  # on files that belong to no student


class Wanted(NamedTuple):
    """The notebooks that everybody is to hand in, and the deadline."""

    notebooks: Mapping[str, Asked]  # by stem
    roster: Roster = NO_ROSTER
    deadline: datetime | None = None
    assignment: str = ""  # folder in each student's folder where nbgrader collects what is wanted


class Intake(NamedTuple):
    """A class as it has handed in: a submission and a person for each hand-in, in the same order."""

    submissions: list[Submission]
    people: list[Person]
    strange: list[str]  # notes on files that belong to no student
    absent: list[str]  # people of the roster from whom nothing came


class Found(NamedTuple):
    """The files of a hand-in."""

    notebooks: list[Handed]
    stamps: dict[Path, str]  # nbgrader's, by folder
    notes: list[str]
    others: list[str]  # names of other files


def take_in(folder: Path, wanted: Wanted, out: Path | None = None) -> Intake:
    """Read a class from a platform's zip or folder, or from a folder with a folder for each student.

    Symbolic links are not followed: they could lead to another student's answers. If a hand-in cannot be read, that is
    the `error` of its submission.

    Args:
        folder: or zip file.
        wanted: what is looked for.
        out: folder of the results.

    Raises:
        FolderError: there is no such folder or file, or nobody has handed in.
        OSError: it cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=folder_of_this_process()) as scratch:
        root, strange = _opened(folder, Path(scratch, "class"))
        hand_ins, loose = find_hand_ins(root, folder.stem, [out] if out else [])
        if not hand_ins:
            raise FolderError(f"{folder} holds no folder with notebooks for each student")
        hand_ins = _of_assignment(hand_ins, wanted.assignment)
        directory = Directory(wanted.roster.people)
        taken = [
            _taken(each, wanted, directory, Path(scratch, str(number)))
            for number, each in enumerate(tqdm(hand_ins, "read", unit="student", disable=None))
        ]
    people, absent = with_members([(person, names) for _, person, names in taken], directory)
    strange += [f"{visible(name)} belongs to no student" for name in loose]
    return Intake([submission for submission, _, _ in taken], people, strange, absent)


def _of_assignment(hand_ins: list[HandIn], assignment: str) -> list[HandIn]:
    """Hand-ins without other assignments, if the class is laid out as `submitted/STUDENT/ASSIGNMENT`."""
    sources = [source.path for each in hand_ins for source in each.sources]
    if not assignment or not any(os.path.isdir(path / assignment) for path in sources):
        return hand_ins
    return [each._replace(sources=tuple(_within(each.sources, assignment))) for each in hand_ins]


def _within(sources: Iterable[Handed], name: str) -> Iterator[Handed]:
    """The folders of that name in sources; a source that cannot be looked into stays as it is."""
    for source in sources:
        try:
            is_link = source.path.is_symlink()
            inner = source if is_link else source._replace(path=source.path / name)
            inner.path.lstat()
        except PermissionError:
            yield source
        except OSError:
            continue
        else:
            yield inner


def not_understood(intake: Intake) -> list[str]:
    """Return what to look at: who has handed in no notebook that was recognised, and what belongs to no student."""
    names = [person.student for person in intake.people if not person.notebooks]
    return ([f"no notebook was recognised of {listed(names)}"] if names else []) + intake.strange


def what_was_handed_in(intake: Intake, notebooks: int) -> str:
    """Return what was handed in, in one line for the terminal, and a line for each decision."""
    people = intake.people
    groups = {
        "with fewer": [each.student for each in people if 0 < each.notebooks < notebooks],
        "without a recognisable notebook": [each.student for each in people if not each.notebooks],
        "with answers outside of their cells or without marks": [
            each.student for each in intake.submissions if each.remarks
        ],
    }
    said = [f"{_number(len(people), 'student')}, {_number(notebooks, 'notebook')} each"]
    said += [f"{len(names)} {what}: {listed(names)}" for what, names in groups.items() if names]
    if late := sum(bool(person.late) for person in people):
        said.append(f"{late} late")
    if intake.absent:
        said.append(f"nothing from {listed(intake.absent)}")
    notes = [f"{person.student}: {note}" for person in people for note in person.notes]
    lines = ["; ".join(said), *intake.strange[:MOST_NOTES], *notes]
    return visible("\n".join(lines), lines=True)


def _number(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _opened(folder: Path, into: Path) -> tuple[Path, list[str]]:
    """The folder of a class, unpacked if it is a zip file, and what was left out."""
    if folder.is_dir():
        return folder, []
    if not folder.is_file():
        raise FolderError(f"there is no folder or file {str(folder)!r}")
    try:
        return into, unpack(folder, into, OF_A_CLASS)
    except UnreadableError as error:
        raise FolderError(f"{folder}: {error}") from error


def _taken(
    hand_in: HandIn, wanted: Wanted, directory: Directory, scratch: Path
) -> tuple[Submission, Person, list[str]]:
    """Read one hand-in; return also the members of its group that it names."""
    student = key_of(hand_in.key)
    who = directory.find(hand_in.who) or hand_in.who
    person = Person(student, who, (who,), hand_in.label)
    try:
        found = _files_of(hand_in, scratch)
        chosen = choose_notebooks(found.notebooks, wanted.notebooks)
        if any(source.path.is_symlink() for source in hand_in.sources):
            linked = "the folder is a symbolic link, which is not followed"
            chosen = Chosen({}, dict.fromkeys(wanted.notebooks, linked), [], [])
        submission = read_submission(student, chosen, wanted.notebooks)
    except Exception as error:  # of any kind: it harms this student alone
        why = f"what was handed in cannot be read: {reason(error)}"
        return Submission(student, {}, {}, error=why), person, []
    late, unreadable = _lateness(found.stamps, chosen.paths, wanted.deadline)
    person = person._replace(
        late=late or wanted.roster.late.get(who) or ("late" if hand_in.late else ""),
        notes=tuple(visible(note) for note in found.notes + unreadable + chosen.notes),
        notebooks=len(chosen.cells),
    )
    return submission, person, members_in(cell for cells in chosen.cells.values() for cell in cells)


def _files_of(hand_in: HandIn, scratch: Path) -> Found:
    """Find the notebooks of a hand-in, in its archives too, which are unpacked."""
    found = Found([], {}, [], [])
    queue = [source for source in hand_in.sources if not source.path.is_symlink()]
    numbers = count()
    for source in queue:
        base = len(source.path.parts) + 1
        for path in files_of(source, MOST_FILES, DEEPEST):
            name = source.name if path == source.path else path.name
            file = Handed(path, name, source.number, len(path.parts) - base + source.depth)
            if is_notebook(name):
                found.notebooks.append(file)
            elif name.lower().endswith(".zip"):
                into = scratch / str(next(numbers))
                try:
                    if source.depth == NESTED or len(queue) > MOST_ARCHIVES:
                        raise UnreadableError(
                            f"{name} is one archive too many, and was not unpacked"
                        )
                    found.notes.extend(unpack(path, into, name=name))
                    queue.append(file._replace(path=into, depth=source.depth + 1))
                except UnreadableError as error:
                    found.notes.append(str(error))
            elif name.lower().endswith(OTHER_ARCHIVES):
                found.notes.append(f"{name} is no zip file, and was not unpacked")
            elif name == STAMP:
                found.stamps[path.parent] = _stamp(path)
            else:
                found.others.append(name)
    if not found.notebooks and not found.notes:
        but = f"but {listed(found.others)}" if found.others else "nor any other file"
        found.notes.append(f"no notebook, {but}")
    return found


def _stamp(path: Path) -> str:
    with contextlib.suppress(UnreadableError), opened(path) as file:
        return str(file.read(LONGEST_STAMP), "utf-8", "replace").strip()
    return ""


def _lateness(
    stamps: Mapping[Path, str], notebooks: Sequence[Path], deadline: datetime | None
) -> tuple[str, list[str]]:
    """Return how late the notebooks are by their folders' timestamps, and which timestamps cannot be read."""
    folders = {folder for path in notebooks for folder in path.parents}
    times, unreadable = [], []
    for text in [text for folder, text in stamps.items() if folder in folders and deadline]:
        try:
            times.append(time_of(text))
        except Exception:  # a student may have written it
            unreadable.append(f"{STAMP} says {text!r}, which is no time: it may be late")
    return lateness(times, deadline), unreadable


def time_of(stamp: str) -> datetime:
    """Read the time that nbgrader has written: 2026-11-21 12:00:00.000000 UTC, or another zone.

    Raises:
        Exception: of many types, if there is none.
    """
    date, _, zone = stamp.rpartition(" ")
    if zone[:1].isalpha():
        return datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(zone))
    time = datetime.fromisoformat(stamp)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def lateness(times: Sequence[datetime], deadline: datetime | None) -> str:
    """Return by how much the last of some times is after a deadline; nothing if it is not."""
    if deadline is None or not times or (over := max(times) - deadline) <= timedelta(0):
        return ""
    return f"{str(over).partition('.')[0]} late"  # 1 day, 2:03:00
