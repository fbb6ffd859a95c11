"""Untrusted text made safe to show: characters that a terminal or browser would obey or hide are escaped."""

import hashlib
import re
import textwrap

# control characters, text direction marks, zero-width characters, lone surrogates
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def visible(text: str, lines: bool = False) -> str:
    r"""Escape invisible characters as Python does: `\x1b`, `\u202e`, `\ud800`.

    Args:
        text: any text.
        lines: keep line ends and tabs.
    """
    kept = "\n\t" if lines else ""
    if lines:
        text = text.replace("\r\n", "\n")
    return UNSEEN.sub(lambda match: match[0] if match[0] in kept else ascii(match[0])[1:-1], text)


def encodable(text: str) -> str:
    """Escape lone surrogates, which JSON can hold but UTF-8 cannot."""
    return text.encode("utf-8", "backslashreplace").decode()


def beginning(source: str) -> str:
    """Return the first words of a cell, by which a person finds it: editors show neither ids nor grade_ids."""
    return textwrap.shorten(source[:200], 40, placeholder="…")


def digest_of(content: str | bytes) -> str:
    """Return the SHA-256 of a text or bytes in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
