"""Interrupts: none is lost, unintended ones are ignored, and they give an exit code."""

import signal
import subprocess
import sys

from sheet11.course.interrupts import end_on_interrupt

PROGRAM = """
import atexit, os, signal
from sheet11.course.interrupts import end_on_interrupt
atexit.register(print, "cleared up", flush=True)
end_on_interrupt()
try:
    exec("os.kill(os.getpid(), signal.SIGINT)")  # as dataclasses are made, which what is imported may be doing
except BaseException:
    print("raised")
"""


def test_an_interrupt_ends_a_program_whatever_it_does(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    ended = subprocess.run(
        [sys.executable, "-m", "program"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "cleared up\n", "\nAborted!\n")


def test_who_ignores_interrupts_goes_on_ignoring_them():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        end_on_interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
