"""Common mistakes: reading them, and telling those of this sheet from correct answers."""

import pytest
from sheets import waves

from sheet11.course.errors import SheetError
from sheet11.course.grading.draws import Draws
from sheet11.course.grading.mistakes import Mistake, read_mistakes
from sheet11.course.grading.reference import execute_reference, records_of_mistake
from sheet11.course.grading.sandboxes import runner
from sheet11.course.grading.scoring import first_difference
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[encoding", "cannot be read: "),
        ('[[encodin]]\nhint = "h"', "no answer has the id 'encodin'; did you mean 'encoding'?"),
        ('encoding = "x"', "encoding must have texts"),
        ('[[encoding]]\nhint = "h"', "encoding must have texts hint and answer, or hint, of and"),
        ('[[encoding]]\nhint = "h"\nof = 1\ninstead = "k"', "encoding must have texts"),
        (
            '[[encoding]]\nhint = "h"\nof = "j"\ninstead = "k"',
            "encoding quotes text that is not in the solution: 'j'",
        ),
    ],
)
def test_unusable_files(read, content, message):
    with pytest.raises(SheetError, match=f"01.toml:? {message}") as error:
        read(content)
    assert "\n" not in str(error.value)


def problems(sheet, seed):
    """Usual mistakes of a sheet that fail, or are not told from right answers, with parameters drawn by the seed."""
    draws = Draws(sheet, {}, seed, Limits(), isolated=False)
    found = []
    with runner(draws.setup) as run:
        for sheet_notebook in draws.drawn[0].values():
            expected = execute_reference(sheet_notebook, run).expected
            for task in sheet_notebook.checked:
                for mistake in sheet_notebook.mistakes.get(task.answers[0], ()):
                    records = records_of_mistake(
                        task, task.answers[0], mistake, sheet_notebook, run
                    )
                    right = expected[task.name]
                    if not records or first_difference(right, records, task.tolerance) is None:
                        found.append(mistake.hint)
    return found


def test_mistakes_that_cannot_be_recognised(tmp_path):
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
    assert problems(sheet, 1) == ["Same.", "Fails.", "Ends."]


@pytest.mark.slow
def test_mistakes_of_this_sheet_can_be_recognised():
    assert problems(find_sheet(), seed=1) == []
