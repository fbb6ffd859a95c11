"""Names of the package, and the message for names that students write themselves."""

import subprocess
import sys

import pytest

import sheet11
from sheet11.course.sheet import find_sheet

WRITTEN_BY_STUDENTS = {
    "positional_encoding": "encoding",
    "gram": "encoding",
    "attention_scores": "scores",
    "score_terms": "scores",
    "softargmax_aggregate": "aggregation",
    "normalized_adjacency": "oversmoothing",
    "dirichlet_energy": "oversmoothing",
    "mean_average_distance": "oversmoothing",
}


def python(code, folder=None):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """Copy the package of the student edition into a folder."""
    folder = tmp_path_factory.mktemp("edition")
    for name, content in find_sheet().students_package().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_every_name_is_there():
    assert set(WRITTEN_BY_STUDENTS) < set(sheet11.__all__) <= set(dir(sheet11))
    assert all(callable(getattr(sheet11, name)) for name in sheet11.__all__)


def test_import_waits_for_nothing():
    loaded = python("import sys, sheet11; dir(sheet11); print(*sys.modules)").split()
    assert not {"torch", "numpy", "matplotlib", "IPython"} & set(loaded)


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'sheet11' has no attribute 'grams'"):
        sheet11.grams  # noqa: B018


def test_the_student_edition_has_all_but_what_students_write(edition):
    code = "import sheet11; from sheet11 import *; print(sheet11.__file__, *sheet11.__all__)"
    file, *names = python(code, edition).split()
    assert file.startswith(str(edition))
    assert set(names) == set(sheet11.__all__) - set(WRITTEN_BY_STUDENTS)


def test_the_student_edition_says_what_is_for_students_to_write(edition):
    code = "import sheet11\nfor name in {names}:\n try: getattr(sheet11, name)\n except AttributeError as e: print(e)"
    said = python(code.format(names=[*WRITTEN_BY_STUDENTS]), edition).splitlines()
    assert said == [
        f"sheet11.{name} is for you to write: this edition has no {home}.py"
        for name, home in WRITTEN_BY_STUDENTS.items()
    ]
