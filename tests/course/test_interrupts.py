"""Interrupts: none is lost, none is obeyed that is not meant, and they end in an exit code."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sheet11.course import interrupts
from sheet11.course.interrupts import end_if_interrupted, raise_if_interrupted, raise_interrupts
from sheet11.course.jobs import Job, perform_all

PROGRAM = """
import os, signal, sys
from sheet11.course.interrupts import end_if_interrupted, raise_interrupts
{heeded}
try:
    exec("os.kill(os.getpid(), signal.SIGINT)")  # as dataclasses are made, which what is imported may be doing
except KeyboardInterrupt:
    print("raised")
    sys.exit(1)
"""


@pytest.fixture
def heeded(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(interrupts, "_interrupted", False)
    end_if_interrupted()
    raise_interrupts()
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_was_swallowed_is_kept_in_mind(heeded):
    raise_if_interrupted()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        raise_if_interrupted()


def test_one_that_was_swallowed_while_a_command_started_ends_its_work(monkeypatch):
    monkeypatch.setattr(interrupts, "_interrupted", True)
    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        list(perform_all([Job("never", "never", "no notebook", {})], executor))


@pytest.mark.parametrize(
    ("heeded", "code", "stdout", "stderr"),
    [
        ("end_if_interrupted()", 1, "", "\nAborted!\n"),
        ("end_if_interrupted(); raise_interrupts()", 1, "raised\n", ""),
        ("", -signal.SIGINT, "raised\n", ""),
        ("raise_interrupts()", -signal.SIGINT, "raised\n", ""),
    ],
)
def test_an_interrupt_ends_in_an_exit_code_where_python_would_end_by_the_signal(
    heeded, code, stdout, stderr, tmp_path
):
    (tmp_path / "program.py").write_text(PROGRAM.format(heeded=heeded))
    ended = subprocess.run(
        [sys.executable, "-m", "program"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, stdout, stderr)


def test_who_ignores_interrupts_goes_on_ignoring_them():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        end_if_interrupted()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
