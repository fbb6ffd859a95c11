"""Runs of several notebooks in this process."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from sheet11.course import jobs
from sheet11.course.errors import ParameterError
from sheet11.course.jobs import Done, Job, local_executor, perform_all
from sheet11.course.notebooks import check_parameters
from sheet11.course.run import jobs_of_notebooks, run
from sheet11.course.sheet import find_sheet


@pytest.fixture
def folder(build, recording, tmp_path):
    for name in ("first", "second"):
        nbformat.write(build(recording), tmp_path / f"{name}.ipynb")
    return tmp_path


def test_index_lists_what_is_done_when_a_run_is_cut_off(folder, monkeypatch):
    def cut_off(job):
        if job.name == "second":
            time.sleep(0.3)
            raise KeyboardInterrupt
        return Done(job, job.notebook, None, 0.0)

    monkeypatch.setattr(jobs, "perform", cut_off)
    prepared = jobs_of_notebooks(
        [folder / "second.ipynb", folder / "first.ipynb"], {}, find_sheet()
    )
    with ThreadPoolExecutor(2) as executor, pytest.raises(KeyboardInterrupt):
        run(prepared, executor, folder / "out")
    index = (folder / "out" / "index.html").read_text()
    assert "first.html" in index and "second.html" not in index


@pytest.mark.slow
def test_killed_halfway_it_keeps_what_was_done_and_a_second_run_is_as_if_nothing_had_happened(
    build, recording, invoke, light, tmp_path
):
    nbformat.write(
        build(f"{recording}\n{'#' * 2000}"), tmp_path / "first.ipynb"
    )  # the longest begins
    nbformat.write(
        build(f"import time\ntime.sleep(wait)\n{recording}", parameters="n = 3\nwait = 0.0"),
        tmp_path / "last.ipynb",
    )
    command = ["run", "first.ipynb", "last.ipynb", "-j", "1"]
    stopped, undisturbed = tmp_path / "stopped", tmp_path / "undisturbed"
    process = subprocess.Popen(
        [sys.executable, "-m", "sheet11", *command, "-p", "wait=60", "-o", stopped],
        cwd=tmp_path,
        env=light["run"],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while "first.html" not in _text(stopped / "index.html") and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path.name: path.read_bytes() for path in stopped.iterdir()}
    assert kept.keys() == {"index.html", "first.html", "first.ipynb"}, (
        "what was done is whole, and nothing is half done"
    )
    for out in (stopped, undisturbed):
        assert invoke(*command, "-o", out, cwd=tmp_path).returncode == 0
    for path in undisturbed.glob("*.*"):
        if path.name != "index.html":  # which has seconds
            assert (stopped / path.name).read_bytes() == path.read_bytes()
    assert (stopped / "first.ipynb").read_bytes() == kept["first.ipynb"]
    assert {path.name for path in stopped.iterdir()} == {
        path.name for path in undisturbed.iterdir()
    }


def _text(path):
    return path.read_text() if path.exists() else ""


def test_a_job_whose_worker_dies_comes_back_with_the_error(folder, monkeypatch, capsys):
    def die(job):
        if job.name == "second":
            raise RuntimeError("the worker has died\nand more")
        return Done(job, job.notebook, None, 0.0)

    monkeypatch.setattr(jobs, "perform", die)
    prepared = jobs_of_notebooks(
        [folder / "second.ipynb", folder / "first.ipynb"], {}, find_sheet()
    )
    with ThreadPoolExecutor(1) as executor:
        pages = run(prepared, executor, folder / "out")
    assert [page.error for page in pages] == ["RuntimeError: the worker has died", None]
    assert "second: failed, RuntimeError: the worker has died" in capsys.readouterr().out


def test_more_at_a_time_than_there_are_cores_is_said(keep_server, monkeypatch, capsys):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    for wanted, said in (
        (1000, "-j 1000: there are cores and memory for 2 at a time\n"),
        (2, ""),
        (None, ""),
    ):
        with local_executor(wanted) as (executor, threads):
            assert threads == 1 and executor._max_workers == 2
        assert capsys.readouterr().err == said


@pytest.mark.slow
def test_jobs_run_side_by_side_and_share_the_cores(build, keep_server, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(4)))
    source = "import time\ntime.sleep(0.6)"
    with local_executor(4) as (executor, threads):
        assert threads == 1
        warm_up = Job("w", "w", build("1"), {}, threads=threads)
        list(perform_all([warm_up], executor))
        four = [Job(str(i), str(i), build(source), {}, threads=threads) for i in range(4)]
        start = time.perf_counter()
        done = list(perform_all(four, executor))
        assert time.perf_counter() - start < 0.75 * sum(one.seconds for one in done)
    assert {one.error for one in done} == {None}


def test_nothing_runs_before_all_arguments_are_usable(folder):
    with pytest.raises(ParameterError, match="no notebook has a parameter 'm'; there are n"):
        jobs_of_notebooks([folder / "first.ipynb"], {"m": 1}, find_sheet())


EXPLORE = """
from sheet11.lab.plots import panels
from sheet11.lab.sliders import show_with_controls
def draw(n, m):
    figure, (ax,) = panels(1, 2)
    ax.set_title(f"n is {n}, m is {m}")
    return figure
