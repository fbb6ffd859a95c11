"""Read a class's hand-ins from a platform's download: answers, people and lateness."""

import itertools
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tqdm import tqdm

from sheet11.course.book.gradebook import Adjustment
from sheet11.course.errors import FolderError, reason
from sheet11.course.files import folder_of_this_process
from sheet11.course.submissions.adjustments import deadline_of
from sheet11.course.submissions.archives import OF_A_CLASS, STAMP, is_notebook, unpack
from sheet11.course.submissions.layouts import HandIns, files_of, find_hand_ins
from sheet11.course.submissions.matching import BlankNotebook
from sheet11.course.submissions.members import members_in, with_members
from sheet11.course.submissions.people import Person, listed
from sheet11.course.submissions.reading import UnreadableError, opened
from sheet11.course.submissions.roster import NO_ROSTER, Roster
from sheet11.course.submissions.submissions import (
    Handed,
    Submission,
    key_of,
    read_submission,
)
from sheet11.course.text import visible

MOST_ARCHIVES = 20  # in a hand-in
MOST_FILES = 2000  # in a folder or an archive
LONGEST_STAMP = 100  # bytes
MOST_NOTES = 20  # notes on unrecognised files


class Wanted(NamedTuple):
    """The notebooks to hand in, the roster and the deadline."""

    notebooks: Mapping[str, BlankNotebook]  # by stem
    roster: Roster = NO_ROSTER
    deadline: datetime | None = None
    adjustments: Sequence[Adjustment] = ()
    assignment: str = ""  # nbgrader's subfolder in each student's folder
    students: Collection[str] = ()  # of the earlier grading


class Intake(NamedTuple):
    """The hand-ins of a class: a submission and a person for each, in the same order."""

    submissions: Sequence[Submission]
    people: list[Person]
    unrecognised: list[str]  # notes on hand-ins and files
    absent: list[str]  # people in the roster who handed in nothing


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
        root = folder
        unrecognised = []
        if folder.is_file():
            root = Path(tempfile.mkdtemp(dir=scratch))
            unrecognised = unpack(folder.resolve(), root, OF_A_CLASS)
        if not root.is_dir():
            raise FolderError(f"there is no folder or file {str(folder)!r}")
        hand_ins, loose = find_hand_ins(root, folder.stem, wanted.assignment, out)
        if not hand_ins:
            raise FolderError(f"{folder} holds no folder with notebooks for each student")
        found = list(zip(_people(hand_ins, wanted), hand_ins.values(), strict=True))
        hand_ins_read = [
            _read_hand_in(person, sources, wanted, scratch)
            for person, sources in tqdm(found, "read", unit="student", disable=None)
        ]
    submissions, persons = zip(*hand_ins_read, strict=True)
    people, absent = with_members(persons, wanted.roster)
    unrecognised += [f"{visible(name)} belongs to no student" for name in loose]
    if without := [person.student for person in people if not person.notebooks]:
        unrecognised.append(
            f"no notebook of the sheet was found in the hand-in of {listed(without)}"
        )
    return Intake(submissions, people, unrecognised, absent)


def summary_of(intake: Intake, notebooks: int) -> str:
    """Return a summary of the hand-ins for the terminal: one line, and one for each decision."""
    people = intake.people
    groups = {
        "with fewer": [each.student for each in people if 0 < each.notebooks < notebooks],
        "with answers outside their cells or without nbgrader metadata": [
            each.student for each in intake.submissions if each.remarks
        ],
        "late": [each.student for each in people if each.late],
        "without a hand-in": intake.absent,
    }
    summary = [f"students: {len(people)}, notebooks of each: {notebooks}"]
    summary += [f"{len(names)} {what}: {listed(names)}" for what, names in groups.items() if names]
    notes = [f"{person.student}: {note}" for person in people for note in person.notes]
    return "\n".join(["; ".join(summary), *intake.unrecognised[:MOST_NOTES], *notes])


