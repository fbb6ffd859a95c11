"""Outputs without anything that could do harm: text, images that are images, and records."""

import base64
import io
from typing import Any

from sheet11.course.grading.sandbox import Batch
from sheet11.lab.records import MIME_TYPE

LONGEST_TEXT = 20_000  # characters of an output that are kept
LONGEST_NAME = 200  # characters of an error's name
LONGEST_TRACE = 20  # lines
LARGEST_IMAGE = 4 << 20  # bytes
MOST_PIXELS = 20_000_000


def harmless_outputs(batch: Batch) -> Batch:
    """What a batch showed, without what could do harm."""
    outputs = {cell: [kept for shown in many if (kept := _clean(shown))] for cell, many in batch.outputs.items()}
    return batch._replace(outputs=outputs)


def _clean(shown: dict[str, Any]) -> dict[str, Any] | None:
    """One output, or None if nothing of it is kept."""
    if shown["output_type"] == "stream":
        name = "stderr" if shown["name"] == "stderr" else "stdout"
        return shown | {"name": name, "text": shown["text"][:LONGEST_TEXT]}
    if shown["output_type"] == "error":
        trace = [line[:LONGEST_TEXT] for line in shown["traceback"][:LONGEST_TRACE]]
        name, value = shown["ename"][:LONGEST_NAME], shown["evalue"][:LONGEST_TEXT]
        return shown | {"ename": name, "evalue": value, "traceback": trace}
    data: dict[str, Any] = {}
    if isinstance(text := shown["data"].get("text/plain"), str):
        data["text/plain"] = text[:LONGEST_TEXT]
    if isinstance(record := shown["data"].get(MIME_TYPE), dict):
        data[MIME_TYPE] = record
    if isinstance(image := shown["data"].get("image/png"), str) and _is_png(image):
        data["image/png"] = image
    return shown | {"data": data} if data else None


def _is_png(text: str) -> bool:
    from PIL import Image  # comes with matplotlib

    try:
        content = base64.b64decode(text)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.verify()
        return len(content) <= LARGEST_IMAGE and image.width * image.height <= MOST_PIXELS
    except Exception:  # Pillow raises many types for what is no image
        return False
