"""The set-up: pins, the files that a wheel carries, and what the README tells people to type."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CARD = {"numpy", "torch", "matplotlib", "seaborn", "jupyterlab", "nbval", "papermill"}
CONDA_NAME = {"torch": "pytorch"}

project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_dependency_is_pinned():
    requirements = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", requirement) for requirement in requirements)


def test_conda_environment_holds_the_card_with_the_same_pins():
    pins = dict(requirement.split("==") for requirement in project["dependencies"])
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = dict(line.split("=") for line in environment["dependencies"] if isinstance(line, str) and "=" in line)
    assert {CONDA_NAME.get(name, name): pins[name] for name in CARD} == {
        name: version for name, version in conda.items() if name != "python"
    }
    assert project["requires-python"] == f">={conda['python']}"


def test_wheel_carries_notebooks_and_templates(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", tmp_path, ROOT],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"sheet11/notebooks/{notebook.name}" in packed
    for source in (ROOT / "sheet11").rglob("*"):
        if source.suffix in {".py", ".j2", ".css"}:
            assert source.relative_to(ROOT).as_posix() in packed


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:sheet11|notebooks|tests)/[\w./]+)`", (ROOT / "README.md").read_text())
)
def test_readme_names_files_that_exist(path):
    assert (ROOT / path).exists()
