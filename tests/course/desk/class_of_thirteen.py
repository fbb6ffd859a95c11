"""Folder of a grading of a small class, whose answers are written directly, not executed."""

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
    "The sum of all $n$-th roots of unity is the negative coefficient of $x^{n-1}$ in $x^n - 1$, which is $0$.",
    "Sine is **odd** about $\\pi$: the terms $k$ and $n-k$ cancel,\n\n"
    "$$\\sin\\frac{2\\pi(n-k)}{n} = -\\sin\\frac{2\\pi k}{n}.$$",
    "I tried it:\n\n```python\nnp.sin(2 * np.pi * np.arange(1, 7) / 6).sum()\n```\n\nand it is almost 0.",
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


def answers_of(number):
    """A student's answers: some like others', one with a picture, some empty."""
    name = NAMES[number]
    for task in TASKS:
        source, attachments = f"{task.title}, in the words of number {number}.", {}
        score = (None, Status.TO_READ, "")
        match task.name.partition("/")[2], number:
            case "wave", 2:
                source = "def wave(n, p):\n    return None"
                score = (0.0, Status.WRONG, "E is not what was expected")
            case "wave", _:
                source, score = WAVE, (2.0, Status.CORRECT, "")
            case "proof", _:
                source = PROOFS[number % 3] + f"\n\nSo it holds. ({number})" * (number >= 9)
            case "b", 3 | 8:
                source, score = "", (0.0, Status.NOT_ANSWERED, "not answered")
            case "d", 1:
                file = f"{name.replace(' ', '_')}_scan.png"
                source = f"By {name} ({login(name)}):\n\n![{file}](attachment:{file})\n\n![other]({name}.png)"
                attachments[file] = {"image/png": picture(name)}
        yield Answer(login(name), task.name, source, attachments, *score)


def hand_in(out, changed=()):
    """Put everybody's answers into the store, some of them changed, as (student, task)."""
    answers, people = [], []
    for number, name in enumerate(NAMES):
        who = Identity(login=login(name), name=name, id=str(7000000 + number))
        people.append(Person(who.login, who, (who,)))
        answers += answers_of(number)
    for place, answer in enumerate(answers):
        if (answer.student, answer.task) in changed:
            source = f"{answer.source}\n\nNow with the case of even $n$."
            answers[place] = answer._replace(source=source)
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
            new_markdown_cell("Prove it."),
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
