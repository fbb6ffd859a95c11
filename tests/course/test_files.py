"""Files written whole or not at all, and folders locked by one command."""

import subprocess
import sys

import pytest

from sheet11.course.files import alone_in, write_private, write_whole


def test_write_whole_leaves_nothing_if_it_is_interrupted_as_its_file_appears(tmp_path, monkeypatch):
    def interrupted(path, content):
        assert path.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.write_bytes", interrupted)
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


IMPORT = "import os, pathlib; from sheet11.course.files import alone_in\n"


def test_a_second_command_on_a_folder_says_that_it_waits(tmp_path):
    command = [sys.executable, "-c", IMPORT + "with alone_in(pathlib.Path('out')): print('in')"]
    with alone_in(tmp_path / "out"):
        other = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert other.stderr.readline() == "waiting for another command that writes to out\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.3)
    assert other.communicate(timeout=60) == ("in\n", "") and other.returncode == 0


def test_a_folder_is_free_when_its_command_was_killed(tmp_path, capsys):
    command = [
        sys.executable,
        "-c",
        IMPORT + "with alone_in(pathlib.Path()): os.kill(os.getpid(), 9)",
    ]
    assert subprocess.run(command, cwd=tmp_path).returncode == -9
    with alone_in(tmp_path):
        pass
    assert capsys.readouterr().err == ""
