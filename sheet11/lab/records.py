"""Named results: the one way by which numbers leave a notebook.

`record` shows values and stores them in the cell's output; `read_records` reads them back from an executed notebook.
The stored form is JSON and holds data only: reading a record, even one that somebody forged, runs no code.
"""

from __future__ import annotations

import base64
import binascii
import math
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from IPython import get_ipython
from IPython.display import display
from numpy.lib.recfunctions import repack_fields

if TYPE_CHECKING:
    from nbformat import NotebookNode

MIME_TYPE = "application/vnd.sheet11.record+json"

# Smaller numbers are rounding noise that differs from one processor to the next; the stored value stays exact.
NOISE = 1e-10


def record(**values: Any) -> None:
    """Show named results and store them in the output of the running cell.

    Scalars (None, bool, int, finite float, str) are stored as they are. Everything else is stored as an array, an
    object with `dtype`, `shape` and `values` (the bytes in C order, little-endian, base64), so that float64 comes
    back bit for bit, NaN and infinity included, and a large matrix stays one line of the notebook file. A structured
    array makes a table. The text shows six digits, and numbers below 1e-10 only as such, so that it is the same on
    every machine.

    Args:
        values: the results by name. A name that is recorded again replaces the earlier value.

    Raises:
        TypeError: nothing to record, or a value that is neither a scalar nor an array of numbers or text.
    """
    if not values:
        raise TypeError("record needs at least one name=value")
    stored = {name: _encode(name, value) for name, value in values.items()}
    text = "\n".join(f"{name} = {_describe(_decode(name, item))}" for name, item in stored.items())
    if get_ipython() is None:
        print(text)
    else:
        display({"text/plain": text, MIME_TYPE: stored}, raw=True)


def read_records(notebook: NotebookNode | str | Path) -> dict[str, Any]:
    """Read what an executed notebook has recorded.

    Args:
        notebook: the notebook, or the path of its file.

    Returns:
        Scalars and NumPy arrays by name.

    Raises:
        ValueError: a record is damaged.
        OSError: the file cannot be read.
    """
    if isinstance(notebook, str | Path):
        import nbformat  # here, because it takes two seconds that a notebook which only records need not wait

        return read_records(nbformat.read(notebook, as_version=4))
    records: dict[str, Any] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            stored = output.get("data", {}).get(MIME_TYPE, {})
            if not isinstance(stored, dict):
                raise ValueError(
                    f"damaged record: expected an object of names and values, got {_short(stored)}"
                )
            records.update((name, _decode(name, item)) for name, item in stored.items())
    return records


def _encode(name: str, value: Any) -> Any:
    refusal = TypeError(
        f"{name} must be a scalar or an array of numbers or text, got {type(value).__name__}"
    )
    try:
        array = np.asarray(
            value.detach().cpu() if hasattr(value, "detach") else value
        )  # a torch tensor, or not
    except (
        TypeError,
        ValueError,
    ) as error:  # lists of different lengths, tensors that NumPy has no form for
        raise refusal from error
    if isinstance(value, np.generic) and array.dtype.kind in "biufcU":
        value = value.item()
    if (
        value is None
        or isinstance(value, bool | int | str)
        or (isinstance(value, float) and math.isfinite(value))
    ):
        return value
    if array.dtype.hasobject or array.dtype.kind not in (
        "biufcU" if array.ndim == 0 else "biufcUV"
    ):
        raise refusal
    if array.dtype.names:
        array = repack_fields(array)  # without gaps between the columns
    array = array.astype(array.dtype.newbyteorder("<"))
    descr = [list(field) for field in array.dtype.descr] if array.dtype.names else array.dtype.str
    return {
        "dtype": descr,
        "shape": list(array.shape),
        "values": base64.b64encode(array.tobytes()).decode("ascii"),
    }


def _decode(name: str, item: Any) -> Any:
    if not isinstance(item, dict):
        if item is None or isinstance(item, bool | int | float | str):
            return item
        raise ValueError(
            f"damaged record {name!r}: expected a scalar or an array, got {_short(item)}"
        )
    try:
        descr, shape = item["dtype"], item["shape"]
        if not isinstance(shape, list | tuple) or not all(
            type(size) is int and size >= 0 for size in shape
        ):
            raise ValueError(f"its shape is {_short(shape)}")
        dtype = np.dtype(descr if isinstance(descr, str) else [tuple(field) for field in descr])
        if dtype.hasobject:
            raise ValueError("objects are not data")
        # the copy makes the array writable
        array = (
            np.frombuffer(base64.b64decode(item["values"], validate=True), dtype)
            .reshape(shape)
            .copy()
        )
    except (
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
        SyntaxError,
        RecursionError,
        binascii.Error,
    ) as error:
        raise ValueError(f"damaged record {name!r}: {error}") from error
    return array.item() if array.shape == () else array


def _short(value: Any) -> str:
    return f"{reprlib.repr(value):.60}"  # which is not built in full, however large or nested


def _describe(value: Any) -> str:
    if isinstance(value, complex):
        return f"{_describe(value.real)} + i · {_describe(value.imag)}"
    if isinstance(value, float):
        return (
            f"{value:.6g}"
            if abs(value) >= NOISE or math.isnan(value)
            else f"0 (to within {NOISE:g})"
        )
    if not isinstance(value, np.ndarray):
        return repr(value) if isinstance(value, str) else str(value)
    if value.dtype.names:
        return f"table of {len(value)} rows: {', '.join(value.dtype.names)}"
    return f"array of shape {value.shape}, {value.dtype}"
