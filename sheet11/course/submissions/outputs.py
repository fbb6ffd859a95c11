"""Outputs without anything that could do harm: text, images that are images, and records, of each not too much."""

import base64
import json
from typing import Any

from sheet11.course.sandbox.sandbox import Batch
from sheet11.course.submissions.images import Room
from sheet11.course.text import encodable
from sheet11.lab.records import MIME_TYPE

LONGEST_TEXT = 20_000  # characters of an output that are kept
LONGEST_TRACE = 20  # lines
LARGEST_IMAGE = 6 << 20  # characters of its base64
MOST_OUTPUTS = 500  # of a batch; records are kept beyond: they are small, and are points
MOST_IMAGES = 50  # of a batch
MOST_PIXELS = 100_000_000  # of them together


Output = dict[str, Any]  # as in a notebook


def harmless_outputs(batch: Batch) -> Batch:
    """Return what a batch showed, without what could do harm."""
    room = Room(MOST_IMAGES, MOST_PIXELS)
    left = MOST_OUTPUTS
    outputs: dict[str, list[Output]] = {}
    for cell, many in batch.outputs.items():
        outputs[cell] = []
        for shown in many:
            if left > 0 or MIME_TYPE in shown.get("data", {}):
                outputs[cell] += _clean(shown, room)
                left -= 1
    return batch._replace(outputs=outputs)


def _clean(shown: Output, room: Room) -> list[Output]:
    """Return one output, or nothing if nothing of it is kept."""
    if "data" not in shown:
        return [{name: _cut(value) for name, value in shown.items()}]
    data = {}
    for kind, value in shown["data"].items():
        if kind == "text/plain" and isinstance(value, str):
            data[kind] = _cut(value)
        elif kind == MIME_TYPE and isinstance(value, dict):
            data[kind] = {
                _cut(name): item if _is_small(item) else [] for name, item in value.items()
            }
        elif kind == "image/png" and isinstance(value, str) and (png := _png(value, room)):
            data[kind] = png
    kept = {"data": data, "metadata": {}, "execution_count": None}
    return [{name: kept.get(name, part) for name, part in shown.items()}] if data else []


def _cut(value: Any) -> Any:
    """Return a text, or the first of several lines, neither of them too long."""
    if isinstance(value, list):
        return [_cut(line) for line in value[:LONGEST_TRACE]]
    return encodable(value[:LONGEST_TEXT])


def _is_small(item: Any) -> bool:
    """Tell whether NumPy can read a recorded array at once: a million fields of a table would take it a minute."""
    try:
        return not isinstance(item, dict) or len(json.dumps(item.get("dtype"))) <= LONGEST_TEXT
    except RecursionError:
        return False


def _png(text: str, room: Room) -> str | None:
    """Return an image in base64 that is nothing else, None if it is no image, or too large."""
    if len(text) > LARGEST_IMAGE:
        return None
    try:
        content, image = room.open(text, "PNG")
        image.verify()
    except Exception:  # Pillow raises many types for what is no image
        return None
    return base64.b64encode(content).decode()
