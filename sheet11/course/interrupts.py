"""Ctrl-C, at whatever moment: what is being imported may swallow the exception that it raises, or raise another."""

import atexit
import os
import signal
from typing import Any, NoReturn

_interrupted = False


class Interrupted(KeyboardInterrupt):
    """Raised by an interrupt.

    Once a KeyboardInterrupt proper has gone through `exec` of a text, by which dataclasses are made, `python -m` ends
    by the signal instead of with an exit code, though it was handled.
    """


def end_if_interrupted() -> None:
    """Have an interrupt end this process at once, unless it ignores them, as a script's background jobs do.

    That is for the time in which it imports, and has begun nothing; what it has started ends with it.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_interrupts() -> None:
    """Have an interrupt raised from now on, and kept in mind, where it would have ended this process."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, _interrupt)


def raise_if_interrupted() -> None:
    """Raise what was swallowed.

    Raises:
        Interrupted: there has been an interrupt.
    """
    if _interrupted:
        raise Interrupted


def _end(*_: Any) -> NoReturn:
    os.write(2, b"\nAborted!\n")
    atexit._run_exitfuncs()  # end the process that is to run notebooks, for one
    os._exit(1)


def _interrupt(*_: Any) -> NoReturn:
    global _interrupted
    _interrupted = True
    raise Interrupted
