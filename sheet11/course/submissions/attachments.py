"""Images of a text answer, attached to its cell or embedded in its text."""

import functools
import json
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sheet11.course.files import folder_of_this_process
from sheet11.course.submissions.images import ImageBudget, as_attachment
from sheet11.course.text import digest_of, encodable

MOST_ATTACHED = 60  # images of a cell that are read
LONGEST_NAME = 200  # characters of a name in a notebook
EMBEDDED = r"(?i)data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)"
ATTACHED = r"""attachment:((?<=<attachment:)[^<>]+|(?<=["']attachment:)[^<>"']+|[^\s<>"')]+)"""
TAG = r"""(?i)<img\b[^<>]{0,999}\bsrc=["']?(attachment:\w+)[^<>]{0,999}>"""

Attachments = dict[str, dict[str, str]]  # base64 by name and MIME type


def joined(value: Any) -> str:
    """Return a text that a notebook stores as a string or as a list of lines; empty if it is neither."""
    try:
        return "".join(value)
    except TypeError:
        return ""


def with_images(source: str, attached: Any, budget: ImageBudget) -> tuple[str, Attachments]:
    """Return a text with its images as attachments.

    Embedded images become attachments, and all are named after their content, because a file name could reveal the
    student. Images that the text does not show are added at its end, and so are notes on images that were left out.

    Args:
        source: text of the cell.
        attached: attachments of the cell, of any type.
        budget: what the images of all texts together may still take.
    """
    images: Attachments = {}
    left_out = []

    def take(name: str, content: Any) -> str:
        text = joined(content)
        key = digest_of(encodable(text))[:12]
        try:
            images[key] = as_attachment(text, budget)
        except Exception:  # Pillow raises many types for invalid images
            left_out.append(
                f"[left out: {encodable(name[:LONGEST_NAME])}: not a PNG or JPEG, damaged, "
                "too large, or one too many]"
            )
        return f"attachment:{key}"

    places: dict[str, str] = {}  # by name
    items = list(attached.items()) if isinstance(attached, dict) else []
    for name, bundle in items[:MOST_ATTACHED]:
        match bundle:
            case {"image/png": content} | {"image/jpeg": content}:
                pass
            case _:
                content = ""
        places[encodable(name)] = take(name, content)
    source = re.sub(ATTACHED, lambda match: places.get(unquote(match[1]), match[0]), source)
    source = re.sub(EMBEDDED, lambda match: take("an embedded image", match[1]), source)
    source = re.sub(TAG, r"![](\1)", source)
    unseen = [f"![](attachment:{key})" for key in images if f"attachment:{key}" not in source]
    return "\n\n".join([source, *unseen, *left_out[:MOST_ATTACHED]]), images


def store_images(images: Attachments) -> str:
    """Write images to a temporary file, because those of a class would fill the memory; return their digest."""
    if not images:
        return ""
    content = json.dumps(images)
    digest = digest_of(content)
    (_kept() / digest).write_text(content)
    return digest


def stored_images(digest: str) -> Attachments:
    """Return the images that `store_images` has stored under a digest."""
    images: Attachments = json.loads((_kept() / digest).read_text()) if digest else {}
    return images


@functools.cache
def _kept() -> Path:
    return Path(tempfile.mkdtemp(dir=folder_of_this_process()))
