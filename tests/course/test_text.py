"""Text helpers."""

import pytest

from sheet11.course.text import encodable, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ünal Çelik, 'O’Neill' <b> \\n 👩‍🔬 שלום", None),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("an\u200bna", r"an\u200bna"),
        ("\ud800", r"\ud800"),
        ("\U000e0041\x00\x9b", r"\U000e0041\x00\x9b"),
    ],
)
def test_unseen_characters_are_written_out(text, shown):
    assert visible(text) == (text if shown is None else shown)
    assert visible(visible(text)) == visible(text)


def test_lines_may_stay():
    assert visible("a\r\nb\n\tc\rd\x1b", lines=True) == "a\nb\n\tc\\rd\\x1b"


def test_halves_of_characters_are_written_out():
    assert encodable("x = '\ud800' # 😀\x1b") == "x = '\\ud800' # 😀\x1b"
