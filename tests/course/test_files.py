"""Files that are either whole or not there."""

import pytest

from sheet11.course.files import write_private, write_whole


def test_write_whole_leaves_nothing_if_it_is_interrupted_as_its_file_appears(tmp_path, monkeypatch):
    real = open

    def interrupted(*args, **options):
        real(*args, **options).close()
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "page.html", "new")
    assert list(tmp_path.iterdir()) == []


def test_write_whole_makes_files_as_others_are(tmp_path):
    (tmp_path / "other").touch()
    write_whole(tmp_path / "deep" / "page.html", "text")
    assert (tmp_path / "deep" / "page.html").read_text() == "text"
    assert (tmp_path / "deep" / "page.html").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_write_whole_leaves_the_old_file_if_it_fails(tmp_path):
    path = tmp_path / "new" / "file"
    write_whole(path, "old")
    with pytest.raises(TypeError):
        write_whole(path, None)
    assert path.read_text() == "old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_write_private_is_for_the_owner_only(tmp_path):
    tmp_path.chmod(0o755)
    write_private(tmp_path / "out" / "students" / "page.html", "text")
    rights = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert rights == {"out": 0o700, "students": 0o700, "page.html": 0o600}
    assert tmp_path.stat().st_mode & 0o777 == 0o755, "it was there before"
