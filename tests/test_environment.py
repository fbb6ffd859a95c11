"""Set-up: declared, locked, imported and packaged dependencies agree, and the README is up to date."""

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CARD = {"numpy", "torch", "matplotlib", "seaborn", "jupyterlab", "nbval", "papermill"}
CONDA_NAME = {"torch": "pytorch"}
NAMED = r"`((?:sheet11|notebooks|tests)/[\w./]*)`|\]\(([^):#]+)\)"  # files, in code or as a link

project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
readme = (ROOT / "README.md").read_text()
lock = re.findall(r"^(.+)==(.+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
pins = {canonicalize_name(name): version for name, version in lock}
needed = list(map(Requirement, project["dependencies"]))
optional = {
    extra: list(map(Requirement, lines))
    for extra, lines in project["optional-dependencies"].items()
}


def names(requirements):
    return {canonicalize_name(requirement.name) for requirement in requirements}


def test_lock_is_within_every_range():
    sheet = tomllib.loads((ROOT / "notebooks/sheet.toml").read_text())
    students = list(map(Requirement, sheet["requirements"]))
    assert names(students) <= names(needed)
    for requirement in sum(optional.values(), needed + students):
        if requirement.name != "sheet11":
            pin = pins[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(pin), str(requirement)


def test_lock_has_neither_addresses_nor_libraries_of_a_build_of_torch():
    for name, version in lock:
        assert re.fullmatch(r"[\d.]+(post\d+)?", version), name
        assert not re.fullmatch(r"triton|(cuda|nvidia)-.*", name)


def test_conda_environment_holds_the_card_as_locked_and_installs_with_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *packages, with_pip = environment["dependencies"]
    conda = dict(line.split("=") for line in packages if "=" in line)
    assert project["requires-python"] == f">={conda.pop('python')}"
    assert conda == {CONDA_NAME.get(name, name): pins[name] for name in CARD}
    assert with_pip == {"pip": ["--constraint requirements.lock", "--editable ."]}


def test_commands_install_with_the_lock():
    commands = re.findall(r"^pip install .*", readme.split("## Read")[0], re.MULTILINE)
    commands += re.findall(r".*\bpip install.*", (ROOT / ".ci/run").read_text())
    assert len(commands) == 4
    assert all("-c requirements.lock" in command for command in commands)


def test_what_the_package_imports_is_declared():
    distributions = importlib.metadata.packages_distributions()
    imported, own = set(), {"sheet11"}
    for path in (ROOT / "sheet11").rglob("*.py"):
        own.add(path.stem)
        imported |= set(re.findall(r"^ *(?:from|import) (\w+)", path.read_text(), re.MULTILINE))
    found = {
        canonicalize_name(distributions.get(name, [name])[0])
        for name in imported - sys.stdlib_module_names - own
    }
    of_extras = names(optional["cluster"] + optional["grade"])  # imported where they are used
    assert found <= names(needed) | of_extras
    assert names(needed) <= found | CARD


def tracked(*folders):
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


def test_wheel_carries_notebooks_templates_and_types(tmp_path):
    hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(hatchling, cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    notebooks = {f"sheet11/{path}" for path in tracked("notebooks")}
    of_the_readme = {path for path in notebooks if path.startswith("sheet11/notebooks/figures/")}
    assert packed >= (notebooks - of_the_readme) | tracked("sheet11")
    assert of_the_readme and not packed & of_the_readme


def test_sdist_carries_what_the_first_commands_need(tmp_path):
    hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path]
    subprocess.run(hatchling, cwd=ROOT, check=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    packed = {name.split("/", 1)[1] for name in tarfile.open(sdist).getnames()}
    assert packed >= {"requirements.lock", ".ci/run"} | tracked("notebooks", "sheet11", "tests")


@pytest.mark.parametrize("path", sorted(set(map("".join, re.findall(NAMED, readme)))))
def test_readme_names_files_that_exist(path):
    assert (ROOT / path).exists()
