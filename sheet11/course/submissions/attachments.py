"""The images of an answer in words: attached to its cell or written into its text, and all of them shown by it."""

import functools
import json
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sheet11.course.files import folder_of_this_process
from sheet11.course.submissions.images import ImageError, Room, moderate
from sheet11.course.text import digest_of, encodable

MOST_ATTACHED = 60  # that are looked at
LONGEST_NAME = 200  # characters of a name in a notebook
EMBEDDED = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)
ATTACHED = re.compile(
    r"""attachment:((?<=<attachment:)[^<>]+|(?<=["']attachment:)[^<>"']+|[^\s<>"')]+)"""
)
TAG = re.compile(
    r"""<img\b[^<>]{0,999}\bsrc=["']?(attachment:[\w.-]+)[^<>]{0,999}>""", re.IGNORECASE
)

Attachments = dict[str, dict[str, str]]  # base64 by name and MIME type


def joined(value: Any) -> str:
    """Return a text that a notebook holds in one piece or in lines; empty if it is no text."""
    try:
        return "".join(value)
    except TypeError:
        return ""


def with_images(source: str, attached: Any, room: Room) -> tuple[str, Attachments]:
    """Return a text with its images.

    Those within the text become attachments; all are named after their content, so that every reader of Markdown knows
    them again, and no name tells whose they are; an image that the text does not show is put at its end, and so is a
    remark on what was left out.

    Args:
        source: the text of the cell.
        attached: what the cell has as attachments.
        room: for the images of all texts together.
    """
    images: Attachments = {}
    left_out = []

    def take(name: str, content: Any) -> str:
        text = joined(content)
        key = digest_of(encodable(text))[:12]
        try:
            images[key] = moderate(text, room)
        except ImageError as error:
            left_out.append(f"[left out: {encodable(name[:LONGEST_NAME])}, which {error}]")
        return f"attachment:{key}"

    places: dict[str, str] = {}  # by name
    found = list(attached.items()) if isinstance(attached, dict) else []
    for name, bundle in found[:MOST_ATTACHED]:
        kinds = bundle if isinstance(bundle, dict) else {}
        places[encodable(name)] = take(name, kinds.get("image/png", kinds.get("image/jpeg")))
    source = ATTACHED.sub(lambda match: places.get(unquote(match[1]), match[0]), source)
    source = EMBEDDED.sub(lambda match: take("an embedded image", match[1]), source)
    source = TAG.sub(r"![](\1)", source)
    unseen = [f"![](attachment:{key})" for key in images if f"attachment:{key}" not in source]
    return "\n\n".join([source, *unseen, *left_out[:MOST_ATTACHED]]), images


def put_away(images: Attachments) -> str:
    """Write images to a temporary file, since those of a class would fill the memory, and return their digest."""
    if not images:
        return ""
    content = json.dumps(images)
    digest = digest_of(content)
    (_kept() / digest).write_text(content)
    return digest


def taken_out(digest: str) -> Attachments:
    """Return the images that were put away under a digest."""
    found: Attachments = json.loads((_kept() / digest).read_text()) if digest else {}
    return found


@functools.cache
def _kept() -> Path:
    return Path(tempfile.mkdtemp(dir=folder_of_this_process()))
