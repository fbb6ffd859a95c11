"""A class on the desk: a folder as a grading leaves it, whose answers are here, not run."""

import base64
import io
from pathlib import Path

import nbformat
from filled import fill
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, PngImagePlugin

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store
from sheet11.course.submissions.people import Identity, Person, keep_people

NAMES = [
    *(
        "Anna Müller",
        "Bert Özdemir",
        "Chiara Rossi",
        "Dmitri Iwanow",
        "Emma Schäfer",
        "Finn Petersen",
        "Grażyna Nowak",
    ),
    *("Hana Suzuki", "Ivo Horvat", "Jule Becker", "Kwame Mensah", "Léa Dubois", "Max Huber"),
]
TASKS = [
    Task(
        "1_waves/wave",
        "1a.1 · Sines in rows",
        "wave(n, p): rows of sines",
        2.0,
        False,
        "def wave(n, p):\n    return sines(n, p)",
    ),
    Task(
        "1_waves/proof",
        "1a.3 · Why the sum vanishes",
        "",
        2.0,
        True,
        "With $s = \\sum_{k=1}^{n} e^{2\\pi i k/n}$ and a shift of the index, $e^{2\\pi i/n} s = s$, so $s = 0$.\n\n"
        "$$\\sum_{k=1}^{n} \\sin\\frac{2\\pi k}{n} = \\operatorname{Im} s = 0$$",
    ),
    *(
        Task(
            f"2_slopes/{name}",
            f"2{name}.1 · {title}",
            "",
            1.0 + number % 2,
            True,
            f"Because **{title.lower()}** is linear.",
        )
        for number, (name, title) in enumerate(
            [("a", "The slope"), ("b", "The limit"), ("c", "The error"), ("d", "The picture")]
        )
    ),
]
BY_HAND = [task for task in TASKS if task.by_hand]
PROOFS = [
    "The sum of all $n$-th roots of unity is the negative coefficient of $x^{n-1}$ in $x^n - 1$, which is $0$.\n\n"
    "$$\\sum_{k=1}^n e^{2\\pi i k/n} = 0 \\;\\Rightarrow\\; \\sum_{k=1}^n \\sin\\frac{2\\pi k}{n} = 0$$",
    "Sine is **odd** about $\\pi$: the terms $k$ and $n-k$ cancel,\n\n"
    "$$\\sin\\frac{2\\pi(n-k)}{n} = -\\sin\\frac{2\\pi k}{n},$$\n\n"
    "and the one in the middle (if $n$ is even) is $\\sin\\pi = 0$.",
    "I tried it for n = 4 and n = 6:\n\n```python\nnp.sin(2 * np.pi * np.arange(1, 7) / 6).sum()\n```\n\n"
    "and it is almost 0.",
    "By symmetry.",
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


def answers_of(name, number, changed=()):
    """What a student handed in: some of it like others', some nothing."""
    key = login(name)
    code = (
        "def wave(n, p):\n    return None"
        if number == 2
        else "def wave(n, p):\n    return sines(n, p)"
    )
    wrong = (0.0, "wrong", "E is not what was expected") if number == 2 else (2.0, "correct", "")
    yield Answer(key, "1_waves/wave", code, {}, *wrong)
    for task in BY_HAND:
        source, attachments, score = (
            f"{task.title}, in the words of number {number}: $x_{{{number}}} = {number}$.",
            {},
            (None, "to read", ""),
        )
        if task.name == "1_waves/proof":
            source = PROOFS[number % 3] if number < 9 else f"{PROOFS[1]}\n\nSo it holds. ({number})"
        if task.name == "2_slopes/d" and number == 1:
            file = f"{name.replace(' ', '_')}_scan.png"
            source = (
                f"Worked out by hand by {name} ({login(name)}):\n\n![{file}](attachment:{file})\n\n"
            )
            source += f"![other]({name.split()[0]}.png)"
            attachments = {file: {"image/png": picture(name)}}
        if task.name == "2_slopes/b" and number in (3, 8):
            source, score = "", (0.0, "not answered", "not answered")
        if (key, task.name) in changed:
            source += "\n\nNow with the case of even $n$."
        yield Answer(key, task.name, source, attachments, *score)


def hand_in(out, changed=()):
    """Put everybody's answers into the store."""
    with Store(out) as store:
        everybody = [
            Identity(login=login(name), name=name, id=str(7000000 + n))
            for n, name in enumerate(NAMES)
        ]
        keep_people(store, [Person(who.login, who, (who,)) for who in everybody])
        fill(
            store,
            TASKS,
            [
                answer
                for number, name in enumerate(NAMES)
                for answer in answers_of(name, number, changed)
            ],
        )


def marked(grade_id):
    return {"nbgrader": {"grade_id": grade_id, "solution": True}}


def write_class(out: Path) -> None:
    """Write the folder of a grading: the store, and executed notebooks with figures."""
    hand_in(out)
    for name in NAMES:
        folder = out / "students" / login(name)
        folder.mkdir(parents=True)
        figure = new_output(
            "display_data", {"image/png": picture(name), "text/plain": f"<Figure of {name}>"}
        )
        cells = [
            new_markdown_cell("# Waves"),
            new_code_cell("plot()", id="other", outputs=[]),
            new_markdown_cell("## 1a) Sines"),
            new_code_cell("plot()", id="figure", outputs=[figure]),
            new_code_cell("def wave(n, p): ...", metadata=marked("wave")),
            new_markdown_cell("Because.", metadata=marked("proof")),
            new_markdown_cell("## 1b) More"),
            new_code_cell("plot()", id="later", outputs=[figure]),
        ]
        nbformat.write(
            new_notebook(cells=cells, metadata={"authors": [{"name": name}]}),
            folder / "1_waves.ipynb",
        )
