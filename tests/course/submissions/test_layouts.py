"""Names in the downloads of platforms."""

import pytest

from sheet11.course.submissions import layouts
from sheet11.course.submissions.layouts import find_hand_ins
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.submissions import Handed


@pytest.mark.parametrize(
    ("name", "who", "late"),
    [
        ("mülleranna_123_456_01.ipynb", Identity("123", name="mülleranna"), False),
        ("mülleranna_LATE_123_456_01.ipynb", Identity("123", name="mülleranna"), True),
        ("LATE_anon_x9y_456_01.ipynb", Identity("anon_x9y"), True),
        ("mülleranna_123_text.html", Identity("123", name="mülleranna"), False),
        ("Anna_7_assignsubmission_file_01.ipynb", Identity("7", name="Anna"), False),
        ("Die Wellen.zip", Identity(name="Die Wellen"), False),
    ],
)
def test_names_of_files(tmp_path, name, who, late):
    (tmp_path / name).touch()
    ((hand_in,), loose) = find_hand_ins(tmp_path, "class")
    assert (hand_in.who, hand_in.late, loose) == (who, late, [])


def test_a_hand_in_is_late_if_one_of_its_files_is(tmp_path):
    for name in ("anna_LATE_1_11_01.ipynb", "anna_1_12_02.ipynb", "loose.ipynb"):
        (tmp_path / name).touch()
    ((hand_in,), loose) = find_hand_ins(tmp_path, "class")
    assert hand_in.late and hand_in.label == "anna_1_12_02.ipynb" and loose == ["loose.ipynb"]
    assert [source.number for source in hand_in.sources] == [12, 11]


def test_as_many_files_and_folders_as_the_limit(tmp_path, monkeypatch):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    for name in ("1", "a/2", "a/b/3", "a/b/c/4"):
        (tmp_path / name).touch()

    def found(most, deepest):
        monkeypatch.setattr(layouts, "MOST_FILES", most)
        monkeypatch.setattr(layouts, "DEEPEST", deepest)
        return [(file.name, file.depth) for file in layouts.files_of(Handed(tmp_path, "class"))]

    assert found(9, 3) == [("1", 0), ("2", 1), ("3", 2), ("4", 3)]
    assert found(9, 2) == [("1", 0), ("2", 1), ("3", 2)]
    assert found(2, 3) == [("1", 0), ("2", 1)]
