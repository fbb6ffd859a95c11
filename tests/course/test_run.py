"""Running several notebooks in this process."""

import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from sheet11.course import jobs
from sheet11.course.errors import ParameterError
from sheet11.course.jobs import Job, local_executor, perform_all
from sheet11.course.notebooks import check_parameters
from sheet11.course.run import jobs_of_notebooks, run


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
        return job.notebook, 0.0

    monkeypatch.setattr(jobs, "perform", cut_off)
    prepared = jobs_of_notebooks([folder / "second.ipynb", folder / "first.ipynb"], {})
    with ThreadPoolExecutor(2) as executor, pytest.raises(KeyboardInterrupt):
        run(prepared, executor, folder / "out")
    index = (folder / "out" / "index.html").read_text()
    assert "first.html" in index and "second.html" not in index


def test_a_job_whose_worker_dies_comes_back_with_the_error(folder, monkeypatch, capsys):
    def die(job):
        if job.name == "second":
            raise RuntimeError("the worker has died\nand more")
        return job.notebook, 0.0

    monkeypatch.setattr(jobs, "perform", die)
    prepared = jobs_of_notebooks([folder / "second.ipynb", folder / "first.ipynb"], {})
    with ThreadPoolExecutor(1) as executor:
        pages = run(prepared, executor, folder / "out")
    assert [page.error for page in pages] == ["RuntimeError: the worker has died", None]
    assert "second: failed, RuntimeError: the worker has died" in capsys.readouterr().out


def test_jobs_run_side_by_side_and_share_the_cores(build):
    source = "import time\ntime.sleep(1)"
    with local_executor(4) as (executor, threads):
        assert threads == 1
        warm_up = Job("w", "w", nbformat.writes(build("1")), {}, threads=threads)
        list(perform_all([warm_up], executor))
        four = [Job(str(i), str(i), nbformat.writes(build(source)), {}, threads=threads) for i in range(4)]
        start = time.perf_counter()
        done = list(perform_all(four, executor))
        assert time.perf_counter() - start < 0.75 * sum(one.seconds for one in done)
    assert {one.error for one in done} == {None}


def test_nothing_runs_before_all_arguments_are_usable(folder):
    with pytest.raises(ParameterError, match="no notebook has a parameter 'm'; there are n"):
        jobs_of_notebooks([folder / "first.ipynb"], {"m": 1})


def test_check_parameters():
    check_parameters({"n": 1}, {"n", "p"})
    with pytest.raises(ParameterError, match="there are none$"):
        check_parameters({"n": 1}, set())
