"""Tests of the program `sheet11`."""

import sys
from types import SimpleNamespace

import pytest

from sheet11.__main__ import command_line


def interrupted(**_):
    raise KeyboardInterrupt


def test_an_interrupt_while_the_command_line_is_imported_leaves_no_traceback(monkeypatch):
    monkeypatch.setitem(sys.modules, "sheet11.course.cli", SimpleNamespace(main=interrupted))
    with pytest.raises(SystemExit) as ended:
        command_line()
    assert ended.value.code == "\nAborted!"  # which Python prints, to exit with 1
