"""Helper module of ML-Physics sheet 11: positional encoding, aggregation functions, oversmoothing.

| file             | formulas                                                           | exercise |
|------------------|--------------------------------------------------------------------|----------|
| encoding.py      | E, Gram matrix EᵀE, rotation R_δ                                   | 1a, 1b   |
| scores.py        | scores KᵀQ of cat and add, cross term EᵀX + XᵀE and its size       | 1c, 1d   |
| aggregation.py   | soft(arg)max_agg                                                   | 2        |
| oversmoothing.py | P, Dirichlet energy, mean average distance MAD, eigenvalue λ₂      | 3a       |
| remedies.py      | residual connection, GCNII, PairNorm                               | 3b       |
| given/           | formulas that students get, such as lse, attention and propagation | 1, 2, 3  |
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

# Names are imported on first use, so that a notebook without torch, or `sheet11 --help`, need not wait for torch.
_HOME = {
    "positional_encoding": "encoding",
    "gram": "encoding",
    "attention_scores": "scores",
    "score_terms": "scores",
    "lse": "given.softmax",
    "softargmax": "given.softmax",
    "softargmax_aggregate": "aggregation",
    "normalized_adjacency": "oversmoothing",
    "dirichlet_energy": "oversmoothing",
    "mean_average_distance": "oversmoothing",
    "propagate": "given.propagation",
    "GCN": "given.gcn",
    "karate_club": "given.graphs",
    "grid": "given.graphs",
    "two_block_model": "given.graphs",
    "load_graph": "given.graphs",
    "random_neighbourhoods": "given.graphs",
    "record": "lab.records",
    "read_records": "lab.records",
}

__all__ = [name for name, home in _HOME.items() if find_spec(f"{__name__}.{home}")]

if TYPE_CHECKING:
    from sheet11.aggregation import softargmax_aggregate as softargmax_aggregate
    from sheet11.encoding import gram as gram
    from sheet11.encoding import positional_encoding as positional_encoding
    from sheet11.given.gcn import GCN as GCN
    from sheet11.given.graphs import grid as grid
    from sheet11.given.graphs import karate_club as karate_club
    from sheet11.given.graphs import load_graph as load_graph
    from sheet11.given.graphs import random_neighbourhoods as random_neighbourhoods
    from sheet11.given.graphs import two_block_model as two_block_model
    from sheet11.given.propagation import propagate as propagate
    from sheet11.given.softmax import lse as lse
    from sheet11.given.softmax import softargmax as softargmax
    from sheet11.lab.records import read_records as read_records
    from sheet11.lab.records import record as record
    from sheet11.oversmoothing import dirichlet_energy as dirichlet_energy
    from sheet11.oversmoothing import mean_average_distance as mean_average_distance
    from sheet11.oversmoothing import normalized_adjacency as normalized_adjacency
    from sheet11.scores import attention_scores as attention_scores
    from sheet11.scores import score_terms as score_terms
else:  # type checkers would take `__getattr__` to mean that every name exists

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name not in __all__:  # the student edition lacks the modules that students write
            raise AttributeError(
                f"{__name__}.{name} is for you to write: this edition has no {_HOME[name]}.py"
            )
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
