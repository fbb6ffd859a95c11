"""Records come back bit for bit, and damaged records are refused."""

import base64
import math
import pickle

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sheet11.lab.records import MIME_TYPE, read_records, record

# run in the notebook and here, so that both hold the same values
VALUES = """
import math
import numpy as np
import torch

normal = np.random.default_rng(0).normal(size=(3, 4))
table = np.array([("karate", 34, -0.2193), ("grid", 100, math.nan)], [("name", "U8"), ("nodes", "i8"), ("rate", "f4")])
values = {
    "none": None,
    "count": -(2**70),
    "third": 1 / 3,
    "minus_zero": -0.0,
    "not_a_number": math.nan,
    "infinite": math.inf,
    "complex_number": 1 / 3 - 2j,
    "text": 'two\\nlines, "quoted", η ∈ ℝ',
    "float64": normal,
    "special": np.array([math.nan, math.inf, -math.inf, -0.0, 5e-324]),
    "payload": np.array([0x7FF8_0000_0000_BEEF], "u8").view("f8"),
    "float32": normal.astype("f4"),
    "complex": normal[:, :2] + 1j * normal[:, 2:],
    "integers": np.arange(-3, 3),
    "booleans": normal > 0,
    "names": np.array(["mean", "softargmax", "η"]),
    "list": [[1.5, 2.0], [3.0, 4.0]],
    "empty": np.zeros((0, 3)),
    "transposed": normal.T,
    "strided": normal[::-2, ::3],
    "big_endian": normal.astype(">f8"),
    "table": table,
    "big_endian_table": table.astype(table.dtype.newbyteorder(">")),
    "vectors_in_a_table": np.zeros(2, [("place", "f8", (2,)), ("class", "i4")]),
    "columns": table[["name", "rate"]],
    "aligned": np.array([(1, 0.5)], np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    "tensor": torch.tensor(normal, requires_grad=True),
    "tensor_transposed": torch.tensor(normal).T,
    "tensor_booleans": torch.tensor([True, False]),
    "tensor_of_one": torch.tensor(0.1, requires_grad=True),
    "tensor_conjugate": torch.tensor([1 + 2j]).conj(),
    "tensor_negative": torch.tensor([1 + 2j]).conj().imag,
    "nothing_masked": np.ma.array([1.0, 2.0]),
    "numpy_float32": np.float32(0.1),
    "numpy_int": np.int16(-7),
}
"""
space = {}
exec(VALUES, space)
VALUE = space["values"]

CELLS = [
    VALUES + "from sheet11 import record\nrecord(**values)",
    "record(again=np.arange(3), first=1)\nrecord(again='late')",
    "record(again=2.5, last=3)",
    "print('not a record')\n4",
]


@pytest.fixture(scope="module")
def executed():
    notebook = new_notebook(cells=[new_markdown_cell("# Text"), *map(new_code_cell, CELLS)])
    return NotebookClient(notebook, kernel_name="python3", timeout=120).execute()


