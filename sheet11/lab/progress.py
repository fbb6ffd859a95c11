"""Progress bars that leave no times in a notebook's stored outputs."""

import io
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from IPython import get_ipython
from IPython.display import display
from tqdm import tqdm

T = TypeVar("T")


def progress(iterable: Iterable[T], description: str, **tqdm_options: Any) -> Iterator[T]:
    """Iterate with a tqdm bar named `description`; `tqdm_options` are passed to tqdm.

    In a notebook the bar is one display, updated in place, that at the end shows the description alone: the stored
    output contains no times, so that two runs store the same output. Elsewhere it is tqdm's bar on standard error.
    """
    if get_ipython() is None:
        yield from tqdm(iterable, description, **tqdm_options)
        return
    handle = display({"text/plain": description}, raw=True, display_id=True)

    class Display(io.StringIO):
        encoding = "utf-8"  # lets tqdm draw smooth bars

        def write(self, text: str) -> int:
            if bar := text.strip("\r\n "):
                handle.update({"text/plain": bar}, raw=True)
            return len(text)

    try:
        yield from tqdm(
            iterable, description, file=Display(), ncols=80, leave=False, **tqdm_options
        )
    finally:
        handle.update({"text/plain": description}, raw=True)
