"""Tables in CSV, as spreadsheets save them."""

import pytest

from sheet11.course.errors import TableError
from sheet11.course.tables import harmless, harmless_csv, read_table
from sheet11.course.text import visible

TABLE = [{"student": "Jörg", "points": "2,5"}, {"student": "anna", "points": "1"}]


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbfstudent,points\nJ\xc3\xb6rg,"2,5"\nanna,1\n',
        "student;points\nJörg;2,5\n;\nanna;1".encode("cp1252"),
        "student\tpoints\r\nJörg\t2,5\r\nanna\t1\r\n".encode("utf-16"),
        b'sep=;\r\nstudent;points\r"J\xc3\xb6rg"; 2,5\r\ranna;1\r',
    ],
    ids=["utf-8 with a mark", "windows-1252", "utf-16 and tabs", "sep= and old ends of lines"],
)
def test_what_spreadsheets_save(tmp_path, content):
    (tmp_path / "table.csv").write_bytes(content)
    assert read_table(tmp_path / "table.csv") == TABLE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"a,b\n", "cannot be read: it is empty"),
        (b"a,b,a\n1,2,3\n", "cannot be read: two columns have the same name"),
        (b"a,b\n1,2,3\n", "cannot be read: line 2 has more fields than the first one"),
        (b'a,b\n1,"2\n', "cannot be read: unexpected end of data"),
        (b"x" * 200_000, "cannot be read: field larger than field limit"),
        (b"PK\x03\x04\x00\x00", "cannot be read: it is binary; save the spreadsheet as CSV"),
        (b"student,\x81\n", "cannot be read: 'charmap' codec can't decode"),
        ("student,points\n".encode("utf-16-le"), "cannot be read: it is binary"),
    ],
)
def test_what_is_no_table(tmp_path, content, message):
    if content is not None:
        (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(TableError, match=rf"table.csv {message}") as error:
        read_table(tmp_path / "table.csv")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        (" -1", "' -1"),
        ("＝1", "'＝1"),
        ("[1, -1]", "[1, -1]"),
        ("a; ＝1", "a; ＝1"),
        ("'x'", "'x'"),
        ("a\n=1\x1b", r"a\n=1\x1b"),
    ],
)
def test_a_cell_that_begins_a_formula_is_escaped_and_read_back(tmp_path, text, written):
    assert harmless(text) == written
    (tmp_path / "table.csv").write_text(harmless_csv([["-a", "b"], ["x", text]]))
    (row,) = read_table(tmp_path / "table.csv")
    assert row == {"-a": "x", "b": visible(text)}
    assert read_table(tmp_path / "table.csv", as_is=True)[0]["b"] == written
