"""Names in the downloads of platforms."""

import pytest

from sheet11.course.submissions.layouts import files_of, find_hand_ins
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.submissions import Handed


def test_folders_of_moodle(tmp_path):
    """Older versions put `_` at the end."""
    names = ("Anna_7_assignsubmission_file", "Bert_8_assignsubmission_file_", "Clara")
    for name in names:
        (tmp_path / name).mkdir()
    found, _ = find_hand_ins(tmp_path, "class")
    assert list(found) == [
        Identity("7", name="Anna"),
        Identity("8", name="Bert"),
        Identity(name="Clara"),
    ]


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
    found, loose = find_hand_ins(tmp_path, "class")
    ((source,),) = found.values()
    assert (list(found), bool(source.late), loose) == ([who], late, [])


def test_files_with_one_number_are_one_hand_in(tmp_path):
    for name in ("anna_LATE_1_11_01.ipynb", "anna_1_12_02.ipynb", "loose.ipynb"):
        (tmp_path / name).touch()
    found, loose = find_hand_ins(tmp_path, "class")
    (sources,) = found.values()
    assert [(each.number, each.late) for each in sources] == [(12, ""), (11, "late")]
    assert loose == ["loose.ipynb"]


def test_folders_with_one_number_are_one_hand_in(tmp_path):
    """The name was corrected between two downloads."""
    for name in ("Anna Muller_7", "Anna Müller_7", "Anna Müller_8"):
        (tmp_path / f"{name}_assignsubmission_file").mkdir()
    found, _ = find_hand_ins(tmp_path, "class")
    assert [(who.id, len(sources)) for who, sources in found.items()] == [("7", 2), ("8", 1)]


def test_folders_are_looked_into_up_to_a_depth(tmp_path):
    deepest = tmp_path.joinpath(*["a"] * 20)
    (deepest / "b").mkdir(parents=True)
    for folder in (tmp_path, deepest, deepest / "b"):
        (folder / "1").touch()
    found = [(file.name, file.depth) for file in files_of(Handed(tmp_path, "class"))]
    assert found == [("1", 1), ("1", 21)]
