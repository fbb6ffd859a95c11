"""A small class that has handed in: the folder of a grading, whose answers are written here, not run."""

import base64
import io
from pathlib import Path

import nbformat
from filled import fill
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, PngImagePlugin

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store
from sheet11.course.submissions.people import Identity, Person, keep_people

NAMES = """Anna Müller
Bert Özdemir
Chiara Rossi
Dmitri Iwanow
Emma Schäfer
Finn Petersen
Grażyna Nowak
Hana Suzuki
Ivo Horvat
Jule Becker
Kwame Mensah
Léa Dubois
Max Huber""".splitlines()
WAVE = "def wave(n, p):\n    return sines(n, p)"
SUM = (
    "With $s = \\sum_{k=1}^{n} e^{2\\pi i k/n}$ and a shift of the index, $e^{2\\pi i/n} s = s$, so $s = 0$.\n\n"
    "$$\\sum_{k=1}^{n} \\sin\\frac{2\\pi k}{n} = \\operatorname{Im} s = 0$$"
)
TASKS = [
    Task("1_waves/wave", "1a.1 · Sines in rows", "wave(n, p): rows of sines", 2.0, False, WAVE),
    Task("1_waves/proof", "1a.3 · Why the sum vanishes", "", 2.0, True, SUM),
    Task("2_slopes/a", "2a.1 · The slope", "", 1.0, True, "Because **the slope** is linear."),
    Task("2_slopes/b", "2b.1 · The limit", "", 2.0, True, "Because **the limit** is linear."),
    Task("2_slopes/c", "2c.1 · The error", "", 1.0, True, "Because **the error** is linear."),
    Task("2_slopes/d", "2d.1 · The picture", "", 2.0, True, "Because **the picture** is linear."),
]
BY_HAND = TASKS[1:]
PROOFS = [
    "The sum of all $n$-th roots of unity is the negative coefficient of $x^{n-1}$ in $x^n - 1$, which is $0$.\n\n"
    "$$\\sum_{k=1}^n e^{2\\pi i k/n} = 0 \\;\\Rightarrow\\; \\sum_{k=1}^n \\sin\\frac{2\\pi k}{n} = 0$$",
    "Sine is **odd** about $\\pi$: the terms $k$ and $n-k$ cancel,\n\n"
    "$$\\sin\\frac{2\\pi(n-k)}{n} = -\\sin\\frac{2\\pi k}{n},$$\n\n"
    "and the one in the middle (if $n$ is even) is $\\sin\\pi = 0$.",
    "I tried it for n = 4 and n = 6:\n\n```python\nnp.sin(2 * np.pi * np.arange(1, 7) / 6).sum()\n```\n\n"
    "and it is almost 0.",
]


def login(name):
    """How the platform calls a student."""
    first, last = name.lower().split()
    return f"{first[0]}{last}{len(last)}"


def picture(secret):
    """A picture whose file says who made it, in base64."""
    about = PngImagePlugin.PngInfo()
    about.add_text("Author", secret)
    buffer = io.BytesIO()
    Image.new("RGB", (240, 90), "#4477aa").save(buffer, "PNG", pnginfo=about)
    return base64.b64encode(buffer.getvalue()).decode()


def answer_of(name, number, task):
    """A student's answer: some like others', one with a picture, some empty."""
    key = login(name)
    source = f"{task.title}, in the words of number {number}: $x_{{{number}}} = {number}$."
    if task.name == "1_waves/wave" and number == 2:
        source = "def wave(n, p):\n    return None"
        return Answer(key, task.name, source, {}, 0.0, Status.WRONG, "E is not what was expected")
    if task.name == "1_waves/wave":
        return Answer(key, task.name, WAVE, {}, 2.0, Status.CORRECT, "")
    if task.name == "2_slopes/b" and number in (3, 8):
        return Answer(key, task.name, "", {}, 0.0, Status.NOT_ANSWERED, "not answered")
    attachments = {}
    if task.name == "1_waves/proof":
        source = PROOFS[number % 3] if number < 9 else f"{PROOFS[1]}\n\nSo it holds. ({number})"
    if task.name == "2_slopes/d" and number == 1:
        file = f"{name.replace(' ', '_')}_scan.png"
        source = f"Worked out by hand by {name} ({key}):\n\n![{file}](attachment:{file})\n\n"
        source += f"![other]({name.split()[0]}.png)"
        attachments[file] = {"image/png": picture(name)}
    return Answer(key, task.name, source, attachments, None, Status.TO_READ, "")


def hand_in(out, changed=()):
    """Put everybody's answers into the store, some of them changed, as (student, task)."""
    answers, people = [], []
    for number, name in enumerate(NAMES):
        who = Identity(login=login(name), name=name, id=str(7000000 + number))
        people.append(Person(who.login, who, (who,)))
        for task in TASKS:
            answer = answer_of(name, number, task)
            if (answer.student, task.name) in changed:
                source = f"{answer.source}\n\nNow with the case of even $n$."
                answer = answer._replace(source=source)
            answers.append(answer)
    with Store(out) as store:
        keep_people(store, people)
        fill(store, TASKS, answers)


def marked(name):
    """Metadata of an answer."""
    return {"nbgrader": {"grade_id": name, "solution": True}}


def write_class(out: Path) -> None:
    """Write the folder of a grading: the store, and executed notebooks with figures."""
    hand_in(out)
    for name in NAMES:
        data = {"image/png": picture(name), "text/plain": f"<Figure of {name}>"}
        figure = new_output("display_data", data)
        cells = [
            new_markdown_cell("# Waves"),
            new_markdown_cell("## 1a) Sines"),
            new_code_cell("plot()", outputs=[figure]),
            new_code_cell("def wave(n, p): ...", metadata=marked("wave")),
            new_markdown_cell("Because.", metadata=marked("proof")),
            new_markdown_cell("## 1b) More"),
            new_code_cell("plot()", outputs=[figure]),
        ]
        notebook = new_notebook(cells=cells, metadata={"authors": [{"name": name}]})
        folder = out / "students" / login(name)
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "1_waves.ipynb")
