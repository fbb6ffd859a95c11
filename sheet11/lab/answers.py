"""Missing answers, shown as one line instead of a traceback."""

import linecache
import symtable
from types import TracebackType
from typing import Any

from IPython import get_ipython

WAITS = "waits for an answer"  # note on the error of a cell with a missing answer
OF_A_CELL = ("<module>", "<cell line:")  # how its code is called, before the number in IPython 7.34
_waiting: set[str] = set()  # names that are undefined because of a missing answer


def mark_unanswered() -> None:
    """Show a missing answer (`raise NotImplementedError`) as one line, and let the other cells run.

    A later cell that needs a name which the unanswered cell would have assigned also says so in one line. All other
    errors are shown in full and stop the run, as usual.
    """
    if shell := get_ipython():
        _waiting.clear()
        shell.set_custom_exc((NotImplementedError, NameError), _show)
        if _go_on not in shell.events.callbacks["post_run_cell"]:
            shell.events.register("post_run_cell", _go_on)


def _show(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    if isinstance(error, NameError):
        if error.name not in _waiting:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
            return
        line = f"Waits for an answer that gives {error.name!r}."
    else:
        line = f"Not answered yet: {error}" if str(error) else "Not answered yet."
    for name in _assigned_by(trace):
        _waiting.add(name)
        shell.user_ns.pop(name, None)  # a partial value, or one from an earlier run
    error.add_note(WAITS)
    shell._showtraceback(kind, line, [line])


def _go_on(result: Any) -> None:
    """Count the cell as executed, so that Run All continues; its output remains an error for grading."""
    if WAITS in getattr(result.error_in_exec, "__notes__", ()):
        result.error_in_exec = None


def _assigned_by(trace: TracebackType | None) -> set[str]:
    """Return the names that the failed cell assigns or defines at its top level."""
    while trace and not trace.tb_frame.f_code.co_name.startswith(OF_A_CELL):
        trace = trace.tb_next
    if trace is None:
        return set()
    return _assigned("".join(linecache.getlines(trace.tb_frame.f_code.co_filename)))


def _assigned(source: str) -> set[str]:
    symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    assigned = {symbol.get_name() for symbol in symbols if symbol.is_assigned()}
    # from Python 3.12 on the symbols include variables of comprehensions
    return assigned.intersection(compile(source, "cell", "exec").co_names)
