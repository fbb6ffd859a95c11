"""Commands in the README and the guides run as they stand there, in order, in a folder that holds what they need."""

import os
import re
import signal
import subprocess
import sys

import pytest
from gradings import skip_without_graders, table
from serving import answered, settings
from walks import write_walks

from sheet11.course.book.store import Store
from sheet11.course.sheet import PACKAGE

skip_without_graders()
pytestmark = [pytest.mark.slow, pytest.mark.commands]

ROOT = PACKAGE.parent
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)
ADDRESS = re.compile(r"http://(localhost|127\.0\.0\.1):\S+")
SERVER = re.compile(r"(.* && )?(jupyter (lab|server)|sheet11 mark)\b")  # runs until it is ended
# .ci/run installs and tests in a new environment; tests/course/test_cluster.py has workers of its own; pre-commit comes
# with the extra `dev`, and was tried by hand
NOT_HERE = re.compile(
    r"^((python3 -m venv|source|pip install|pytest|pre-commit|\.ci/\w+|dask)\b[^&\n]*(&& )?)+|^.*tcp://host:.*",
    re.MULTILINE,
)
COPY = """
git ls-files -z | xargs -0 cp --parents --target-directory "$0"
cd "$0" && git init --quiet
hand_in="submissions/Ada Lovelace_1001_assignsubmission_file" # as in Moodle's download
mkdir -p "$hand_in" && cp notebooks/*.ipynb "$hand_in"
"""
WORKSHEET = """\
Identifier,Full name,Grade,Maximum grade,Last modified (grade)
Participant 1001,Ada Lovelace,,{maximum},-
"""


def commands_of(path):
    """Return the lines of a text's blocks of commands, without the parts that are not run here."""
    blocks = "".join(BLOCK.findall(path.read_text()))
    return [line for line in NOT_HERE.sub("", blocks).splitlines() if line]


@pytest.fixture
def checkout(tmp_path):
    """Copy this repository, with a hand-in: the sheet's own notebooks."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    subprocess.run(["bash", "-euc", COPY, checkout], cwd=ROOT, check=True)
    return checkout


@pytest.fixture
def type_in(tmp_path):
    """Run a command in a folder, with settings of its own; who marks gives full points."""
    own = tmp_path / "own"
    config = own / "JUPYTER_CONFIG_DIR" / "jupyter_server_config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"ServerApp": {"allow_root": true}}')
    path = f"{sys.prefix}/bin:{os.environ['PATH']}"

    def type_in(command, folder):
        environment = settings(own) | {"BROWSER": "true", "PATH": path, "PYTHONPATH": str(folder)}
        bash = ["bash", "-euo", "pipefail", "-c", command]
        if SERVER.match(command):
            serve_until_it_answers(bash, folder, environment)
        else:
            subprocess.run(bash, cwd=folder, env=environment, check=True)
        if "sheet11 mark" in command:
            mark_all(folder / "build" / "grade")

    return type_in


def serve_until_it_answers(bash, folder, environment):
    """Start a server, open the address that it prints, and end it."""
    with subprocess.Popen(
        bash,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            address = next(filter(None, map(ADDRESS.search, process.stdout)))
            assert answered(process, address[0]).ok
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate()


def mark_all(out):
    """Give full points for every answer that a person reads, as one does in `sheet11 mark`."""
    with Store(out, create=False) as store:
        for task in store.tasks():
            if task.by_hand:
                store.set_mark(list(store.results()), task.name, "grace", task.points, "")
    maximum = table(out / "grades.csv")[0]["max"]
    (out.parents[1] / "Grades-Sheet 3.csv").write_text(WORKSHEET.format(maximum=maximum))


@pytest.mark.parametrize("name", ["README.md", "sheet11/course/README.md"])
def test_commands_in_a_checkout(name, checkout, type_in):
    for command in commands_of(ROOT / name):
        type_in(command, checkout)


def test_commands_for_another_sheet(tmp_path, type_in):
    write_walks(tmp_path / "walks-sheet")
    for command in commands_of(PACKAGE / "course/another-sheet.md"):
        type_in(command, tmp_path)


def test_commands_of_students(tmp_path, type_in):
    type_in("sheet11 release edition", tmp_path)
    for command in commands_of(tmp_path / "edition/README.md"):
        type_in(command, tmp_path / "edition")
