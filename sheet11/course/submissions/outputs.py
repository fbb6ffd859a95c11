"""Outputs without anything that could do harm: text, images that are images, and records, of each not too much."""

import base64
import math
from typing import Any

from sheet11.course.sandbox.sandbox import Batch
from sheet11.course.submissions.attachments import LONGEST_NAME
from sheet11.course.submissions.images import PNG, Room, decoded
from sheet11.course.text import encodable
from sheet11.lab.records import MIME_TYPE

LONGEST_TEXT = 20_000  # characters of an output that are kept
LONGEST_TRACE = 20  # lines
MOST_FIELDS = 1000  # of a recorded table
LARGEST_IMAGE = 4 << 20  # bytes
MOST_PIXELS = 20_000_000  # of an image
MOST_OUTPUTS = 500  # of a batch, records aside: they are small, and are points
MOST_IMAGES = 50  # of a batch
MOST_PIXELS_TOGETHER = 100_000_000
DAMAGED: list[Any] = []  # stands for an item of a record that is none, and is none either


def harmless_outputs(batch: Batch) -> Batch:
    """What a batch showed, without what could do harm."""
    room, left = Room(MOST_IMAGES, MOST_PIXELS_TOGETHER), MOST_OUTPUTS
    outputs: dict[str, list[dict[str, Any]]] = {}
    for cell, many in batch.outputs.items():
        outputs[cell] = []
        for shown in many:
            if (left or MIME_TYPE in shown.get("data", {})) and (kept := _clean(shown, room)):
                outputs[cell].append(kept)
                left -= left > 0
    return batch._replace(outputs=outputs)


def _clean(shown: dict[str, Any], room: Room) -> dict[str, Any] | None:
    """One output, or None if nothing of it is kept."""
    if shown["output_type"] == "stream":
        name = "stderr" if shown["name"] == "stderr" else "stdout"
        return shown | {"name": name, "text": _cut(shown["text"])}
    if shown["output_type"] == "error":
        trace = [_cut(line) for line in shown["traceback"][:LONGEST_TRACE]]
        return shown | {
            "ename": _cut(shown["ename"], LONGEST_NAME),
            "evalue": _cut(shown["evalue"]),
            "traceback": trace,
        }
    data: dict[str, Any] = {}
    if isinstance(text := shown["data"].get("text/plain"), str):
        data["text/plain"] = _cut(text)
    if isinstance(record := shown["data"].get(MIME_TYPE), dict):
        data[MIME_TYPE] = {
            _cut(name, LONGEST_NAME): item if _is_item(item) else DAMAGED
            for name, item in record.items()
        }
    if isinstance(image := shown["data"].get("image/png"), str) and (png := _png(image, room)):
        data["image/png"] = png
    return shown | {"data": data} if data else None


def _cut(text: str, most: int = LONGEST_TEXT) -> str:
    return encodable(text[:most])


def _is_item(value: Any) -> bool:
    """Whether something has the form of a recorded scalar or array, and is strict JSON."""
    if isinstance(value, dict):
        form = value.keys() == {"dtype", "shape", "values"} and isinstance(value["values"], str)
        return form and _is_short(value["shape"], 1) and _is_short(value["dtype"], 4)
    return (
        math.isfinite(value)
        if isinstance(value, float)
        else value is None or isinstance(value, bool | int | str)
    )


def _is_short(value: Any, depth: int) -> bool:
    """Whether something is a text or a whole number, or a list of such, neither long nor nested more deeply."""
    if isinstance(value, list):
        return (
            depth > 0
            and len(value) <= MOST_FIELDS
            and all(_is_short(each, depth - 1) for each in value)
        )
    return isinstance(value, int) or isinstance(value, str) and len(value) <= LONGEST_NAME


def _png(text: str, room: Room) -> str | None:
    """The image in base64 that is nothing else, None if it is no image, or too large."""
    try:
        content = decoded(text)
        if len(content) > LARGEST_IMAGE:
            return None
        image = room.open(content, PNG)
        image.verify()
        return (
            base64.b64encode(content).decode()
            if image.width * image.height <= MOST_PIXELS
            else None
        )
    except Exception:  # Pillow raises many types for what is no image
        return None
