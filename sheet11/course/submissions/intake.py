"""Taking a class in, as a platform gives it: what is unpacked, who is who, which notebooks count, and what is late."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

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
    Chosen,
    Handed,
    Submission,
    choose_notebooks,
    key_of,
    read_submission,
)
from sheet11.course.text import visible

MOST_FILES = 2000
DEEPEST = 20  # folders within a student's
NESTED = 3  # archives within archives
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".tgz", ".gz", ".xz", ".bz2")
LONGEST_STAMP = 100  # bytes
MOST_SAID = 20  # of what a class has that is nobody's


class Wanted(NamedTuple):
    """What everybody is to hand in, and until when."""

    notebooks: Mapping[str, Asked]  # by stem
    roster: Roster = NO_ROSTER
    deadline: datetime | None = None
    assignment: str = ""  # folder in each student's folder where nbgrader collects what is wanted


class Intake(NamedTuple):
    """A class as it was handed in: a submission and a person for each hand-in, in the same order."""

    submissions: list[Submission]
    people: list[Person]
    strange: list[str]  # notebooks that are nobody's, and what could not be unpacked
    absent: list[str]  # who of the roster has handed in nothing


def take_in(folder: Path, wanted: Wanted, out: Path | None = None) -> Intake:
    """Read what a platform gives: its zip or folder, or a folder with a folder for each student.

    Symbolic links are not followed: they could lead to another student's answers. What cannot be read is the `error`
    of that submission.

    Args:
        folder: or zip file.
        wanted: what is looked for.
        out: folder of the results, which is nobody's.

    Raises:
        FolderError: there is no such folder or file, or it holds nobody's work.
        OSError: it cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=folder_of_this_process()) as scratch:
        root, left_out = folder, []
        if folder.is_file():
            root = Path(scratch, "class")
            try:
                left_out = unpack(folder, root, OF_A_CLASS)
            except UnreadableError as error:
                raise FolderError(f"{folder}: {error}") from error
        elif not folder.is_dir():
            raise FolderError(f"there is no folder or file {str(folder)!r}")
        hand_ins, loose = find_hand_ins(root, folder.stem, [out] if out else [])
        if not hand_ins:
            raise FolderError(
                f"{folder} holds no folders; it wants one for each student, with notebooks in it"
            )
        hand_ins = _of_assignment(hand_ins, wanted.assignment)
        directory = Directory(wanted.roster.people)
        found = []
        for number, each in enumerate(tqdm(hand_ins, "read", unit="student", disable=None)):
            found.append(_taken(each, wanted, directory, Path(scratch, str(number))))
    people, absent = with_members([(person, names) for _, person, names in found], directory)
    return Intake(
        [submission for submission, _, _ in found],
        people,
        left_out + [f"whose is {visible(name)}?" for name in loose],
        absent,
    )


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
    """What was not understood, in sentences: who has handed in no notebook that was recognised; what is nobody's."""
    names = _without(intake.people)
    return ([f"no notebook was recognised of {listed(names)}"] if names else []) + intake.strange


def _without(people: Sequence[Person]) -> list[str]:
    return [person.student for person in people if not person.notebooks]


def what_was_handed_in(intake: Intake, notebooks: int) -> str:
    """What was handed in, in one line for the terminal, and one for everything that was decided."""
    people = intake.people
    plural = "" if notebooks == 1 else "s"
    said = [
        f"{len(people)} student{'' if len(people) == 1 else 's'}, {notebooks} notebook{plural} each"
    ]
    fewer = [person.student for person in people if 0 < person.notebooks < notebooks]
    counts = [(fewer, "with fewer"), (_without(people), "without a recognisable notebook")]
    said += [f"{len(names)} {what}: {listed(names)}" for names, what in counts if names]
    late = sum(bool(person.late) for person in people)
    said += [f"{late} late"] if late else []
    said += [f"nothing from {listed(intake.absent)}"] if intake.absent else []
    notes = intake.strange[:MOST_SAID]
    notes += [f"{person.student}: {note}" for person in people for note in person.notes]
    return visible("\n".join(["; ".join(said), *notes]), lines=True)


