# ruff: noqa: E501
"""A class to grade: submissions for every way of being right or wrong, each with its expected result.

Nothing of it is written by hand into files; `write_class` makes the folders from the student edition.
"""

import copy
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from sheet11.course.notebooks import read_notebook
from sheet11.course.release import without_answers
from sheet11.course.sheet import find_sheet

ENCODING = """
def positional_encoding(n, p, convention="sheet", base=10000.0, scale=None):
    if scale is None:
        scale = p if convention == "vaswani" else 5000
    first = 0 if convention == "vaswani" else 1
    E = np.zeros((p, n))
    for row in range(p):
        for column in range(n):
            position = first + column
            if convention == "submission":
                angle = position * base ** (-2 * (row + 1) / scale)
                E[row, column] = np.sin(angle) if row % 2 == 1 else np.cos(angle)
            else:
                angle = position * base ** (-2 * (row // 2) / scale)
                E[row, column] = np.sin(angle) if row % 2 == 0 else np.cos(angle)
    return E
"""
AGGREGATE = """
def aggregate(messages, index, num_nodes, lam=1.0, eta=0.0):
    lam, eta = torch.as_tensor(lam, dtype=messages.dtype), torch.as_tensor(eta, dtype=messages.dtype)
    rows = []
    for v in range(num_nodes):
        m = messages[index == v]
        if len(m) == 0:
            rows.append(torch.zeros(messages.shape[1], dtype=messages.dtype))
        elif torch.isinf(lam):
            rows.append(len(m) ** eta * (m.amax(0) if lam > 0 else m.amin(0)))
        else:
            rows.append(len(m) ** eta * (torch.softmax(lam * m, 0) * m).sum(0))
    return torch.stack(rows)
"""
RIGHT = {
    "01_encoding": {
        "encoding": ENCODING,
        "a-deviation": """
def deviation(with_positions, X, order):
    def attend(tokens):
        Q = with_positions(tokens)
        return self_attention(Q, Q, tokens)

    return [np.sqrt(sum(column**2)) for column in (attend(X[:, order]) - attend(X)[:, order]).T]
""",
        "b-rotation": """
def rotation(delta, p, convention="sheet", base=10000.0, scale=None):
    scale = (p if convention == "vaswani" else 5000) if scale is None else scale
    R = np.zeros((p, p))
    for k in range(p // 2):
        a = delta * base ** (-2 * k / scale)
        R[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    return R
""",
        "a-derivation": "The softmax of reordered scores is the reordered softmax.",
    },
    "02_scores": {
        "encoding": ENCODING,
        "c-attention": """
def attention_scores(E, X, mode):
    Q = np.vstack([E, X]) if mode == "cat" else E + X
    return np.dot(Q.T, Q)
""",
        "d-spread": """
def cross_term_std(E, sigma):
    e = np.linalg.norm(E, axis=0) ** 2
    n = len(e)
    off = np.mean([sigma**2 * (e[i] + e[j]) for i in range(n) for j in range(n) if i != j])
    return np.sqrt(off), np.sqrt(np.mean(4 * sigma**2 * e))
""",
        "d-projection": "def projection(p):\n    return np.concatenate([np.identity(p)] * 2, axis=1)",
    },
    "03_aggregation": {
        "a-aggregate": AGGREGATE,
        "b-settings": """
def settings_of(name):
    if name in ("mean", "sum"):
        return 0.0, float(name == "sum")
    return (math.inf if name == "max" else -math.inf), 0.0
""",
        "b-bound": """
def bound(m, lam):
    ranked = sorted(set(m.tolist()))
    return (len(m) - 1) * (ranked[-1] - ranked[0]) * math.exp(-lam * (ranked[-1] - ranked[-2]))


def slope(m, lam):
    w = torch.softmax(lam * m, 0)
    mean = (w * m).sum()
    return float((w * (m - mean) ** 2).sum())
""",
        "c-pairs": "def pairs():\n    return [([0, 4], [0, 0, 4, 4]), ([1, 1, 3], [1, 3])]",
    },
    "04_oversmoothing": {
        "a-adjacency": """
def normalized_adjacency(edge_index, num_nodes):
    A = torch.eye(num_nodes, dtype=torch.float64)
    for u, v in edge_index.T.tolist():
        A[u, v] = 1
    D = torch.diag(A.sum(1) ** -0.5)
    return D @ A @ D
""",
        "a-energy": """
def dirichlet_energy(x, edge_index):
    d = torch.bincount(edge_index[0], minlength=len(x)).to(x.dtype)
    y = x / torch.sqrt(1 + d)[:, None]
    return 0.5 * ((y[edge_index[0]] - y[edge_index[1]]) ** 2).sum()
""",
        "a-mad": """
def mean_average_distance(x, edge_index):
    u, v = edge_index
    far = 1 - torch.cosine_similarity(x[u], x[v], dim=1, eps=0)
    return torch.stack([far[v == node].mean() for node in range(len(x))]).mean()
""",
        "a-rate": """
def predicted_rate(P):
    P = P.to_dense() if P.is_sparse else P
    magnitudes = torch.linalg.eigvalsh(P).abs().sort().values
    return 2 * float(torch.log(magnitudes[-2]))
""",
        "a-aggregate": AGGREGATE,
        "b-limit": """
def limit_of_gcnii(P, H0, alpha):
    return alpha * torch.linalg.inv(torch.eye(len(P), dtype=P.dtype) - (1 - alpha) * P) @ H0
""",
    },
}
FIRST = "01_encoding"
TASKS = {  # those that are graded by running them, by notebook
    "01_encoding": ["encoding", "a-deviation", "b-rotation"],
    "02_scores": ["c-attention", "d-spread", "d-projection"],
    "03_aggregation": ["a-aggregate", "b-settings", "b-bound", "c-pairs"],
    "04_oversmoothing": ["a-adjacency", "a-energy", "a-mad", "a-rate", "b-limit"],
}


