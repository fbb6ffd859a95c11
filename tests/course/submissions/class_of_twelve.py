"""Class of twelve for the sheet of waves, and the layouts in which platforms export its hand-ins."""

import base64
import copy
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nbformat.v4 import new_markdown_cell
from PIL import Image
from sheets import Course

from sheet11.course.notebooks import read_notebook
from sheet11.course.preprocess import without_answers

Files = dict[str, bytes]  # by path, oldest first
OLD, NEW = (2026, 11, 20, 9, 0, 0), (2026, 11, 21, 9, 0, 0)


class Member(NamedTuple):
    """Somebody of the class, what was handed in, and what the grading gives for it by itself."""

    login: str
    name: str
    number: int  # the platform's
    files: Callable[["Answers"], Files] | None
    points: float
    late: bool = False
    group: str = ""


class Answers:
    """Makes notebooks for a sheet."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.blank = {
            stem: without_answers(read_notebook(path))
            for stem, path in course.sheet.notebooks.items()
        }

    def notebook(self, stem: str, members: str = "", scan: bool = False, **answers: str) -> bytes:
        """The right answers, but these."""
        notebook = copy.deepcopy(self.blank[stem])
        given = self.course.solutions[stem] | answers
        for cell in notebook.cells:
            cell.source = given.get(cell.id, cell.source)
            if scan and cell.id == "proof":
                cell.attachments = {"scan.png": {"image/png": scanned()}}
        if members:
            notebook.cells.insert(1, new_markdown_cell(f"**Handed in by:** {members}"))
        return json.dumps(notebook).encode()

    def both(
        self, first: str = "1_waves.ipynb", second: str = "2_slopes.ipynb", **options: str
    ) -> Files:
        """Both notebooks under these names."""
        return {first: self.notebook("1_waves", **options), second: self.notebook("2_slopes")}

    def wrong(self) -> str:
        """An answer that is wrong where no visible check looks."""
        return self.course.solutions["1_waves"]["wave"] + "\n" + self.course.wrong


def scanned(size: tuple[int, int] = (900, 1200)) -> str:
    """A page of handwriting, so to speak."""
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def zipped(files: Files, time: tuple[int, ...] = NEW) -> bytes:
    """A zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, time), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _in_a_mac_s_zip(answers: Answers) -> Files:
    inside = {f"abgabe/notebooks/{name}": content for name, content in answers.both().items()}
    left_behind = {
        "__MACOSX/abgabe/._1_waves.ipynb": b"\0",
        "abgabe/.ipynb_checkpoints/1_waves.ipynb": b"{}",
    }
    return {"abgabe.zip": zipped(inside | left_behind)}


CLASS = [
    Member("amueller", "Anna Müller", 1001, Answers.both, 4),
    Member(
        "boezdemir",
        "Bert Özdemir",
        1002,
        lambda a: a.both("Blatt3_Bert.ipynb", "zwei (1).ipynb"),
        4,
    ),
    Member("crossi", "Chiara Rossi", 1003, _in_a_mac_s_zip, 4),
    Member(
        "diwanow",
        "Dmitri Iwanow",
        1004,
        lambda a: a.both("week3/final/1_waves.ipynb", "week3/2_slopes.ipynb"),
        4,
    ),
    Member(
        *("eschaefer", "Emma Schäfer", 1005),
        lambda a: (
            {"1_waves.ipynb": a.notebook("1_waves", wave=a.wrong())} | a.both("1_waves (1).ipynb")
        ),
        4,
    ),
    Member(
        "fpetersen",
        "Finn Petersen",
        1006,
        lambda a: {"2_slopes.ipynb": a.notebook("2_slopes")},
        1,
        late=True,
    ),
    Member("gnowak", "Grażyna Nowak", 1007, lambda a: a.both(wave=a.wrong()), 2),
    Member(
        "hsuzuki",
        "Hana Suzuki",
        1008,
        lambda a: a.both(members="Hana Suzuki, ihorvat, Jule Becker"),
        4,
    ),
    Member("ihorvat", "Ivo Horvat", 1009, None, 4),
    Member("jbecker", "Jule Becker", 1010, None, 4),
    Member("kmensah", "Kwame Mensah", 1011, lambda a: a.both(scan=True, proof="See the scan."), 4),
    Member("ldubois", "Léa Dubois", 1012, lambda a: {"answers.pdf": b"%PDF-1.4"}, 0),
]
HANDED_IN = [member for member in CLASS if member.files]
ROSTER = "id;login;name;group;e-mail;seminar\n" + "".join(
    f"{member.number};{member.login};{member.name};;{member.login}@uni.example;A\n"
    for member in CLASS
)
WORKSHEET = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade","Last modified (grade)"\n'
    + "".join(
        f'"Participant {member.number}","{member.name}",{member.login}@uni.example,'
        f'"Submitted for grading{" - 2 hours late" if member.late else ""}",-,5.00,-\n'
        for member in CLASS
    )
)


