"""Sweeps on a real scheduler and two real workers on loopback, one of which is killed halfway."""

import os
import signal
import socket
import subprocess
import sys
import time

import nbformat
import pandas as pd
import psutil
import pytest
from gradings import skip_without_graders
from sheets import waves
from students import Student, with_lines, write_class

from sheet11.course.jobs import cluster_executor

pytestmark = [pytest.mark.slow, pytest.mark.cluster]
pytest.importorskip("distributed", reason="needs Dask: pip install 'sheet11[cluster]'")

SOURCE = """
import time
from sheet11 import record
time.sleep(0.3)
record(square=n * n)
"""


def dask(*arguments, log, env):
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", *arguments]
    if arguments[0].startswith("tcp:"):
        command[2] = "distributed.cli.dask_worker"
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=env)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, light, request):
    """Start a scheduler and two workers; a test may choose their options and how many deaths a job may cause."""
    failures, extra = getattr(request, "param", (1, ["--no-nanny"]))
    env = light["sweep"] | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(failures)}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address, folder = f"tcp://127.0.0.1:{port}", tmp_path_factory.mktemp("cluster")
    with open(folder / "dask.log", "w") as log:
        scheduler = dask(
            "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", log=log, env=env
        )
        options = [
            "--nthreads",
            "1",
            "--no-dashboard",
            *extra,
            "--host",
            "127.0.0.1",
            "--local-directory",
            str(folder),
        ]
        workers = [dask(address, *options, log=log, env=env) for _ in range(2)]
        try:
            yield address, workers
        finally:
            for process in [*workers, scheduler]:
                process.kill()
                process.wait()


def test_grading_on_a_cluster_gives_what_this_machine_gives(cluster, invoke, tmp_path):
    skip_without_graders()
    course = waves(tmp_path / "course")
    right = course.solutions[course.first]
    wrong = right | {course.task: with_lines(right[course.task], "", course.wrong)}
    members = {"anna": right, "bert": wrong, "zoe": right}
    write_class(
        tmp_path / "class",
        [Student(name, {course.first: own}) for name, own in members.items()],
        course,
    )
    for out, options in (("there", ["--scheduler", cluster[0]]), ("here", [])):
        result = invoke(
            "grade", "--sheet", "course", "class", "-o", out, "--seed", "3", *options, cwd=tmp_path
        )
        assert result.returncode == 0, result.stderr
    results = [(tmp_path / out / "results.csv").read_text() for out in ("there", "here")]
    assert results[0] == results[1] and f"bert,{course.first},{course.task}-check," in results[0]
    table = pd.read_csv(tmp_path / "there" / "results.csv").set_index(["student", "task"])
    task = f"{course.task}-check"
    assert list(table.status[[("anna", task), ("bert", task)]]) == [
        "correct",
        "wrong",
    ]


def test_every_row_comes_back_though_a_worker_is_killed(cluster, build, tmp_path):
    address, workers = cluster
    nbformat.write(build(SOURCE, parameters="n: int = 1  # a"), tmp_path / "small.ipynb")
    arguments = ["sweep", "small.ipynb", "-p", "n=1:9", "--scheduler", address, "-o", "out"]
    sweep = subprocess.Popen(
        [sys.executable, "-m", "sheet11", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    points = tmp_path / "out" / "points"
    deadline = time.monotonic() + 120
    while len(list(points.glob("*.ipynb"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    children = psutil.Process(workers[0].pid).children(recursive=True)
    os.kill(workers[0].pid, signal.SIGKILL)
    workers[0].wait()
    _, stderr = sweep.communicate(timeout=120)
    assert sweep.returncode == 0, stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert list(table.n) == list(range(1, 9)) and (table.square == table.n**2).all()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive, "the kernels of the dead worker must be gone"


def test_what_is_tried_again_is_done_again(cluster):
    with cluster_executor(cluster[0]) as (executor, _):
        once, again = executor.submit(time.monotonic_ns), executor.submit(time.monotonic_ns)
        assert once.result(60) != again.result(60)


KILLING = """
import os
import psutil
from sheet11 import record
if n == 3:
    psutil.Process().parent().parent().parent().kill()
record(square=n * n)
"""


@pytest.mark.parametrize(
    "cluster", [(0, [])], indirect=True, ids=["workers that are started again"]
)
def test_a_job_that_kills_its_worker_fails_alone(cluster, build, sheet11, tmp_path):
    nbformat.write(build(KILLING, parameters="n: int = 1  # a"), tmp_path / "small.ipynb")
    result = sheet11(
        "sweep", "small.ipynb", "-p", "n=1:7", "--scheduler", cluster[0], "-o", "out", cwd=tmp_path
    )
    assert result.returncode == 1
    assert "1 of 6 points failed" in result.stderr, result.stdout
    assert "Traceback" not in result.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv").set_index("n")
    assert table.error[3].startswith("KilledWorker: ")
    others = table.drop(index=3)
    assert (others.status == "ok").all() and (others.square == others.index**2).all()