class Student(NamedTuple):
    """A submission and what it must get.

    `expected` has the status of every task that is not "correct", with what the message must contain; a notebook's name
    stands for all of its tasks.
    """

    name: str
    answers: dict[str, dict[str, str]]
    expected: dict[str, tuple[str, str]] = {}
    change: Callable[[dict[str, NotebookNode], Path], None] | None = None


def first(**answers: str) -> dict[str, dict[str, str]]:
    """The first notebook with right answers, but these; underscores stand for dashes."""
    return {FIRST: RIGHT[FIRST] | {name.replace("_", "-"): source for name, source in answers.items()}}


def encoding(start: str, end: str = "") -> dict[str, dict[str, str]]:
    """The first notebook with lines in front of the right encoding's body, and lines below the function."""
    head, _, body = ENCODING.strip().partition("\n")
    lines = "\n".join(f"    {line}" for line in start.splitlines())
    return first(encoding=f"{head}\n{lines}\n{body}\n{end}")


def one(status: str, message: str = "") -> dict[str, tuple[str, str]]:
    return {"encoding": (status, message)}


def source_of(**cells: str) -> Callable[[dict[str, NotebookNode], Path], None]:
    """A change that writes files beside the notebooks, or instead of them."""

    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        notebooks.clear()
        for name, content in cells.items():
            (folder / f"{name}.ipynb").write_text(content)

    return change


def each_cell(edit: Callable[[NotebookNode], None]) -> Callable[[dict[str, NotebookNode], Path], None]:
    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        for notebook in notebooks.values():
            for cell in notebook.cells:
                edit(cell)

    return change


def rename(*names: str) -> Callable[[dict[str, NotebookNode], Path], None]:
    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        notebook = notebooks.pop(FIRST)
        notebooks.update((name, notebook) for name in names)

    return change


