"""Text as it is: what a terminal, a browser or a spreadsheet would obey or hide is written out instead."""

import hashlib
import re

# control and escape characters, what changes the direction of text or takes no room, halves of characters
UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_ANY = re.compile(f"[{UNSEEN}]")
_WITHIN_LINES = re.compile(rf"(?![\n\t])[{UNSEEN}]")


def visible(text: str, lines: bool = False) -> str:
    r"""A text with its unseen characters written as Python does, `\x1b`, `\u202e`, `\ud800`.

    Args:
        text: whatever somebody has written.
        lines: keeps ends of lines and tabs.
    """
    if lines:
        text = text.replace("\r\n", "\n")
    return (_WITHIN_LINES if lines else _ANY).sub(lambda match: ascii(match[0])[1:-1], text)


def encodable(text: str) -> str:
    """A text whose halves of characters, which JSON can hold and UTF-8 cannot, are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def digest_of(content: str | bytes) -> str:
    """SHA-256 of a text or of bytes, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
