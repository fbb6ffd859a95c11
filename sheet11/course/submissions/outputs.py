"""Outputs of untrusted code reduced to text, valid images and records, each within limits."""

import base64
import json
from typing import Any

from sheet11.course.sandbox.sandbox import Batch
from sheet11.course.submissions.images import ImageBudget
from sheet11.course.text import encodable
from sheet11.lab.records import MIME_TYPE

LONGEST_TEXT = 20_000  # characters of an output that are kept
LONGEST_TRACE = 20  # lines
LARGEST_IMAGE = 6 << 20  # characters in base64
MOST_OUTPUTS = (
    500  # of a batch; records are always kept, because they are small and decide on points
)
MOST_IMAGES = 50  # of a batch
MOST_PIXELS = 100_000_000  # of all images together


Output = dict[str, Any]  # as in a notebook


def harmless_outputs(batch: Batch) -> Batch:
    """Return a batch with harmless outputs only."""
    budget = ImageBudget(MOST_IMAGES, MOST_PIXELS)
    left = MOST_OUTPUTS
    outputs: dict[str, list[Output]] = {}
    for cell, many in batch.outputs.items():
        outputs[cell] = []
        for shown in many:
            if left > 0 or MIME_TYPE in shown.get("data", {}):
                outputs[cell] += _clean(shown, budget)
                left -= 1
    return batch._replace(outputs=outputs)


def _clean(shown: Output, budget: ImageBudget) -> list[Output]:
    """Return the harmless part of an output as a list with one output, or an empty list."""
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
        elif kind == "image/png" and isinstance(value, str) and (png := _png(value, budget)):
            data[kind] = png
    kept = {"data": data, "metadata": {}, "execution_count": None}
    return [{name: kept.get(name, part) for name, part in shown.items()}] if data else []


def _cut(value: Any) -> Any:
    """Cut a text, or a list of lines, to the longest that is kept."""
    if isinstance(value, list):
        return [_cut(line) for line in value[:LONGEST_TRACE]]
    return encodable(value[:LONGEST_TEXT])


def _is_small(item: Any) -> bool:
    """Return whether NumPy can read a recorded array quickly: a table with a million columns would take a minute."""
    try:
        return not isinstance(item, dict) or len(json.dumps(item.get("dtype"))) <= LONGEST_TEXT
    except RecursionError:
        return False


def _png(text: str, budget: ImageBudget) -> str | None:
    """Return an image in base64 without trailing data; None if it is invalid or too large."""
    if len(text) > LARGEST_IMAGE:
        return None
    try:
        content, image = budget.open(text, "PNG")
        image.verify()
    except Exception:  # Pillow raises many types for what is no image
        return None
    return base64.b64encode(content).decode()
