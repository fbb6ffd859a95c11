"""Compare outputs of third-party notebooks between papermill's ordinary engine and `--engine sheet11`.

    pip download --no-binary :all: --no-deps papermill nbclient nbval   # and unpack them
    python tests/benchmarks/foreign.py FOLDER... [--timeout 20]

Every notebook in the folders, and below them, runs on both engines with the kernel `python3`, in a copy of its folder;
what names an address, a process, a time or a temporary file is masked. A line is printed for every notebook that
differs, with the cells that do and what each engine has stored there.
"""

import argparse
import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import papermill

VOLATILE = [
    (r"0x[0-9a-f]+", "0x…"),  # addresses
    (r"ipykernel_\d+/\d+", "ipykernel_…"),  # files of cells, by process
    (r"(/tmp|/scratch)/[\w./-]+", "…"),
    (r"\d+[-:]\d+[-:]\d+[\d:. T]*", "…"),  # dates and times
    (r"datetime\([\d, ]+\)", "…"),
    (r"\d+(\.\d+)? (s|ms|µs|us|ns)\b", "…"),  # what %time prints
    (r"[0-9a-f]{32}", "…"),  # numbers of widgets
]


def outputs(path: Path, engine: str, timeout: int) -> list[list[dict[str, Any]]] | str:
    """What a notebook's code cells show on an engine, what is volatile masked; or why there is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(path.parent, Path(folder, "work"))
        result = Path(folder, "result.ipynb")
        try:
            with contextlib.suppress(papermill.PapermillExecutionError):  # which is stored
                papermill.execute_notebook(
                    path, result, engine_name=engine, kernel_name="python3", cwd=Path(folder, "work"),
                    execution_timeout=timeout, progress_bar=False, log_output=False,
                )  # fmt: skip
        except Exception as error:
            return masked(f"{type(error).__name__}: {error}".strip().splitlines()[0])
        cells = nbformat.read(result, as_version=4).cells
    return [
        [masked(dict(output)) for output in cell.outputs]
        for cell in cells
        if cell.cell_type == "code"
    ]


def masked(value: Any) -> Any:
    """The same with what is volatile in its texts replaced."""
    if isinstance(value, dict):
        return {name: masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each) for each in value]
    if isinstance(value, str):
        for pattern, text in VOLATILE:
            value = re.sub(pattern, text, value)
    return value


def main() -> None:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--timeout", type=int, default=20, help="seconds for a cell")
    options = parser.parse_args()
    paths = sorted(path for folder in options.folders for path in folder.rglob("*.ipynb"))
    different = 0
    for path in paths:
        ordinary, ours = (
            outputs(path, engine, options.timeout) for engine in ("nbclient", "sheet11")
        )
        if ordinary == ours:
            continue
        different += 1
        print(f"{path}:", flush=True)
        if isinstance(ordinary, str) or isinstance(ours, str):
            print(f"  ordinary {str(ordinary)[:300]}\n  sheet11  {str(ours)[:300]}")
            continue
        for number, (one, other) in enumerate(zip(ordinary, ours, strict=True)):
            if one != other:
                print(
                    f"  code cell {number}:\n    ordinary {str(one)[:300]}\n    sheet11  {str(other)[:300]}"
                )
    print(f"{different} of {len(paths)} notebooks differ")


if __name__ == "__main__":
    main()
