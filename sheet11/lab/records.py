"""Named results, the only way for numbers to leave a notebook.

`record` shows values and stores them in the cell's output; `read_records` reads them back from an executed notebook.
The stored form is JSON and holds data only: reading a record, even a forged one, runs no code.
"""

from __future__ import annotations

import base64
import json
import math
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from IPython import get_ipython
from IPython.display import display
from numpy.lib.format import descr_to_dtype, dtype_to_descr
from numpy.lib.recfunctions import repack_fields
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nbformat import NotebookNode

MIME_TYPE = "application/vnd.sheet11.record+json"

# Smaller numbers are shown as 0, because rounding noise differs between processors; the stored value is exact.
NOISE = 1e-10

# NumPy's codes of bool, integer, real, complex and text types that are the same on every machine
STORABLE = set("?efdFDU" + np.typecodes["AllInteger"])


def record(**values: Any) -> None:
    """Show named results and store them in the output of the running cell.

    Scalars (None, bool, int, finite float, str) are stored as they are. Everything else is stored as an array, an
    object with `dtype`, `shape` and `values` (the bytes in C order, little-endian, base64), so that float64 comes
    back bit for bit, NaN and infinity included, and a large matrix is one line of the notebook file. A structured
    array makes a table. The text shows six digits, and numbers below 1e-10 as 0, so that it is the same on every
    machine.

    Args:
        values: results by name. Recording a name again replaces the earlier value.

    Raises:
        TypeError: there is nothing to record, or `read_records` could not restore a value.
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
    """Return the results that an executed notebook has recorded.

    Args:
        notebook: a notebook, or the path of its file.

    Returns:
        Scalars and NumPy arrays by name.

    Raises:
        ValueError: a record is damaged.
        OSError: the file cannot be read.
    """
    if isinstance(notebook, str | Path):
        import nbformat  # imported late: it takes two seconds, and `record` does not need it

        return read_records(nbformat.read(notebook, as_version=4))
    records: dict[str, Any] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            stored = output.get("data", {}).get(MIME_TYPE, {})
            if not isinstance(stored, dict):
                raise ValueError(
                    f"damaged record: expected an object of names and values, got {reprlib.repr(stored)}"
                )
            for name, item in stored.items():
                records[name] = _decode(name, item)
    return records


def _encode(name: str, value: Any) -> Any:
    """Return a value as JSON for `_decode`; raise TypeError if it cannot be stored."""
    if isinstance(value, np.generic) and value.dtype.char in STORABLE:
        value = value.item()
    finite = not isinstance(value, float) or math.isfinite(value)
    try:
        item = value if _is_scalar(value) and finite else _encode_array(_as_array(value))
        written = json.dumps({name: item}, ensure_ascii=False).encode()
        _decode(name, json.loads(written)[name])
    except Exception as error:  # an object's own conversion to an array may raise anything
        reason = str(error).partition("\n")[0]
        raise TypeError(
            f"{name} must be a scalar or an array of numbers or text, "
            f"got {type(value).__name__}: {reason:.120}"
        ) from error
    return item


def _as_array(value: Any) -> NDArray[Any]:
    if _is_masked(value):
        raise TypeError("masked entries would be lost; fill them, or record the mask, too")
    if hasattr(value, "resolve_conj"):  # a torch tensor
        value = value.numpy(force=True)
    return np.asarray(value)


def _is_masked(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_masked, value))
    return np.ma.is_masked(value)


def _encode_array(array: NDArray[Any]) -> dict[str, Any]:
    array = repack_fields(array)  # remove gaps between the columns of a table
    dtype = array.dtype.newbyteorder("<")
    is_row = dtype.names and not array.shape
    if is_row or not {np.dtype(kind).char for _, kind, *_ in dtype.descr} <= STORABLE:
        raise TypeError(f"its dtype is {dtype}")
    return {
        "dtype": dtype_to_descr(dtype),
        "shape": list(array.shape),
        "values": base64.b64encode(array.astype(dtype).tobytes()).decode(),
    }


def _decode(name: str, item: Any) -> Any:
    if _is_scalar(item):
        return item
    try:
        array = _decode_array(**item)
    except Exception as error:  # a forged record may raise anything
        raise ValueError(f"damaged record {name!r}: {error}") from error
    return array.item() if array.shape == () else array


def _decode_array(dtype: Any, shape: Any, values: Any) -> NDArray[Any]:
    dtype = descr_to_dtype(dtype)
    if dtype.hasobject:
        raise ValueError("objects are not data")
    data = base64.b64decode(values, validate=True)
    array = np.frombuffer(bytearray(data), dtype).reshape(shape)  # writable
    if array.shape != tuple(shape):
        raise ValueError(f"its shape is {reprlib.repr(shape)}")
    return array


def _is_scalar(value: Any) -> bool:
    return isinstance(value, int | float | str | None)


def _describe(value: Any) -> str:
    if isinstance(value, complex):
        return f"{_describe(value.real)} + i · {_describe(value.imag)}"
    if isinstance(value, float):
        return f"0 (to within {NOISE:g})" if abs(value) < NOISE else f"{value:.6g}"
    if isinstance(value, str):
        return repr(value)
    if not isinstance(value, np.ndarray):
        return str(value)
    if value.dtype.names:
        return f"table of {len(value)} rows: {', '.join(value.dtype.names)}"
    return f"array of shape {value.shape}, {value.dtype}"
