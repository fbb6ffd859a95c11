"""Ctrl-C, at whatever moment: it is kept in mind, for what is being imported then may swallow the exception."""

import signal
from typing import Any, NoReturn

_interrupted = False


class Interrupted(KeyboardInterrupt):
    """What an interrupt raises.

    Once a KeyboardInterrupt proper has gone through `exec` of a text, by which dataclasses are made, `python -m` ends
    by the signal instead of with an exit code, though it was handled.
    """


def heed_interrupts() -> None:
    """Have interrupts raised and kept in mind, unless this process ignores them, as a script's background jobs do."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def raise_if_interrupted() -> None:
    """Raise what was swallowed.

    Raises:
        Interrupted: there has been an interrupt.
    """
    if _interrupted:
        raise Interrupted


def _interrupt(*_: Any) -> NoReturn:
    global _interrupted
    _interrupted = True
    raise Interrupted
