"""Zip files: unpacking, and a one-line message for those refused."""

import io
import stat
import zipfile
from datetime import datetime

import pytest
from class_of_twelve import OLD, zipped

from sheet11.course.submissions.archives import OF_ONE, unpack
from sheet11.course.submissions.reading import UnreadableError

OTHER = {"a/2.ipynb": b"{}"}


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def unpacked(tmp_path, content, most=OF_ONE):
    (tmp_path / "all.zip").write_bytes(content)
    (tmp_path / "into").mkdir()
    assert unpack(tmp_path / "all.zip", tmp_path / "into", most)[0] == []
    return files(tmp_path / "into")


def test_notebooks_are_unpacked_and_others_only_named(tmp_path):
    wanted = {"a/1.ipynb": b"{}", "b.ZIP": b"PK", "a/timestamp.txt": b"now"}
    others = ("a/data.csv", "d/.git/HEAD")
    content = wanted | dict.fromkeys(others, b"x") | {"c/": b""}
    assert unpacked(tmp_path, zipped(content)) == wanted | dict.fromkeys(others, b"")
    assert (tmp_path / "into" / "c").is_dir()


def test_files_keep_their_times(tmp_path):
    unpacked(tmp_path, zipped({"1.ipynb": b""}, OLD))
    seconds = (tmp_path / "into" / "1.ipynb").stat().st_mtime
    assert datetime.fromtimestamp(seconds) == datetime(*OLD)


def test_names_are_utf_8_whether_or_not_that_is_said(tmp_path):
    said = zipped({"Müller/ł.ipynb": b"{}"})
    for number, content in enumerate((said, said.replace(b"\0\x08\x08\0", b"\0\0\x08\0"))):
        (tmp_path / str(number)).mkdir()
        assert list(unpacked(tmp_path / str(number), content)) == ["Müller/ł.ipynb"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("1.ipynb.txt", "1.ipynb.txt"),
        ("Aufgabe 1: x.ipynb", "Aufgabe 1: x.ipynb"),
        ("a\\b.ipynb", "a/b.ipynb"),
    ],
)
def test_names_that_files_can_have(tmp_path, name, path):
    assert unpacked(tmp_path, zipped({"./": b"", name: b"{}"})) == {path: b"{}"}


def test_names_that_are_too_long_are_shortened(tmp_path):
    ends = (" (1).ipynb", " (2).ipynb.txt")
    long = {f"Anna_1_assignsubmission_file_{'ü' * 300}{end}": end.encode() for end in ends}
    found = unpacked(tmp_path, zipped(long))
    assert sorted(found.values()) == [end.encode() for end in ends]
    for name, content in found.items():
        assert name.startswith("Anna_1_assignsubmission_file_üü") and len(name.encode()) <= 255
        assert name.endswith(content.decode().split(")")[1])


def test_an_unknown_date(tmp_path):
    year, month, day = OLD[:3]
    date = (year - 1980) << 9 | month << 5 | day
    unknown = zipped({"1.ipynb": b"{}"}, OLD).replace(date.to_bytes(2, "little"), bytes(2))
    assert unpacked(tmp_path, unknown) == {"1.ipynb": b"{}"}


def test_a_link_is_a_file_with_its_target(tmp_path):
    info = zipfile.ZipInfo("1.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert unpacked(tmp_path, buffer.getvalue()) == {"1.ipynb": b"/etc/passwd"}
    assert not (tmp_path / "into" / "1.ipynb").is_symlink()


def damaged():
    content = zipped({"1.ipynb": bytes(range(200))} | OTHER)
    return content.replace(content[60:70], bytes(10), 1)


def encrypted():
    content = bytearray(zipped({"1.ipynb": b"{}"} | OTHER))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (zipped({"a/../../1.ipynb": b""} | OTHER), "a/../../1.ipynb"),
        (zipped({"//etc/1.ipynb": b"{}"} | OTHER), "//etc/1.ipynb"),
        (zipped({"b": b"", "b/1.ipynb": b"{}"} | OTHER), "b/1.ipynb"),
        (damaged(), "1.ipynb"),
        (encrypted(), "1.ipynb"),
    ],
    ids=["parent", "root", "file as folder", "damaged", "encrypted"],
)
def test_one_bad_entry_harms_no_other(tmp_path, content, name):
    (tmp_path / "all.zip").write_bytes(content)
    (tmp_path / "into").mkdir()
    (note,), _ = unpack(tmp_path / "all.zip", tmp_path / "into")
    assert note.startswith(f"all.zip: {name!r} cannot be unpacked: ")
    found = files(tmp_path / "into")
    found.pop("b", None)
    assert found == OTHER and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(OTHER)[:-30], "cannot be unpacked: it is damaged"),
        (b"", "cannot be unpacked: it is damaged, not a zip file"),
        (zipped(dict.fromkeys(map(str, range(99)), b"")), "cannot be unpacked: .* too many files"),
        (zipped(dict.fromkeys(("1.ipynb", "2.ipynb"), bytes(3 << 19))), "holds more than 2 MB"),
    ],
    ids=["cut off", "empty", "table of contents", "size"],
)
def test_what_must_not_be_unpacked(tmp_path, content, message):
    with pytest.raises(UnreadableError, match=f"^all.zip {message}"):
        unpacked(tmp_path, content, 2 << 20)


def test_limits_are_what_is_still_taken(tmp_path):
    ten = dict.fromkeys((f"{number}.ipynb" for number in range(10)), bytes(200_000))
    assert len(unpacked(tmp_path, zipped(ten), 2_000_000)) == 10


def test_a_bomb_costs_no_more_than_a_notebook_may_have(tmp_path):
    (notebook,) = unpacked(tmp_path, zipped({"1.ipynb": bytes(60 << 20)})).values()
    assert 50 << 20 < len(notebook) <= 51 << 20
