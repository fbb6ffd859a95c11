"""Time and memory of the encoding E and its Gram matrix, beside the literal definition and a matrix product.

    python tests/benchmarks/encoding.py [--sizes 64x64 4096x1024] [--repeat 5]

The literal version is the definition written with meshgrid, as in the source document: an angle, a sine and a cosine
for every entry, and a choice between them; its Gram matrix is the product EᵀE. The floor is the time of writing the
result at the bandwidth of a copy. Sizes are n x p.
"""

import argparse
import os
from functools import partial

import numpy as np
from measure import calls_of, copy_of, in_turn, peak, table

from sheet11 import gram, positional_encoding

SIZES = [f"{size}x{size}" for size in (64, 256, 1024, 4096, 8192)] + ["4096x1024"]


def literal_encoding(n: int, p: int) -> np.ndarray:
    """The sheet's definition, entry by entry."""
    position, row = np.meshgrid(np.arange(1, n + 1), np.arange(p))
    angle = position * np.exp(-2 * (row // 2) * np.log(10_000) / 5000)
    return np.where(row % 2 == 0, np.sin(angle), np.cos(angle))


def literal_gram(n: int, p: int) -> np.ndarray:
    """The product with the transpose."""
    E = literal_encoding(n, p)
    return E.T @ E


def compare(n: int, p: int, repeat: int) -> None:
    """Print medians, ratios and memory of runs in turn."""
    for what, ours, literal, num_bytes in [
        ("E", positional_encoding, literal_encoding, 8 * n * p),
        ("EᵀE", gram, literal_gram, 8 * n * n),
    ]:
        reference = literal(n, p)
        assert np.abs(ours(n, p) - reference).max() <= 1e-9 * np.abs(reference).max()
        contenders, memory = {}, {}
        for tool in (ours, literal):
            name = tool.__name__
            contenders[name] = calls_of(partial(tool, n, p))
            memory[name] = peak(__file__, f"lambda: {name}({n}, {p})", f"lambda: {name}(8, 8)")
        contenders["floor"] = copy_of(num_bytes)
        title = f"{what}, n = {n}, p = {p}"
        table(title, in_turn(contenders, repeat), ours.__name__, memory=memory)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="*", default=SIZES)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, NumPy {np.__version__}")
    for size in options.sizes:
        n, p = map(int, size.split("x"))
        compare(n, p, options.repeat)


if __name__ == "__main__":
    main()