def _people(hand_ins: HandIns, wanted: Wanted) -> list[Person]:
    """Return the person of each hand-in; a corrected name keeps the key that belongs to the platform's number."""
    numbers = {who.id for who in hand_ins if who.id}
    shared = numbers.intersection(person.id for person in wanted.roster.people)
    has_numbers = 2 * len(shared) > len(numbers)  # the roster: its ids are not the university's
    keys = [key_of(f"{who.name}_{who.id}".removesuffix("_")) for who in hand_ins]
    gone = set(wanted.students).difference(keys)
    earlier = {number: student for student in gone if (number := student.rpartition("_")[2])}
    people = []
    for key, (who, sources) in zip(keys, hand_ins.items(), strict=True):
        if key not in wanted.students:
            key = earlier.get(who.id, key)
        known = wanted.roster.find(who) or who
        if has_numbers and who.id and known.id not in ("", who.id):
            known = who  # somebody else of this name
        label = sources[0].path.name if sources[0].number else ""
        people.append(Person(key, known, (), label))
    return people


def _read_hand_in(
    person: Person, sources: list[Handed], wanted: Wanted, scratch: str
) -> tuple[Submission, Person]:
    """Read one hand-in."""
    student = person.student
    try:
        files, notes = _files_in(sources, scratch)
        notebooks = [file for file in files if is_notebook(file.name)]
        submission, paths, more = read_submission(student, notebooks, wanted.notebooks)
        late = max(source.late for source in sources)  # "late" if one is
        late = late or wanted.roster.people.get(person.who, "")
        own = deadline_of(wanted.adjustments, person.who)
        if deadline := own or wanted.deadline:
            around = {folder / STAMP for path in paths for folder in path.parents}
            stamps = around & {file.path for file in files}
            if own:  # the platform compares with another deadline
                late = "late" if late and not stamps else ""
            late = _lateness(stamps, deadline, notes, late)
    except Exception as error:  # of any kind: it affects only this student
        why = f"what was handed in cannot be read: {reason(error)}"
        return Submission(student, error=why), person
    if not notebooks:
        others = listed([file.name for file in files if file.name != STAMP])
        notes.append(f"no notebook; other files: {others or 'none'}")
    person = person._replace(
        members=members_in(itertools.chain(*submission.notebooks.values())),
        late=late,
        notes=tuple(map(visible, notes + more)),
        notebooks=len(submission.notebooks),
    )
    return submission, person


def _files_in(sources: list[Handed], scratch: str) -> tuple[list[Handed], list[str]]:
    """Return the files of a hand-in, archives unpacked, and notes on archives that cannot be."""
    files = []
    notes = []
    folders = list(sources)
    left = MOST_ARCHIVES
    for folder in folders:  # unpacked archives become further ones
        for file in itertools.islice(files_of(folder), MOST_FILES):
            if not file.name.lower().endswith(".zip"):
                files.append(file)
            elif not left:
                notes.append(f"{file.name} is one archive too many")
            else:
                left -= 1
                into = Path(tempfile.mkdtemp(dir=scratch))
                try:
                    notes += unpack(file.path, into)
                    folders.append(file._replace(path=into))
                except UnreadableError as error:
                    notes.append(str(error))
    return files, notes


def _lateness(stamps: Iterable[Path], deadline: datetime, notes: list[str], late: str) -> str:
    """Return how late the last timestamp is, else what the platform says; add notes on unreadable ones."""
    latest = deadline
    for path in stamps:
        text = ""
        try:
            with opened(path) as file:
                text = file.read(LONGEST_STAMP).decode(errors="replace").strip()
            latest = max(latest, time_of(text).replace(microsecond=0))
        except Exception:  # students can write the file
            notes.append(f"{STAMP} says {text!r}, which is not a time: the hand-in may be late")
            late = late or "perhaps late"
    return f"{latest - deadline} late" if latest > deadline else late  # 1 day, 2:03:00 late


def time_of(stamp: str) -> datetime:
    """Parse nbgrader's timestamp: 2026-11-21 12:00:00.000000 UTC, or with another zone or offset.

    Raises:
        Exception: of many types, if the text is not a timestamp.
    """
    date, time, *zone = stamp.split(" ")
    handed_in = datetime.fromisoformat(f"{date} {time}")
    here = handed_in.astimezone()
    if [here.tzname()] == zone:  # CEST is the name of no zone
        return here
    return handed_in.replace(tzinfo=handed_in.tzinfo or ZoneInfo(*zone or ["UTC"]))
