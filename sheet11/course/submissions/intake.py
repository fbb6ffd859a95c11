"""Read a class's hand-ins from a platform's download: answers, people and lateness."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tqdm import tqdm

from sheet11.course.errors import FolderError, reason
from sheet11.course.files import folder_of_this_process
from sheet11.course.submissions.archives import OF_A_CLASS, STAMP, ArchiveError, is_notebook, unpack
from sheet11.course.submissions.layouts import HandIn, files_of, find_hand_ins
from sheet11.course.submissions.matching import Asked
from sheet11.course.submissions.members import members_in, with_members
from sheet11.course.submissions.people import Person, listed
from sheet11.course.submissions.reading import UnreadableError, opened
from sheet11.course.submissions.roster import NO_ROSTER, Directory, Roster
from sheet11.course.submissions.submissions import (
    Handed,
    Submission,
    choose_notebooks,
    key_of,
    read_submission,
)
from sheet11.course.text import visible

MOST_ARCHIVES = 20  # in a hand-in
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".tgz", ".gz", ".xz", ".bz2")
LONGEST_STAMP = 100  # bytes
MOST_NOTES = 20  # notes on files that belong to no student


class Wanted(NamedTuple):
    """The notebooks to hand in, the roster and the deadline."""

    notebooks: Mapping[str, Asked]  # by stem
    roster: Roster = NO_ROSTER
    deadline: datetime | None = None
    assignment: str = ""  # nbgrader's subfolder in each student's folder


class Intake(NamedTuple):
    """The hand-ins of a class: a submission and a person for each, in the same order."""

    submissions: list[Submission]
    people: list[Person]
    strange: list[str]  # notes on files that belong to no student
    absent: list[str]  # people of the roster who handed in nothing


def take_in(folder: Path, wanted: Wanted, out: Path | None = None) -> Intake:
    """Read a class from a platform's zip or folder, or from a folder with a folder for each student.

    Symbolic links are not followed: they could lead to another student's answers. A hand-in that cannot be read has
    the reason in the `error` of its submission.

    Args:
        folder: a folder or zip file.
        wanted: the notebooks, roster and deadline.
        out: folder of the results.

    Raises:
        FolderError: the folder or file is missing, or holds no hand-ins.
        OSError: the folder cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=folder_of_this_process()) as scratch:
        root, strange = folder, []
        if folder.is_file():
            root = Path(scratch, "class")
            strange = unpack(folder.resolve(), root, OF_A_CLASS)
        if not root.is_dir():
            raise FolderError(f"there is no folder or file {str(folder)!r}")
        hand_ins, loose = find_hand_ins(root, folder.stem, out)
        if not hand_ins:
            raise FolderError(f"{folder} holds no folder with notebooks for each student")
        paths = [source.path for each in hand_ins for source in each.sources]
        if not any(os.path.isdir(path / wanted.assignment) for path in paths):
            wanted = wanted._replace(assignment="")
        directory = Directory(wanted.roster.people)
        taken = [
            _taken(each, wanted, directory, Path(scratch, str(number)))
            for number, each in enumerate(tqdm(hand_ins, "read", unit="student", disable=None))
        ]
    people, absent = with_members([person for _, person in taken], directory)
    strange += [f"{visible(name)} belongs to no student" for name in loose]
    submissions = [submission for submission, _ in taken]
    return Intake(submissions, people, strange, [person.shown for person in absent])


def not_understood(intake: Intake) -> list[str]:
    """Return lines on students without a recognised notebook and on files that belong to no student."""
    names = [person.student for person in intake.people if not person.notebooks]
    return ([f"no notebook was recognised of {listed(names)}"] if names else []) + intake.strange


def what_was_handed_in(intake: Intake, notebooks: int) -> str:
    """Return a summary of the hand-ins for the terminal: one line, and one for each decision."""
    people = intake.people
    groups = {
        "with fewer": [each.student for each in people if 0 < each.notebooks < notebooks],
        "without a recognisable notebook": [each.student for each in people if not each.notebooks],
        "with answers outside of their cells or without marks": [
            each.student for each in intake.submissions if each.remarks
        ],
        "late": [each.student for each in people if each.late],
        "from whom nothing came": intake.absent,
    }
    said = [f"{counted(len(people), 'student')}, {counted(notebooks, 'notebook')} each"]
    said += [f"{len(names)} {what}: {listed(names)}" for what, names in groups.items() if names]
    notes = [f"{person.student}: {note}" for person in people for note in person.notes]
    lines = ["; ".join(said), *intake.strange[:MOST_NOTES], *notes]
    return visible("\n".join(lines), lines=True)


