"""Zip files: what is unpacked of them, and one sentence about those that must not be."""

import io
import stat
import zipfile

import pytest
from class_of_twelve import OLD, zipped

from sheet11.course.submissions.archives import OF_A_CLASS, ArchiveError, Bounds, unpack
from sheet11.course.submissions.reading import UnreadableError


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def unpacked(tmp_path, content, bounds=OF_A_CLASS):
    (tmp_path / "all.zip").write_bytes(content)
    assert unpack(tmp_path / "all.zip", tmp_path / "into", bounds) == []
    return files(tmp_path / "into")


def test_notebooks_are_unpacked_and_others_only_named(tmp_path):
    content = {
        "a/1.ipynb": b"{}",
        "a/data.csv": b"1,2",
        "b.ZIP": b"PK",
        "a/timestamp.txt": b"now",
        "c/": b"",
    }
    junk = {"__MACOSX/a/._1.ipynb": b"x", ".ipynb_checkpoints/1.ipynb": b"x", "a/.DS_Store": b"x"}
    found = unpacked(tmp_path, zipped(content | junk, OLD))
    assert found == {
        "a/1.ipynb": b"{}",
        "a/data.csv": b"",
        "b.ZIP": b"PK",
        "a/timestamp.txt": b"now",
    }
    assert (tmp_path / "into" / "c").is_dir()


def test_files_keep_their_times(tmp_path):
    unpacked(tmp_path, zipped({"old.ipynb": b""}, OLD))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "all.zip").write_bytes(zipped({"new.ipynb": b""}))
    unpack(tmp_path / "new" / "all.zip", tmp_path / "new" / "into")
    old, new = (
        path.stat().st_mtime
        for path in (*tmp_path.rglob("old.ipynb"), *tmp_path.rglob("new.ipynb"))
    )
    assert new - old == pytest.approx(24 * 3600)


@pytest.mark.parametrize(
    ("flag", "raw"), [(True, "Müller/ł.ipynb".encode()), (False, "Müller/ł.ipynb".encode())]
)
def test_names_are_utf_8_whether_or_not_that_is_said(tmp_path, flag, raw):
    content = zipped({"Müller/ł.ipynb": b"{}"})
    if not flag:
        content = bytes(content).replace(b"\x00\x08\x08\x00", b"\x00\x00\x08\x00")
    assert list(unpacked(tmp_path, content)) == ["Müller/ł.ipynb"]


def test_separators_of_windows(tmp_path):
    assert list(unpacked(tmp_path, zipped({"a\\b.ipynb": b"{}"}))) == ["a/b.ipynb"]


def linked(others):
    info = zipfile.ZipInfo("1.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO(zipped(others))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def damaged(others):
    content = zipped({"1.ipynb": bytes(range(200))} | others)
    return content.replace(content[60:70], bytes(10), 1)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "1.ipynb",
            "1.IPYNB",
            "1.ipynb.txt",
            "1.ipynb.json",
            "Aufgabe 1: x.ipynb",
            "A: B_1_assignsubmission_file/1.ipynb",
        ),
        "./a/1.ipynb",
    ],
)
def test_names_that_files_can_have(tmp_path, name):
    assert unpacked(tmp_path, zipped({"./": b"", name: b"{}"})) == {name.removeprefix("./"): b"{}"}


def test_names_that_are_too_long_are_shortened(tmp_path):
    long = {
        f"Anna_1_assignsubmission_file_{'ü' * 300}{end}": end.encode()
        for end in (" (1).ipynb", " (2).ipynb.txt")
    }
    found = unpacked(tmp_path, zipped(long))
    assert sorted(found.values()) == [b" (1).ipynb", b" (2).ipynb.txt"]
    for name, content in found.items():
        assert name.startswith("Anna_1_assignsubmission_file_üü") and name.endswith(
            content.decode().split(")")[1]
        )
        assert len(name.encode()) <= 255


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            lambda others: zipped({"../1.ipynb": b"{}"} | others),
            "'../1.ipynb', which is outside of it",
        ),
        (
            lambda others: zipped({"a/../../1.ipynb": b"{}"} | others),
            "'a/../../1.ipynb', which is outside of it",
        ),
        (
            lambda others: zipped({"/etc/1.ipynb": b"{}"} | others),
            "'/etc/1.ipynb', which is outside of it",
        ),
        (
            lambda others: zipped({"C:\\1.ipynb": b"{}"} | others),
            "'C:/1.ipynb', which is outside of it",
        ),
        (
            lambda others: zipped({"b": b"", "b/1.ipynb": b"{}"} | others),
            "'b/1.ipynb', which cannot be unpacked",
        ),
        (linked, "'1.ipynb', which is a link"),
        (damaged, "'1.ipynb', which cannot be unpacked"),
    ],
)
def test_one_bad_entry_harms_no_other(tmp_path, content, message):
    (tmp_path / "all.zip").write_bytes(content({"a/2.ipynb": b"{}"}))
    assert unpack(tmp_path / "all.zip", tmp_path / "into") == [f"all.zip holds {message}"]
    found = files(tmp_path / "into")
    found.pop("b", None)
    assert found == {"a/2.ipynb": b"{}"}
    assert {path.name for path in tmp_path.iterdir()} == {"all.zip", "into"}


def encrypted():
    content = bytearray(zipped({"1.ipynb": b"{}"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encrypted(), "all.zip is encrypted"),
        (
            zipped({"1.ipynb": b"{}"})[:-30],
            "all.zip cannot be unpacked: it is damaged, or no zip file",
        ),
        (b"", "all.zip cannot be unpacked: it is damaged, or no zip file"),
        (
            zipped({f"{number}.txt": b"" for number in range(11)}),
            "all.zip holds more than 10 files",
        ),
        (zipped({f"{number}.txt": b"" for number in range(99)}), "all.zip holds too many files"),
        (
            zipped({f"{number}.ipynb": bytes(3 << 19) for number in range(2)}),
            "all.zip holds more than 2 MB",
        ),
    ],
)
def test_what_must_not_be_unpacked(tmp_path, content, message):
    with pytest.raises(ArchiveError) as error:
        unpacked(tmp_path, content, Bounds(10, 2 << 20, 4096))
    assert str(error.value) == message
    assert {path.name for path in tmp_path.iterdir()} == {"all.zip", "into"}


def test_a_bomb_costs_no_more_than_a_notebook_may_have(tmp_path):
    found = zipped({"1.ipynb": bytes(60 << 20)})
    assert len(found) < 100_000
    (notebook,) = unpacked(tmp_path, found).values()
    assert 50 << 20 < len(notebook) <= 51 << 20


def test_links_and_pipes_are_not_opened(tmp_path):
    (tmp_path / "all.zip").write_bytes(zipped({}))
    (tmp_path / "link.zip").symlink_to(tmp_path / "all.zip")
    with pytest.raises(UnreadableError, match=r"link\.zip is no regular file"):
        unpack(tmp_path / "link.zip", tmp_path / "into")