def old_format(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebook = notebooks.pop(FIRST)
    (folder / f"{FIRST}.ipynb").write_text(nbformat.writes(notebook, version=3))


def colab(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebook = notebooks[FIRST]
    notebook.nbformat_minor = 0
    notebook.metadata = nbformat.from_dict(
        {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    for number, cell in enumerate(notebook.cells):
        del cell["id"]
        cell.metadata["id"] = f"xY{number}"
        if cell.cell_type == "code":
            cell.metadata["colab"] = {"base_uri": "https://localhost:8080/"}


def vscode(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    for number, cell in enumerate(notebooks[FIRST].cells):
        cell.id = f"{number:08x}"
        cell.metadata["vscode"] = {"languageId": "python"}
    notebooks[FIRST].metadata = nbformat.from_dict({"language_info": {"name": "python", "version": "3.14.0"}})


def without_marks(cell: NotebookNode) -> None:
    cell.metadata.pop("nbgrader", None)


def delete_answer(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebooks[FIRST].cells = [cell for cell in notebooks[FIRST].cells if cell.id != "a-deviation"]


def reorder(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    random.Random(1).shuffle(notebooks[FIRST].cells)


def tampered_checks(cell: NotebookNode) -> None:
    if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
        cell.source = "record(E=0)"
        cell.metadata.nbgrader.points = 1000


def scripts_in_outputs(cell: NotebookNode) -> None:
    if cell.cell_type == "code":
        html = {"text/html": "<script>alert('stored')</script>"}
        cell.outputs = [nbformat.v4.new_output("display_data", data=html)]


def wrong_kernel(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebooks[FIRST].metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}


def link_to_right(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebooks.clear()
    os.symlink(folder.parent / "right" / f"{FIRST}.ipynb", folder / f"{FIRST}.ipynb")


def link_folder(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebooks.clear()
    folder.rmdir()
    os.symlink(folder.parent / "right", folder)


def pipe(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebooks.clear()
    os.mkfifo(folder / f"{FIRST}.ipynb")


NOTHING = {name: ("missing", f"there is no {name}.ipynb") for name in RIGHT}
SEARCH = r"""
import os
needles = (b"sine = np.arange(0, p, 2)", b"angle = np.outer(omega, np.arange(first")
for where, folders, files in os.walk("/"):
    large = {"proc", "sys", "dev", "torch", "pandas", "share", "perl", "x86_64-linux-gnu", "tests", "test"}
    folders[:] = [name for name in folders if name not in large]
    for name in files:
        path = os.path.join(where, name)
        if name.startswith(("encoding", "grad", "result", "record", "01_", "METADATA", "sheet11")) and os.path.isfile(path):
            try:
                content = open(path, "rb").read(10**6)
            except OSError:
                continue
            if any(needle in content for needle in needles) or b"Points are the kit" in content or b"to be read" in content:
                raise LookupError("found a solution in " + path)
"""
MEMORY = r"""
import gc, os, sys
seen = repr([o for o in gc.get_objects() if isinstance(o, (dict, list)) and len(o) < 50])[:10**8]
frame = sys._getframe()
while frame:
    seen += repr(frame.f_locals)
    frame = frame.f_back
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) != os.getpid():
        for file in ("mem", "environ", "maps", "fd/0", "fd/3", "root/scratch"):
            try:
                seen += repr(open(f"/proc/{pid}/{file}", "rb").read(10**6))
            except OSError:
                pass
if "np.outer(" + "omega" in seen or "BEGIN " + "SOLUTION" in seen or "def aggregate" + "(messages" in seen:
    raise LookupError("found a solution in memory")
"""
OUTSIDE = r"""
import os
found = [path for path in ("/etc/passwd", "/etc/shadow", "/root/.bashrc", "/home", "/work", SECRET) if os.path.exists(path)]
if found:
    raise LookupError(f"can read {found}")
if [name for name in os.environ if "TOKEN" in name or "SSH" in name or name == "SHEET11_SECRET"]:
    raise LookupError("can read the environment")
"""
WRITE = r"""
import os, site, sys, sheet11
for folder in ("/", "/usr", "/etc", "/package", "/dev", sys.prefix, os.path.dirname(sheet11.__file__), SECRET):
    try:
        open(os.path.join(folder, "written-by-a-student"), "w").close()
    except OSError:
        continue
    raise LookupError(f"can write to {folder}")
"""
NETWORK = r"""
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_INET, ("192.0.2.1", 80))):
    try:
        socket.socket(family).connect(address)
    except OSError:
        continue
    raise LookupError(f"reached {address}")
"""
KILL = r"""
import os, signal
for target in (1, os.getppid(), -1):
    for signum in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(target, signum) if target > 0 or signum == signal.SIGKILL else None
        except OSError:
            pass
"""
DELETE = r"""
import os, shutil, sys
for folder in ("/package", "/fonts", sys.prefix + "/bin", "/usr/bin", "/etc", os.getcwd()):
    shutil.rmtree(folder, ignore_errors=True)
"""
STAY = r"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            try:
                open("/scratch/left", "w").write("I am still here")
            except OSError:
                pass
            time.sleep(0.01)
    os._exit(0)
"""
FORGE = """
from IPython.display import display
display({"application/vnd.sheet11.record+json": {"E": 1.0, "E_small": [1], "points": 1000}}, raw=True)
def record(**values):
    display({"application/vnd.sheet11.record+json": {"E": {"dtype": "O", "shape": [1], "values": "gASVAAAA"}}}, raw=True)
"""
FORGE_SHAPE = FORGE.replace('"O", "shape": [1]', '"<f8", "shape": [10**30]')
HALF = {stem: {name: answers[name] for name in list(answers)[::2]} for stem, answers in RIGHT.items()}
LISTS = ENCODING.replace("return E", "return E.tolist()")


def students(secret: str, port: int) -> list[Student]:
    """The class.

    Args:
        secret: path outside of the sandbox that no answer must reach.
        port: where a server on this machine listens that no answer must reach.
    """
    constants = f"SECRET = {secret!r}\nPORT = {port}\n"
    fake = "def rotation(delta, p, convention='sheet', base=1e4, scale=None):\n    return np.eye(p)"
    return [
        Student("right", RIGHT),
        Student("half", HALF, {**_gaps(HALF)}),
        Student("other style", first(encoding=LISTS, b_rotation="rotation = lambda d, p, convention='sheet', base=1e4, "
                "scale=None: np.kron(np.diag(np.cos(w := d * base ** (-np.arange(0, p, 2) / (scale or (p if convention "
                "== 'vaswani' else 5000))))), np.eye(2)) + np.kron(np.diag(np.sin(w)), [[0, 1], [-1, 0]])")),
        Student("float32", first(encoding=ENCODING.replace("return E", "return E.astype(np.float32)"))),
        Student("off by one", first(encoding=ENCODING.replace("else 1\n", "else 0\n")), one("wrong", "E_small differs")),
        Student("transposed", first(encoding=ENCODING.replace("return E", "return E.T")), one("wrong", "E must have")),
        Student("swapped", first(encoding=ENCODING.replace("row % 2 == 0", "row % 2 == 1")), one("wrong", "vaswani counts")),
        Student("one convention", encoding("convention = 'sheet'"), one("wrong", "vaswani counts positions from 0")),
        Student("defaults only", encoding("base, scale = 10000.0, None"), one("wrong", "by up to")),
        Student("hard coded", first(b_rotation=fake), {"b-rotation": ("wrong", "rotations differs in")}),
        Student("nothing answered", {FIRST: {}}, {name: ("not answered", "") for name in TASKS[FIRST]}),
        Student("NaN", first(encoding=ENCODING.replace("return E", "return E * np.nan")), one("wrong", "sines")),
        Student("text", first(encoding="def positional_encoding(*a, **k):\n    return 'E'"), one("wrong", "E must have")),
        Student("nothing returned", first(encoding="def positional_encoding(*a, **k):\n    E = 1"), one("wrong", "E must")),
        Student("syntax error", first(encoding="def positional_encoding(n, p:\n    return"), one("error", "SyntaxError")),
        Student("name error", first(encoding=ENCODING.replace("np.zeros", "numpy.zeros")), one("error", "NameError")),
        Student("exit", encoding("import sys\nsys.exit(0)"), one("error", "SystemExit")),
        Student("hard exit", encoding("import os\nos._exit(0)"), one("ended", "process ended")),
        Student("crash", encoding("import ctypes\nctypes.string_at(0)"), one("ended", "process ended")),
        Student("loop", encoding("while True: pass"), one("ended", "did not end within")),
        Student("sleep", encoding("import time\ntime.sleep(10**6)"), one("ended", "did not end within")),
        Student("10 GB", encoding("x = np.ones(10 * 2**30, np.uint8)"), one("error", "MemoryError")),
        Student("fork bomb", encoding("import os\nwhile True: os.fork()"), one("ended", "processes")),
        Student("threads", encoding("import threading, time\nfor _ in range(10**4): threading.Thread(target=time.sleep, "
                "args=(60,), daemon=True).start()"), one("error", "start new thread")),
        Student("1 GB of output", encoding("for _ in range(2**20): print('x' * 1024)"), one("error", "were printed")),
        Student("1 GB to the screen", encoding("import os\nfor _ in range(2**10): os.write(1, bytes(2**20))")),
        Student("large record", encoding("if n > 7: record(x=np.zeros(2**22))"), one("ended", "put out")),
        Student("fills the disk", encoding("for i in range(99): open(f'{i}', 'wb').write(bytes(2**23))"), one("error", "No space")),
        Student("recursion", encoding("return positional_encoding(n, p)"), one("error", "RecursionError")),
        Student("replaced numpy", encoding("np.allclose = np.array_equal = lambda *a, **k: True\nbase = 3.0"), one("wrong", "by up to")),
        Student("replaced record", encoding("", "def record(**values): pass"), one("wrong", "E was not recorded")),
        Student("forged records", encoding("base = 3.0", FORGE), one("wrong", "")),
        Student("forged shape", encoding("", FORGE_SHAPE), one("wrong", "damaged record")),
        Student("imports the solution", encoding("from sheet11 import positional_encoding as f\nreturn f(n, p)"), one("error", "ImportError")),
        Student("imports the module", encoding("import sheet11.encoding as e\nreturn e.positional_encoding(n, p)"), one("error", "AttributeError")),
        Student("imports the course", encoding("import sheet11.course.grading.grade"), one("error", "ModuleNotFoundError")),
        Student("searches the disk", encoding("", SEARCH)),
        Student("searches the memory", encoding("", MEMORY)),
        Student("reads outside", encoding("", constants + OUTSIDE)),
        Student("writes outside", encoding("", constants + WRITE)),
        Student("network", encoding("", constants + NETWORK)),
        Student("kills its parent", encoding("", KILL)),
        Student("deletes everything", encoding("", DELETE)),
        Student("stays behind", encoding("", STAY)),
        Student("shows scripts", encoding("", "from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))\nprint('<script>alert(2)</script>')")),
        Student("scripts in outputs", first(), change=each_cell(scripts_in_outputs)),
        Student("linked notebook", {}, {FIRST: ("missing", "no regular file")}, link_to_right),
        Student("linked folder", {}, {name: ("missing", "symbolic link") for name in RIGHT}, link_folder),
        Student("a pipe", {}, {FIRST: ("missing", "no regular file")}, pipe),
        Student("no notebook", {}, NOTHING),
        Student("two notebooks", first(), {FIRST: ("missing", "could both be")}, rename(f"{FIRST} (1)", f"{FIRST} (2)")),
        Student("a copy", first(), change=rename(f"{FIRST}-Copy1")),
        Student("not JSON", {}, {FIRST: ("missing", "no Jupyter notebook")}, source_of(**{FIRST: "%PDF-1.4"})),
        Student("empty file", {}, {FIRST: ("missing", "no Jupyter notebook")}, source_of(**{FIRST: ""})),
        Student("deep JSON", {}, {FIRST: ("missing", "no Jupyter notebook")}, source_of(**{FIRST: "[" * 10**6})),
        Student("other JSON", {}, {FIRST: ("missing", "no Jupyter notebook")}, source_of(**{FIRST: json.dumps({"cells": 1})})),
        Student("nbformat 3", first(), change=old_format),
        Student("from Colab", first(), change=colab),
        Student("from VS Code", first(), change=vscode),
        Student("marks lost", first(), change=each_cell(without_marks)),
        Student("checks changed", encoding("base = 3.0"), one("wrong", "by up to"), each_cell(tampered_checks)),
        Student("answer deleted", first(), {"a-deviation": ("missing", "is not in the notebook")}, delete_answer),
        Student("reordered", first(), change=reorder),
        Student("wrong kernel", first(), change=wrong_kernel),
        Student("=HYPERLINK(\"http:x\")", first(encoding=""), unanswered_or_missing()),
        Student("Ünal Çelik, 'O’Neill' \"&<b>", first()),
        Student("x.. y..", first()),
    ]  # fmt: skip


def unanswered_or_missing() -> dict[str, tuple[str, str]]:
    return one("error", "NameError")


def _gaps(answers: dict[str, dict[str, str]]) -> dict[str, tuple[str, str]]:
    return {
        f"{stem}/{name}": ("not answered", "")
        for stem, names in TASKS.items()
        for name in names
        if name not in answers[stem]
    }


def write_class(folder: Path, members: list[Student]) -> None:
    """Write a folder for each student."""
    blank = {stem: without_answers(read_notebook(path)) for stem, path in find_sheet().notebooks.items()}
    for student in members:
        own = folder / student.name
        own.mkdir(parents=True)
        notebooks = {stem: copy.deepcopy(blank[stem]) for stem in student.answers}
        for stem, notebook in notebooks.items():
            for cell in notebook.cells:
                cell.source = student.answers[stem].get(cell.id, cell.source).strip("\n")
        if student.change:
            student.change(notebooks, own)
        for stem, notebook in notebooks.items():
            (own / f"{stem}.ipynb").write_text(json.dumps(notebook))


def expected_of(student: Student, stem: str, task: str) -> tuple[str, str]:
    """Status and part of the message."""
    for name in (f"{stem}/{task}", task if stem == FIRST else "", stem):
        if name in student.expected:
            return student.expected[name]
    return ("correct", "") if stem in student.answers else NOTHING[stem]
