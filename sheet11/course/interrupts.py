"""Ctrl-C ends a command at once, with its child processes and without leaving half-written files."""

import atexit
import os
import signal
from typing import Any, NoReturn


def end_on_interrupt() -> None:
    """Exit at once on Ctrl-C, unless the process ignores it, as background jobs of a script do."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_interrupts() -> None:
    """Raise KeyboardInterrupt on Ctrl-C again, for a command that has to clean up."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: Any) -> NoReturn:
    os.write(2, b"\nAborted!\n")
    atexit._run_exitfuncs()  # ends servers and removes temporary folders
    os._exit(1)