def _taken(
    hand_in: HandIn, wanted: Wanted, directory: Directory, scratch: Path
) -> tuple[Submission, Person, list[str]]:
    """One hand-in, read; and those who are said to be members of its group."""
    student = key_of(hand_in.key)
    who = directory.find(hand_in.who) or hand_in.who
    person = Person(student, who, (who,), hand_in.label)
    try:
        files, stamps, notes = _files_in(hand_in, scratch)
        chosen = choose_notebooks(files, wanted.notebooks)
        if any(source.path.is_symlink() for source in hand_in.sources):
            linked = "the folder is a symbolic link, which is not followed"
            chosen = Chosen({}, dict.fromkeys(wanted.notebooks, linked), [], [])
        submission = read_submission(student, chosen, wanted.notebooks)
    except Exception as error:  # whatever it is, it is about this student alone
        why = f"what was handed in cannot be read: {reason(error)}"
        return Submission(student, {}, {}, error=why), person, []
    holding = {folder for path in chosen.paths for folder in path.parents}
    times = [stamp for folder, stamp in stamps.items() if folder in holding]
    late = (
        lateness(times, wanted.deadline)
        or wanted.roster.late.get(who)
        or ("late" if hand_in.late else "")
    )
    notes = (*notes, *map(visible, chosen.notes))
    person = person._replace(late=late, notes=notes, notebooks=len(chosen.cells))
    return submission, person, members_in(cell for cells in chosen.cells.values() for cell in cells)


def _files_in(
    hand_in: HandIn, scratch: Path
) -> tuple[list[Handed], dict[Path, str], tuple[str, ...]]:
    """The notebooks of a hand-in, unpacked; what nbgrader's timestamps say of a folder; and what was left out."""
    handed: list[Handed] = []
    stamps: dict[Path, str] = {}
    notes: list[str] = []
    others: list[str] = []
    queue = [source for source in hand_in.sources if not source.path.is_symlink()]
    for source in queue:
        base = len(source.path.parts) + 1
        for path in files_of(source, MOST_FILES, DEEPEST):
            name = source.name if path == source.path else path.name
            if is_notebook(name) and len(handed) < MOST_FILES:
                handed.append(
                    Handed(path, name, source.number, len(path.parts) - base + source.depth)
                )
            elif name.lower().endswith(".zip"):
                inner = scratch / str(len(queue))
                try:
                    if source.depth == NESTED or len(queue) > MOST_FILES:
                        raise ArchiveError(
                            f"{name} is an archive within too many others, and was not unpacked"
                        )
                    notes += [left_out.replace(path.name, name) for left_out in unpack(path, inner)]
                except UnreadableError as error:
                    notes.append(visible(str(error).replace(path.name, name)))
                else:
                    queue.append(Handed(inner, name, source.number, source.depth + 1))
            elif name.lower().endswith(OTHER_ARCHIVES):
                notes.append(visible(f"{name} is no zip file, and was not unpacked"))
            elif name == STAMP:
                stamps[path.parent] = _stamp(path)
            else:
                others.append(name)
    if not handed and not notes:
        notes.append(
            visible(
                f"no notebook, but {listed(others)}"
                if others
                else "no notebook, nor any other file"
            )
        )
    return handed, stamps, tuple(notes)


def _stamp(path: Path) -> str:
    with contextlib.suppress(UnreadableError), opened(path) as file:
        return str(file.read(LONGEST_STAMP), "utf-8", "replace").strip()
    return ""


def lateness(stamps: Sequence[str], deadline: datetime | None) -> str:
    """By how much nbgrader's timestamps are after a deadline; empty if they are not, or if there are none."""
    times = [time for stamp in stamps for time in _times(stamp)]
    if deadline is None or not times or (over := max(times) - deadline) <= timedelta(0):
        return ""
    hours, minutes = divmod(int(over.total_seconds()) // 60, 60)
    days, hours = divmod(hours, 24)
    parts = [
        f"{number} {unit}"
        for number, unit in ((days, "d"), (hours, "h"), (minutes, "min"))
        if number
    ]
    return f"{' '.join(parts) or 'less than 1 min'} late"


def _times(stamp: str) -> Iterator[datetime]:
    """The time that nbgrader has written: 2026-11-21 12:00:00.000000 UTC."""
    with contextlib.suppress(ValueError):
        time = datetime.fromisoformat(re.sub(r"\s*UTC$", "+00:00", stamp))
        yield time if time.tzinfo else time.replace(tzinfo=UTC)