def counted(number: int, name: str) -> str:
    """Return a number and a noun, in the plural where needed."""
    return f"{number} {name}{'' if number == 1 else 's'}"


def _taken(
    hand_in: HandIn, wanted: Wanted, directory: Directory, scratch: Path
) -> tuple[Submission, Person]:
    """Read one hand-in."""
    student = key_of(hand_in.key)
    who = directory.find(hand_in.who) or hand_in.who
    person = Person(student, who, (who,), hand_in.label)
    notes: list[str] = []
    try:
        files: list[Handed] = []
        for source in hand_in.sources:
            inside = source._replace(path=source.path / wanted.assignment)
            if source.path.is_symlink() or inside.path.is_symlink():
                notes.append("the folder is a symbolic link, which is not followed")
            elif not wanted.assignment or wanted.assignment in os.listdir(source.path):
                files += _unpacked(inside, scratch, notes)
        notebooks = [file for file in files if is_notebook(file.name)]
        stamps = [file for file in files if file.name == STAMP]
        others = [file.name for file in files if file not in notebooks + stamps]
        if not notebooks and not notes:
            notes.append(f"no notebook, but {listed(others)}" if others else "no file")
        chosen = choose_notebooks(notebooks, wanted.notebooks)
        submission = read_submission(student, chosen, wanted.notebooks)
        late = "late" if hand_in.late else wanted.roster.late.get(who, "")
        if wanted.deadline:
            folders = {folder for path in chosen.paths for folder in path.parents}
            own = [stamp.path for stamp in stamps if stamp.path.parent in folders]
            late = _lateness(own, wanted.deadline, notes) or late
    except Exception as error:  # of any kind: it affects only this student
        why = f"what was handed in cannot be read: {reason(error)}"
        return Submission(student, error=why), person
    cells = [cell for cells in chosen.cells.values() for cell in cells]
    person = person._replace(
        members=(who, *members_in(cells)),
        late=late,
        notes=tuple(visible(note) for note in notes + chosen.notes),
        notebooks=len(chosen.cells),
    )
    return submission, person


def _unpacked(source: Handed, scratch: Path, notes: list[str]) -> Iterator[Handed]:
    """Yield the files of a hand-in, archives unpacked; add notes on archives that cannot be."""
    for file in files_of(source):
        name = file.name.lower()
        if name.endswith(".zip"):
            scratch.mkdir(exist_ok=True)
            number = len(os.listdir(scratch))
            into = scratch / str(number)
            try:
                if number == MOST_ARCHIVES:
                    raise ArchiveError(f"{file.name} is one archive too many")
                notes += unpack(file.path, into)
                yield from _unpacked(file._replace(path=into, depth=file.depth + 1), scratch, notes)
            except (ArchiveError, UnreadableError) as error:
                notes.append(str(error))
        else:
            if name.endswith(OTHER_ARCHIVES):
                notes.append(f"{file.name} is no zip file, and was not unpacked")
            yield file


def _lateness(stamps: Iterable[Path], deadline: datetime, notes: list[str]) -> str:
    """Return how late the last timestamp is; add notes on unreadable ones."""
    latest = deadline
    for path in stamps:
        text = ""
        try:
            with opened(path) as file:
                text = str(file.read(LONGEST_STAMP), "utf-8", "replace").strip()
            latest = max(latest, time_of(text))
        except Exception:  # students can write the file
            notes.append(f"{STAMP} says {text!r}, which is no time: it may be late")
    late = latest - deadline
    return f"{str(late).partition('.')[0]} late" if late else ""  # 1 day, 2:03:00 late


def time_of(stamp: str) -> datetime:
    """Parse nbgrader's timestamp: 2026-11-21 12:00:00.000000 UTC, or with another zone.

    Raises:
        Exception: of many types, if the text is not a timestamp.
    """
    date, _, zone = stamp.rpartition(" ")
    if zone[:1].isalpha():
        return datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(zone))
    time = datetime.fromisoformat(stamp)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
