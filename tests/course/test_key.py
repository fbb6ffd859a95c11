"""Key of a result, which changes exactly with what the result depends on."""

import copy

import pytest

from sheet11.course import key
from sheet11.course.sheet import find_sheet


@pytest.fixture
def sheet(build, tmp_path):
    """Make a sheet with a package, and a module beside its notebook."""
    import nbformat

    (tmp_path / "waves").mkdir()
    (tmp_path / "waves" / "__init__.py").write_text("x = 1")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "beside.py").write_text("y = 1")
    nbformat.write(build("n"), tmp_path / "notebooks" / "a.ipynb")
    return find_sheet(tmp_path)


def the_key(sheet, notebook, parameters, options=None):
    folder = sheet.folder / "notebooks"
    return key.key_of(key.circumstances(notebook, sheet, folder, options), parameters)


def test_what_a_result_depends_on(sheet, build, monkeypatch):
    notebook = build("n")
    first = the_key(sheet, notebook, {"n": 1})
    assert the_key(sheet, copy.deepcopy(notebook), {"n": 1}) == first
    shown = copy.deepcopy(notebook)
    shown.cells[-1].outputs, shown.cells[-1].execution_count = ["stored"], 3
    assert the_key(sheet, shown, {"n": 1}) == first, "stored outputs are none of it"
    keys = [first, the_key(sheet, build("n "), {"n": 1})]
    keys += [the_key(sheet, notebook, {"n": value}) for value in (2, 1.0, True, "1", [1], (1,))]
    keys += [the_key(sheet, notebook, {"m": 1}), the_key(sheet, notebook, {"n": 1}, "figures")]
    tagged = copy.deepcopy(notebook)
    tagged.cells[-1].metadata.tags = ["raises-exception"]
    keys.append(the_key(sheet, tagged, {"n": 1}))
    (sheet.folder / "notebooks" / "beside.py").write_text("y = 2")
    keys.append(the_key(sheet, notebook, {"n": 1}))
    (sheet.folder / "waves" / "more.txt").write_text("data")
    keys.append(the_key(sheet, notebook, {"n": 1}))
    for name in ("numpy", "torch"):
        real = key.version
        monkeypatch.setattr(
            key,
            "version",
            lambda asked, name=name, real=real: "0" if asked == name else real(asked),
        )
        keys.append(the_key(sheet, notebook, {"n": 1}))
    monkeypatch.setattr("platform.python_version", lambda: "3.0")
    keys.append(the_key(sheet, notebook, {"n": 1}))
    monkeypatch.setattr(
        key, "kit_digest", lambda: "changed"
    )  # by a change of any of this kit's files
    keys.append(the_key(sheet, notebook, {"n": 1}))
    assert len(set(keys)) == len(keys)
