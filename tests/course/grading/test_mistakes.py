"""Usual mistakes: how they are read, and that those of this sheet can be told from the right answers."""

import pytest
from sheets import waves

from sheet11.course.errors import SheetError
from sheet11.course.grading.exercises import draw_exercises
from sheet11.course.grading.grade import blank_examination
from sheet11.course.grading.mistakes import Mistake, read_mistakes
from sheet11.course.grading.oracle import consult
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import find_sheet

SOLUTIONS = {"encoding": "k = row // 2\nk = row // 2", "proof": "…"}


@pytest.fixture
def read(tmp_path):
    def read(content):
        (tmp_path / "01.toml").write_text(content)
        return read_mistakes(tmp_path / "01.toml", SOLUTIONS)

    return read


def test_a_substitution_and_a_whole_answer(read):
    assert read("""
        [[encoding]]
        hint = "Two rows share one frequency."
        of = "row // 2"
        instead = "row"
        [[encoding]]
        hint = "Nothing."
        answer = '''
        pass'''
    """) == {
        "encoding": [
            Mistake("Two rows share one frequency.", "k = row\nk = row"),
            Mistake("Nothing.", "        pass"),
        ]
    }


def test_something_may_be_forgotten(read):
    assert (
        read('[[encoding]]\nhint = "h"\nof = " // 2"\ninstead = ""')["encoding"][0].answer
        == "k = row\nk = row"
    )


def test_no_file(tmp_path):
    assert read_mistakes(tmp_path / "none.toml", SOLUTIONS) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[encoding", "cannot be read: "),
        ('[[encodin]]\nhint = "h"', "no answer has the id 'encodin'; did you mean 'encoding'?"),
        ('encoding = "x"', r"encoding must be a list of tables, \[\[encoding\]\], got 'x'"),
        (
            '[encoding]\nhint = "h"',
            r"encoding must be a list of tables, \[\[encoding\]\], got \{'hint'",
        ),
        (
            '[[encoding]]\nhint = "h"',
            "encoding must have hint, and answer or of with instead, got hint",
        ),
        (
            '[[encoding]]\nhint = "h"\nof = "k"',
            "encoding must have hint, and answer or of with instead, got hint, of",
        ),
        (
            '[[encoding]]\nhint = "h"\nof = "j"\ninstead = "k"',
            "encoding has a solution without 'j'",
        ),
        ('[[encoding]]\nhint = "h"\nof = 1\ninstead = "k"', "encoding has no text as of, got 1"),
        ('[[encoding]]\nhint = " "\nanswer = "x"', "encoding has no text as hint, got ' '"),
    ],
)
def test_unusable_files(read, content, message):
    with pytest.raises(SheetError, match=f"01.toml:? {message}") as error:
        read(content)
    assert "\n" not in str(error.value)


def problems(sheet, seed):
    """What is wrong with the usual mistakes of a sheet, with parameters drawn by the seed."""
    exercises = draw_exercises(sheet, {}, seed)
    blank = blank_examination(sheet, exercises, Limits(), isolated=False)
    wanted = blank._replace(answers={stem: each.solutions for stem, each in exercises.items()})
    with consult(blank) as oracle_of:
        oracle = oracle_of(exercises, wanted)
        tasks = [task for each in exercises.values() for task in each.tasks if task.check]
        found = [(task.column, tried) for task in tasks for tried in oracle.mistaken(task)]
    return [
        f"{column}: {tried.mistake.hint} … {tried.problem}"
        for column, tried in found
        if tried.problem
    ]


@pytest.mark.usefixtures("keep_sandboxes")
def test_mistakes_that_cannot_be_recognised_are_named(tmp_path):
    sheet = waves(tmp_path).sheet
    assert problems(sheet, 1) == []
    path = sheet.beside("mistakes") / "1_waves.toml"
    path.write_text("""
        [[wave]]
        hint = "Same."
        of = "range(p)"
        instead = "range(0, p)"
        [[wave]]
        hint = "Fails."
        answer = "wave = 1"
        [[totals]]
        hint = "Ends."
        answer = "import os; os._exit(1)"
    """)
    assert problems(sheet, 1) == [
        "1_waves/wave: Same. … it records what the right answer does",
        "1_waves/wave: Fails. … TypeError: 'int' object is not callable",
        "1_waves/totals: Ends. … the process ended",
    ]


@pytest.mark.usefixtures("keep_sandboxes")
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_mistakes_of_this_sheet_can_be_recognised(seed):
    assert problems(find_sheet(), seed) == []
