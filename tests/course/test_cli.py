"""The command line, by running it."""

import json
from pathlib import Path

import nbformat
import pytest

from sheet11.course.execute import error_of, read_notebook
from sheet11.records import read_records


def test_run_writes_everything(build, recording, sheet11, tmp_path):
    figure = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    nbformat.write(build(recording, figure), tmp_path / "ok.ipynb")
    nbformat.write(build("raise RuntimeError('no')"), tmp_path / "bad.ipynb")
    nbformat.write(build(recording, parameters="n: int = 2\nother: str = 'x'"), tmp_path / "other.ipynb")
    arguments = ["run", "bad.ipynb", "ok.ipynb", "other.ipynb", "-p", "n=4", "-p", "other=some text", "-o", "out"]
    result = sheet11(*arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert "Error: 1 of 3 notebooks failed: bad" in result.stderr
    assert "Traceback" not in result.stderr
    assert "ok: done" in result.stdout and "bad: failed, RuntimeError: no" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        [f"{stem}.{ending}" for stem in ("ok", "bad", "other") for ending in ("ipynb", "html")]
        + ["ok.png", "index.html"]
    )
    assert read_records(tmp_path / "out" / "ok.ipynb")["square"] == 16
    assert error_of(read_notebook(tmp_path / "out" / "bad.ipynb")) == "RuntimeError: no"
    other = json.loads((tmp_path / "out" / "other.ipynb").read_text())
    assert other["metadata"]["papermill"]["parameters"] == {"n": 4, "other": "some text"}
    index = (tmp_path / "out" / "index.html").read_text()
    for expected in ("square", "<td>16</td>", 'src="ok.png"', "RuntimeError: no", 'href="bad.html"'):
        assert expected in index


def test_run_succeeds(build, recording, sheet11, tmp_path):
    nbformat.write(build(recording), tmp_path / "ok.ipynb")
    result = sheet11("run", "ok.ipynb", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == str(Path("build/run/index.html"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ok.ipynb", "-p", "m=1"], "no notebook has a parameter 'm'; there are n"),
        (["01_encoding", "-p", "convension=x"], "did you mean 'convention'?"),
        (["ok.ipynb", "-p", "n"], "-p wants NAME=VALUE, got 'n'"),
        (["ok.ipynb", "-p", "n=1", "-p", "n=2"], "-p sets 'n' twice"),
        (["01_encodin"], "did you mean '01_encoding'?"),
        (["text.ipynb"], "text.ipynb is no Jupyter notebook"),
        (["ok.ipynb", "sub/ok.ipynb"], "two notebooks are named 'ok'"),
        (["ok.ipynb", "kernel.ipynb"], "no kernel named 'nope' is installed"),
        (["ok.ipynb", "-o", "text.ipynb/out"], "cannot write to text.ipynb/out: Not a directory"),
    ],
)
def test_unusable_arguments_end_in_one_line(build, sheet11, arguments, message, tmp_path):
    (tmp_path / "sub").mkdir()
    nbformat.write(build("1"), tmp_path / "ok.ipynb")
    nbformat.write(build("1"), tmp_path / "sub" / "ok.ipynb")
    nbformat.write(build("1", kernelspec={"name": "nope", "display_name": "n"}), tmp_path / "kernel.ipynb")
    (tmp_path / "text.ipynb").write_text("text")
    result = sheet11("run", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ") and message in line
    assert not (tmp_path / "build").exists()