def moodle(answers: Answers, folder: Path) -> Path:
    """Moodle's download of all submissions, as mod_assign's `downloader` writes it."""
    files = {
        f"{member.name}_{member.number}_assignsubmission_file/{name}": content
        for member in HANDED_IN
        for name, content in (member.files or dict)(answers).items()
    }
    files["Anna Müller_1001_assignsubmission_onlinetext/onlinetext.html"] = b"<p>Here it is</p>"
    path = folder / "ML-Sheet 3-4711.zip"
    path.write_bytes(zipped(files))
    return path


def moodle_unpacked(answers: Answers, folder: Path) -> Path:
    """The same, unpacked by hand, which makes a folder around it on some systems."""
    with zipfile.ZipFile(moodle(answers, folder)) as archive:
        archive.extractall(folder / "downloads" / "ML-Sheet 3-4711")
    return folder / "downloads"


def canvas(answers: Answers, folder: Path) -> Path:
    """Canvas's flat zip, as `content_zipper` writes it; what is handed in again has a number."""
    files = {}
    attachment = 70_000
    for member in HANDED_IN:
        first, last = member.name.split()
        late = "LATE_" if member.late else ""
        handed_in = (member.files or dict)(answers)
        if any("/" in name for name in handed_in):
            handed_in = {"all.zip": zipped(handed_in)}
        for name, content in handed_in.items():
            attachment += 1
            name = name.replace("1_waves (1)", "1_waves-1")
            files[f"{(last + first).lower()}_{late}{member.number}_{attachment}_{name}"] = content
    path = folder / "submissions.zip"
    path.write_bytes(zipped(files))
    return path


def nbgrader(answers: Answers, folder: Path) -> Path:
    """A course of nbgrader's, with a timestamp for each hand-in."""
    for member in HANDED_IN:
        own = folder / "course" / "submitted" / member.login / "sheet3"
        write(own, (member.files or dict)(answers))
        day = 22 if member.late else 21
        (own / "timestamp.txt").write_text(f"2026-11-{day} 12:00:00.000000 UTC\n")
    return folder / "course"


def folders(answers: Answers, folder: Path) -> Path:
    """A folder for each student, called by login."""
    for member in HANDED_IN:
        write(folder / "class" / member.login, (member.files or dict)(answers))
    return folder / "class"


def github(answers: Answers, folder: Path) -> Path:
    """What `gh classroom clone student-repos` leaves."""
    for member in HANDED_IN:
        own = folder / "sheet3-submissions" / f"sheet3-{member.login}"
        write(own, (member.files or dict)(answers) | {".git/config": b""})
    return folder / "sheet3-submissions"


LAYOUTS = {
    each.__name__: each for each in (moodle, moodle_unpacked, canvas, nbgrader, folders, github)
}


def write(folder: Path, files: Files) -> None:
    """Write files, each a second after the one before."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
