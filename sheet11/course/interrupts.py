"""Ctrl-C ends a command at once: what it has started ends with it, and what it has written is whole."""

import atexit
import os
import signal
from typing import Any, NoReturn


def end_on_interrupt() -> None:
    """Have an interrupt end this process, unless it ignores them, as a script's background jobs do."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_interrupts() -> None:
    """Have an interrupt raised again, for a command that does something when it is ended."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: Any) -> NoReturn:
    os.write(2, b"\nAborted!\n")
    atexit._run_exitfuncs()  # ends servers and removes temporary folders
    os._exit(1)