@pytest.fixture(scope="module")
def path(executed, tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "executed.ipynb"
    nbformat.write(executed, path)
    return path


def same(value, expected):
    """Equal in type, shape and every bit, whatever the byte order; of tables, the columns but not gaps between them."""
    if isinstance(expected, torch.Tensor):
        expected = expected.detach().resolve_conj().resolve_neg().numpy()
    if np.ndim(expected) == 0:
        expected = getattr(expected, "item", lambda: expected)()
        return type(value) is type(expected) and repr(value) == repr(expected)
    expected = np.asarray(expected)
    if names := expected.dtype.names:
        columns = all(same(value[name], expected[name]) for name in names)
        return columns and value.dtype.names == names
    little = expected.astype(expected.dtype.newbyteorder("<"))
    kept = value.dtype == little.dtype and value.shape == little.shape
    return kept and value.tobytes() == little.tobytes()


@pytest.mark.parametrize("name", VALUE)
def test_round_trip_through_a_notebook(name, path):
    assert same(read_records(path)[name], VALUE[name])


def test_later_records_replace_earlier_ones_in_their_place(executed):
    records = read_records(executed)
    assert list(records)[-3:] == ["again", "first", "last"]
    assert (records["again"], records["first"], records["last"]) == (2.5, 1, 3)


def test_stored_form_is_valid_and_every_array_one_line(executed, path):
    nbformat.validate(executed)
    encoded = base64.b64encode(VALUE["float64"].tobytes()).decode()
    assert any(encoded in line for line in path.read_text().splitlines())


def test_text_in_the_notebook(executed):
    shown = [output.data["text/plain"] for output in executed.cells[2].outputs]
    assert shown == ["again = array of shape (3,), int64\nfirst = 1", "again = 'late'"]
    assert "table = table of 2 rows: name, nodes, rate" in str(executed.cells[1].outputs)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2 / 3, "0.666667"),
        (1e-10, "1e-10"),
        (-3e-17, "0 (to within 1e-10)"),
        (math.inf, "inf"),
        ("a b", "'a b'"),
        (2 / 3 + 1e-17j, "0.666667 + i · 0 (to within 1e-10)"),
    ],
)
def test_text_outside_a_notebook_shows_six_digits_and_no_noise(value, text, capsys):
    record(name=value)
    assert capsys.readouterr().out == f"name = {text}\n"


# forged and damaged records


def notebook_with(stored):
    output = new_output("display_data", {MIME_TYPE: stored, "text/plain": ""})
    return new_notebook(cells=[new_code_cell("", outputs=[output])])


def stored(values=bytes(24), dtype="<f8", shape=(3,)):
    return {"dtype": dtype, "shape": shape, "values": base64.b64encode(values).decode()}


class Trap:
    def __reduce__(self):
        return pytest.fail, ("a record was unpickled",)


@pytest.mark.parametrize(
    "item",
    [
        stored() | {"values": "AAA"},
        stored(bytes(32)),
        stored(shape=[2]),
        stored(shape=None),
        stored(shape=[10**30]),
        stored(pickle.dumps(Trap()), "|O"),
        stored(pickle.dumps(Trap()), [["a", "O"]]),
        stored(dtype="f8,O"),
        stored(dtype="nonsense"),
        stored(dtype={"names": ["a"], "formats": ["O"]}),
        {},
        [1, 2],
    ],
    ids=str,
)
def test_damaged_records_are_named(item):
    with pytest.raises(ValueError, match="damaged record 'bad'"):
        read_records(notebook_with({"fine": 1, "bad": item}))


def test_record_that_is_no_object():
    with pytest.raises(ValueError, match=r"damaged record: .* got \[1, 2\]"):
        read_records(notebook_with([1, 2]))


class Unfinished:
    def __array__(self, *_, **__):
        raise KeyError


MASKED = np.ma.array([1, 2], mask=[False, True])
MASKED_TABLE = np.ma.array([(1, 2.0)], mask=[(True, False)], dtype=[("a", "i4"), ("b", "f8")])
REFUSED = {
    "object": object(),
    "array of objects": np.array([None, 1]),
    "row of a table": np.zeros(2, [("a", "f8")])[0],
    "nested columns": np.zeros(2, [("a", [("b", "f8")])]),
    "dates": np.array(["2023-01-27"], "M8[D]"),
    "long double": np.longdouble(0.1),
    "masked array": MASKED,
    "masked table": MASKED_TABLE,
    "list of masked arrays": [[MASKED]],
    "bfloat16": torch.ones(2, dtype=torch.bfloat16),
    "sparse tensor": torch.eye(2).to_sparse(),
    "tensors with gradients": [torch.ones((), requires_grad=True)],
    "half a character": "\ud800",
    "5001 digits": 10**5000,
    "object that fails": Unfinished(),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_back_is_refused_by_name(value, capsys):
    with pytest.raises(TypeError, match="^thing must be a scalar or an array of numbers or text"):
        record(fine=1, thing=value)
    assert capsys.readouterr().out == ""  # all or nothing


def test_nothing_cannot_be_recorded():
    with pytest.raises(TypeError, match="record needs at least one name=value"):
        record()
