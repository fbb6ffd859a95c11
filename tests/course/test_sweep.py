"""Sweeps: grid, table, figures, and resuming after an interruption."""

import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_output

from sheet11.course import jobs
from sheet11.course.sheet import find_sheet
from sheet11.course.sweep import _row as row_of_point
from sheet11.course.sweep import jobs_of_grid, sweep

SOURCE = """
import random, time
from sheet11 import record
time.sleep(wait)
if n == 3:
    raise ValueError('n must not be 3')
record(square=n * n + seed, name=f'n{n}', none=None, array=[1, 2])
"""
PARAMETERS = (
    "n: int = 1  # a\nseed: int = 0  # b\nkind: str = 'x'  # c\nwait: float = 0.0  # seconds"
)


@pytest.fixture
def notebook(build, tmp_path):
    path = tmp_path / "small.ipynb"
    nbformat.write(build(SOURCE, parameters=PARAMETERS), path)
    return path


def test_parameters_and_records_named_as_columns_are_kept_and_said(build, invoke, tmp_path):
    source = (
        "from sheet11 import record\n"
        "record(**{'status': 7, 'n': 8, 'record_n': 9, '../up': n, 'x' * 300: n})"
    )
    nbformat.write(build(source, parameters="n = 1\nerror = 0"), tmp_path / "a.ipynb")
    result = invoke("sweep", "a.ipynb", "-p", "n=1,2", "-p", "error=[3],4", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    table = pd.read_csv(tmp_path / "build" / "sweep" / "results.csv")
    assert list(table.parameter_error) == ["[3]", "4", "[3]", "4"] and list(table.n) == [1, 1, 2, 2]
    assert set(table.record_status) == {7} and set(table.status) == {"ok"}
    assert set(table.record_n) == {8} and set(table.record_record_n) == {9}
    assert "parameter_error, record_n, record_record_n, record_status\n" in result.stdout
    written = [path for path in tmp_path.rglob("*.png")]
    assert len(written) == 5 and {path.parent for path in written} == {tmp_path / "build" / "sweep"}
    page = (tmp_path / "build" / "sweep" / "index.html").read_text()
    assert page.count("<img") == 5


def test_a_point_of_a_notebook_with_the_longest_name(build, invoke, tmp_path):
    name = "ö" * 124
    nbformat.write(build("1"), tmp_path / f"{name}.ipynb")
    result = invoke("sweep", f"{name}.ipynb", "-p", "n=1", "-o", "out", cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_sweep_writes_table_figures_page_and_goes_on(notebook, invoke, tmp_path):
    command = [
        "sweep",
        notebook.name,
        "-p",
        "n=1,3",
        "-p",
        "seed=0:2",
        "-p",
        "kind=x,y",
        "-o",
        "out",
    ]
    result = invoke(*command, cwd=tmp_path)
    assert result.returncode == 1
    assert "4 of 8 points failed" in result.stderr and "Traceback" not in result.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert len(table) == 8
    assert list(table.columns) == [
        "n", "seed", "kind", "name", "none", "square", "status", "seconds", "error", "notebook"
    ]  # fmt: skip
    good = table[table.status == "ok"]
    assert (good.square == good.n**2 + good.seed).all() and (
        good.name == "n" + good.n.astype(str)
    ).all()
    bad = table[table.status == "failed"]
    assert set(bad.n) == {3} and set(bad.error) == {"ValueError: n must not be 3"}
    assert (tmp_path / "out" / "square.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "out" / "index.html").read_text()
    assert 'src="square.png"' in page and "n must not be 3" in page
    for path in table.notebook:
        nbformat.validate(nbformat.read(tmp_path / "out" / path, as_version=4))

    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "points").iterdir()}
    again = invoke(*command, cwd=tmp_path)
    assert again.returncode == 1
    changed = {path for path, before in times.items() if path.stat().st_mtime_ns != before}
    assert len(changed) == 4 and len(times) == 8, "only the failed points are tried again"
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "out" / "results.csv").drop(columns="seconds"),
        table.drop(columns="seconds"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("points_before_the_kill", [0, 2])
def test_killed_at_any_moment_a_second_start_runs_what_is_missing(
    points_before_the_kill, notebook, invoke, light, tmp_path
):
    arguments = [
        "sweep",
        notebook.name,
        "-p",
        "n=1,2",
        "-p",
        "seed=0,1",
        "-p",
        "wait=0.15",
        "-o",
        "out",
    ]
    points = tmp_path / "out" / "points"
    command = [sys.executable, "-m", "sheet11", *arguments]
    process = subprocess.Popen(command, cwd=tmp_path, env=light["sweep"], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while (
        len(list(points.glob("*.ipynb"))) < points_before_the_kill and time.monotonic() < deadline
    ):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    finished = {path: path.read_bytes() for path in points.glob("small-*.ipynb")}
    assert len(finished) >= points_before_the_kill
    for path in finished:
        nbformat.validate(nbformat.read(path, as_version=4))  # never half a file
    result = invoke(*arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert all(path.read_bytes() == content for path, content in finished.items()), (
        "nothing is done twice"
    )
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert len(table) == 4 and (table.status == "ok").all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["small.ipynb", "-p", "m=1"], "no notebook has a parameter 'm'"),
        (["small.ipynb", "-p", "n="], "Invalid value for '-p': n: a value is missing in ''"),
        (["small.ipynb", "-p", "n=5:5"], "the range '5:5' must have 1 to 1,000,000 values"),
        (["bare.ipynb", "-p", "n=1"], "there are none, as no cell is tagged 'parameters'"),
        (["text.ipynb"], "text.ipynb is not a Jupyter notebook"),
        (
            ["small.ipynb", "-o", "text.ipynb/out"],
            "cannot write to text.ipynb/out: Not a directory",
        ),
        (
            ["small.ipynb", "--scheduler", "tcp://127.0.0.1:1"],
            "there is no Dask scheduler at 'tcp://127.0.0.1:1'",
        ),
        (
            ["small.ipynb", "--scheduler", "nonsense://x"],
            "there is no Dask scheduler at 'nonsense://x'",
        ),
        (["small.ipynb", "--scheduler", "tcp://127.0.0.1:1", "-j", "2"], "-j is for this machine"),
    ],
)
def test_unusable_arguments_end_in_one_line(
    arguments, message, notebook, build, invoke, monkeypatch, tmp_path
):
    monkeypatch.setattr(jobs, "CONNECT", 0.3)  # seconds to wait for a scheduler that is not there
    nbformat.write(build("1", parameters=None), tmp_path / "bare.ipynb")
    (tmp_path / "text.ipynb").write_text("text")
    result = invoke("sweep", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ") and message in line


def test_memory_stays_as_it_is_while_points_finish(build, tmp_path, monkeypatch):
    nbformat.write(build("1"), tmp_path / "a.ipynb")
    executed = build("1")
    shown = {"application/vnd.sheet11.record+json": {"word": "nine"}, "text/plain": "x" * 10_000}
    executed.cells[-1].outputs = [new_output("display_data", shown)]
    content, used, ahead, real = nbformat.writes(executed), [], threading.Semaphore(2), row_of_point

    def perform(job):
        ahead.acquire()  # kernels are no faster than what takes their results
        return jobs.Done(job, nbformat.v4.reads(content), None, 0.01)

    def counted(job, notebook):
        row = real(job, notebook)
        if job.parameters["n"] in (20, 59):
            used.append(tracemalloc.get_traced_memory()[0])
        if job.parameters["n"] == 59:
            tracemalloc.stop()  # drawing would take long with it
        ahead.release()
        return row

    monkeypatch.setattr(jobs, "perform", perform)
    monkeypatch.setattr("sheet11.course.sweep._row", counted)
    points = jobs_of_grid(tmp_path / "a.ipynb", {"n": range(60)}, find_sheet())
    tracemalloc.start()
    with ThreadPoolExecutor(1) as executor:
        table = sweep(points, executor, tmp_path / "out")
    assert len(table) == 60 and (table.word == "nine").all()
    assert used[1] - used[0] < 39 * 1024, "a point's notebook has 10 kB"
