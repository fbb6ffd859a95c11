"""Hand-ins that ask for too much: what one takes is bounded, and nobody else's work suffers."""

import base64
import errno
import json
from pathlib import Path

import pytest
from class_of_twelve import zipped
from pictures import picture
from sheets import waves

from sheet11.course.notebooks import read_notebook
from sheet11.course.preprocess import without_answers
from sheet11.course.submissions.images import MOST_SCANS, ImageBudget, as_attachment
from sheet11.course.submissions.intake import MOST_NOTES, Wanted, take_in
from sheet11.course.submissions.matching import blank_of


@pytest.fixture
def take(tmp_path):
    """Take in the class in `class`, to which somebody belongs whose notebook can be read."""
    path = waves(tmp_path / "sheet").sheet.notebooks["1_waves"]
    edition = without_answers(read_notebook(path))
    good = tmp_path / "class" / "good"
    good.mkdir(parents=True)
    (good / "1_waves.ipynb").write_text(json.dumps(edition))

    def take():
        intake = take_in(
            tmp_path / "class", Wanted({"1_waves": blank_of("1_waves", edition)}), tmp_path / "out"
        )
        read = dict(zip((each.student for each in intake.people), intake.submissions, strict=True))
        assert read["good"].notebooks and not read["good"].error
        return read, {each.student: each.notes for each in intake.people}

    return take


def test_archives_within_archives_have_one_budget(take, tmp_path):
    bomb = zipped({f"{k}.ipynb": bytes(45 << 20) for k in range(3)})
    (tmp_path / "class" / "bomb").mkdir()
    for k in range(4):
        (tmp_path / "class" / "bomb" / f"{k}.zip").write_bytes(bomb)
    notes = take()[1]["bomb"]
    assert sum("holds more than" in note for note in notes) == 3, notes


def test_a_full_disk_is_not_the_students_fault(take, tmp_path, monkeypatch):
    (tmp_path / "class" / "late.zip").write_bytes(zipped({"1_waves.ipynb": b"{}"}))

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "No space left on device" in take()[0]["late"].error


def test_folders_within_folders(take, tmp_path):
    (tmp_path / "class" / "deep.zip").write_bytes(zipped({"d/" * 1800 + "1_waves.ipynb": b"{}"}))
    (note,) = [note for note in take()[1]["deep"] if "deep.zip" in note]
    assert "in too many folders" in note


def test_notes_are_few(take, tmp_path):
    (tmp_path / "class" / "many.zip").write_bytes(
        zipped({f"../{k}.ipynb": b"" for k in range(1500)})
    )
    notes = take()[1]["many"]
    assert len(notes) == MOST_NOTES + 1 and notes[-1].startswith("and 14")


def test_a_link_to_itself(take, tmp_path):
    (tmp_path / "class" / "loop").symlink_to("loop")
    (tmp_path / "class" / "good" / "loop.ipynb").symlink_to("loop.ipynb")
    take()


def test_a_jpeg_of_many_scans():
    usual = picture(form="JPEG", progressive=True)
    assert as_attachment(usual, ImageBudget(1, 10**6))
    many = base64.b64decode(usual) + b"\xff\xda" * MOST_SCANS
    with pytest.raises(ValueError, match="too many scans"):
        as_attachment(base64.b64encode(many).decode(), ImageBudget(1, 10**6))