slider = {"kind": "IntSlider", "min": 1, "max": 4, "value": 2, "frames": [3]}
show_with_controls(draw, {"n": slider, "m": slider})
"""


def test_a_page_moves_its_explorers_and_the_kept_notebook_holds_their_start(
    build, keep_server, tmp_path
):
    nbformat.write(build(EXPLORE), tmp_path / "explore.ipynb")
    with local_executor(1) as (executor, threads):
        prepared = jobs_of_notebooks(
            [tmp_path / "explore.ipynb"], {}, find_sheet(), threads, frames=True
        )
        (page,) = run(prepared, executor, tmp_path / "out")
    assert page.error is None and page.figure == "n is 2, m is 2"
    html, kept = ((tmp_path / "out" / f"explore.{kind}").read_text() for kind in ("html", "ipynb"))
    assert all(f'alt="n is {n}, m is {m}"' in html for n in (2, 3) for m in (2, 3))
    assert "n is 2" in kept and "n is 3" not in kept


def test_check_parameters():
    check_parameters({"n": 1}, {"n", "p"})
    with pytest.raises(ParameterError, match="there are none, as no cell is tagged 'parameters'$"):
        check_parameters({"n": 1}, set())
    with pytest.raises(ParameterError, match="n must be a Python literal, got <object"):
        check_parameters({"n": object()}, {"n"})


HALVES = {
    "printed": "print('a\\ud800b')",
    "raised": "raise ValueError('\\ud800')",
    "recorded": "from sheet11 import record\nrecord(half='\\ud800', **{'\\udc00': 1})",
    "displayed": "from IPython.display import *\ndisplay(HTML('\\ud800'), {'text/plain': '\\udfff'})",
    "by-a-program": "import os; os.system(r\"printf 'a\\377\\355\\240\\200b'\")",
    "written": "x = '\ud800'\nx",
    "shown-as-it-cannot-be": "from IPython.display import display\ndisplay({'a/b': 1}, raw=True)",
    "damaged": "from IPython.display import display\n"
    "display({'application/vnd.sheet11.record+json': {'a': {}}}, raw=True)",
}


def test_whatever_a_notebook_shows_all_notebooks_are_written(build, invoke, tmp_path):
    for name, source in HALVES.items():
        content = json.dumps(build(source, "'end' + chr(33)"))
        (tmp_path / f"{name}.ipynb").write_text(content)
    names = [f"{name}.ipynb" for name in HALVES]
    result = invoke("run", *names, "-o", "out", cwd=tmp_path)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    failed = result.stderr.rpartition("failed: ")[2].strip().split(", ")
    assert sorted(failed) == ["damaged", "raised", "recorded", "written"]
    for name in set(HALVES) - set(failed) | {"damaged"}:
        assert "end!" in (tmp_path / "out" / f"{name}.html").read_text()
        nbformat.read(tmp_path / "out" / f"{name}.ipynb", as_version=4)
    assert "a\\ud800b" in (tmp_path / "out" / "printed.html").read_text()


def test_one_that_cannot_be_run_is_a_line_and_the_others_go_on(build, invoke, tmp_path):
    long = "x" * 249
    (tmp_path / "sub").mkdir()
    for name in ("ok", long, "index", "sub/ok"):
        nbformat.write(build("n"), tmp_path / f"{name}.ipynb")
    kernel = {"name": "nope", "display_name": "n"}
    nbformat.write(build("1", kernelspec=kernel), tmp_path / "kernel.ipynb")
    (tmp_path / "text.ipynb").write_text("text")
    names = ["ok", long, "index", "sub/ok", "kernel", "text"]
    result = invoke("run", *(f"{name}.ipynb" for name in names), "-o", "out", cwd=tmp_path)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    for line, said in zip(
        lines,
        [
            "index.ipynb: another page is named 'index'",
            "ok.ipynb: another page is named 'ok'",
            "kernel.ipynb: no kernel named 'nope' is installed",
            "text.ipynb: text.ipynb is not a Jupyter notebook",
            "2 of 6 notebooks were executed; failed: none",
        ],
        strict=True,
    ):
        assert line.startswith(f"Error: {said}")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"index.html"} | {f"{n}.{k}" for n in ("ok", long) for k in ("html", "ipynb")}


def test_no_output_overwrites_its_source(build, invoke, tmp_path):
    (tmp_path / "linked").symlink_to(tmp_path)
    nbformat.write(build("1"), tmp_path / "a.ipynb")
    before = (tmp_path / "a.ipynb").read_bytes()
    for out in (".", "linked"):
        result = invoke("run", "a.ipynb", "-o", out, cwd=tmp_path)
        assert result.returncode == 2 and "holds a notebook to execute" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"linked", "a.ipynb"}
    assert (tmp_path / "a.ipynb").read_bytes() == before
