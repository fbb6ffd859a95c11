"""Reading of submissions; test_class covers files in every state."""

import os
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pictures import picture
from sheets_of_nbgrader import answer, check, notebook, text

from sheet11.course.submissions import intake
from sheet11.course.submissions.attachments import stored_images
from sheet11.course.submissions.intake import Wanted, take_in
from sheet11.course.submissions.matching import blank_of
from sheet11.course.submissions.submissions import HandedCell, Submission, key_of, work_for

PNG, OTHER = {"image/png": picture()}, {"image/png": picture(2, 3)}
STUB = "raise NotImplementedError()"

EDITIONS = {
    "01": [answer("f", STUB), check("f-1", "f"), text("proof", "YOUR ANSWER HERE")],
    "02": [answer("g", STUB), check("g-1", "g")],
}


def blanks(**editions):
    return {stem: blank_of(stem, notebook(*cells)) for stem, cells in editions.items()}


def cell(source, grade_id=None, kind=new_code_cell, **fields):
    return kind(source, metadata={"nbgrader": {"grade_id": grade_id}} if grade_id else {}, **fields)


def read_submissions(folder):
    return take_in(folder, Wanted(blanks(**EDITIONS))).submissions


def read_submission(folder):
    (found,) = [each for each in read_submissions(folder.parent) if each.student == folder.name]
    return found


def sources_in(found):
    """Return the sources of the sheet's cells by notebook and grade_id."""
    return {
        stem: {cell.name: cell.source for cell in cells if cell.name}
        for stem, cells in found.notebooks.items()
    }


@pytest.fixture
def hand_in(tmp_path):
    def hand_in(name, *cells, student="anna"):
        path = tmp_path / student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=list(cells)), path)

    return hand_in


@pytest.fixture
def anna(tmp_path):
    return lambda: read_submission(tmp_path / "anna")


def test_a_notebook_with_a_cell_that_the_student_has_added(hand_in, anna):
    proof = cell("text", "proof", new_markdown_cell)
    hand_in("01.ipynb", cell("x = 1"), cell("def f(): pass", "f"), cell("f", "f-1"), proof)
    assert anna() == Submission(
        "anna",
        problems={"02": "there is no 02.ipynb"},
        notebooks={
            "01": [
                HandedCell(None, None, "code", "x = 1", ""),
                HandedCell("f", 0, "code", "def f(): pass", ""),
                HandedCell("f-1", 1, "code", "f", ""),
                HandedCell("proof", 2, "markdown", "text", ""),
            ]
        },
    )


def test_of_notebooks_with_the_same_names_the_file_s_name_decides(tmp_path, hand_in):
    same = blanks(**{stem: EDITIONS["01"] for stem in ("01", "02")})
    hand_in("02.ipynb", cell("second", "f"))
    hand_in("01 (1).ipynb", cell("first", "f"))
    (found,) = take_in(tmp_path, Wanted(same)).submissions
    assert sources_in(found) == {"01": {"f": "first"}, "02": {"f": "second"}}


def test_a_notebook_of_another_sheet_does_not_count_beside_the_right_one(hand_in, anna):
    hand_in("sheet3/01.ipynb", cell("right", "f"))
    hand_in("01.ipynb", cell("another", "tides"))
    assert sources_in(anna()) == {"01": {"f": "right"}}


@pytest.mark.parametrize(
    "name", ["01 (1).ipynb", "01-Copy1.ipynb", "deep/er/01.ipynb", "sheet/01_anna.ipynb"]
)
def test_names_of_copies(hand_in, anna, name):
    hand_in(name, cell("1", "f"))
    assert sources_in(anna()) == {"01": {"f": "1"}}


def test_the_exact_name_and_the_outer_folder_come_first(hand_in, anna):
    hand_in("01-Copy1.ipynb", cell("copy", "f"))
    hand_in("inner/01.ipynb", cell("inner", "f"))
    hand_in(".ipynb_checkpoints/02.ipynb", cell("old", "g"))
    assert sources_in(anna()) == {"01": {"f": "inner"}}
    hand_in("01.ipynb", cell("outer", "f"))
    assert sources_in(anna()) == {"01": {"f": "outer"}}


def test_problems_are_said_by_notebook_and_by_answer(hand_in, anna, tmp_path):
    hand_in("01.ipynb", cell("x" * 100_001, "f"), cell("right", "proof", new_markdown_cell))
    (tmp_path / "anna" / "02.ipynb").write_text("%PDF-1.4")
    assert sources_in(anna()) == {"01": {"f": "", "proof": "right"}}
    assert anna().problems == {
        "01/f": "the answer has more than 100000 characters",
        "02": "02.ipynb is not a Jupyter notebook, or too large",
    }


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ünal Çelik, 'O’Neill'", None),
        (b"an\xffna", r"an\xffna~0804292b667b"),
        ("an\nna", r"an\nna~"),
        ("x" * 255, "x" * 187 + "~"),
        ("é" * 127, "é" * 93 + "~"),
        ("anna~0804292b667b", "anna~0804292b667b~"),
    ],
)
def test_keys_are_legible_and_short(name, key):
    found = key_of(os.fsdecode(name))
    assert found == name if key is None else found.startswith(key)
    assert len(found.encode()) <= 200


def test_the_work_for_a_task_is_its_answer_and_what_stands_elsewhere(hand_in, anna):
    pages = [
        cell("![](attachment:scan.png)", name, new_markdown_cell, attachments={"scan.png": png})
        for name, png in {"proof": PNG, None: OTHER}.items()
    ]
    hand_in("01.ipynb", cell("f = 1", "f"), *pages)
    code, words = blanks(**EDITIONS)["01"].tasks
    assert work_for(anna(), code) == ("f = 1", {})
    source, images = work_for(anna(), words)
    assert source == "\n\n".join(f"![](attachment:{name})" for name in images)
    assert [*images.values()] == [PNG, OTHER]


def test_images_are_bounded_for_a_notebook(hand_in, anna):
    attachments = {str(width): {"image/png": picture(width)} for width in range(1, 21)}
    cells = [cell("", name, new_markdown_cell, attachments=attachments) for name in (None, "proof")]
    hand_in("01.ipynb", *cells)
    assert [len(stored_images(each.images)) for each in anna().notebooks["01"]] == [20, 10]


@pytest.mark.skipif(os.getuid() != 0, reason="becomes somebody else to have no rights")
@pytest.mark.parametrize("rights", [0o000, 0o444])
def test_a_folder_that_may_not_be_read(rights, monkeypatch):
    monkeypatch.setattr(intake, "folder_of_this_process", lambda: None)  # which is root's
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        locked = Path(folder, "anna")
        for each in (locked, Path(folder, "bert")):
            each.mkdir()
            nbformat.write(new_notebook(cells=[cell("1", "f")]), each / "01.ipynb")
        locked.chmod(rights)
        os.seteuid(65534)
        try:
            anna, bert = read_submissions(Path(folder))
        finally:
            os.seteuid(0)
    where = locked / "01.ipynb" if rights else locked
    assert anna.error == f"what was handed in cannot be read: {where}: Permission denied"
    assert anna.notebooks == {} and sources_in(bert) == {"01": {"f": "1"}}
