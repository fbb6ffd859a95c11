"""Drawings of the parameters: who gets which, and what the records of one bring in another."""

import pytest
from sheets import waves

from sheet11.course.errors import SolutionError
from sheet11.course.grading.draws import DRAWS, Drawn, by_number, number_of, sound_oracle
from sheet11.course.grading.examine import hidden_name
from sheet11.course.grading.exercises import draw_exercises
from sheet11.course.grading.grade import blank_examination
from sheet11.course.grading.oracle import consult
from sheet11.course.grading.scoring import score
from sheet11.course.sandbox.sandbox import Batch, Limits
from sheet11.course.submissions.submissions import Submission
from sheet11.lab.records import MIME_TYPE, _encode


def numbers(names, seed=5, source="x"):
    return [number_of(seed, Submission(name, {"1_waves": {"wave": source}}, {})) for name in names]


def drawings(course):
    found = []
    for seed in range(DRAWS):
        exercises = draw_exercises(course.sheet, {}, seed)
        found.append(
            Drawn(
                exercises, blank_examination(course.sheet, exercises, Limits(), isolated=False), ""
            )
        )
    return found


def test_who_gets_which():
    names = [f"student{number}" for number in range(40 * DRAWS)]
    chosen = numbers(names)
    assert chosen == numbers(names) and all(
        20 < chosen.count(number) < 60 for number in range(DRAWS)
    )
    for others in (numbers(names, seed=6), numbers(names, source="y")):
        assert sum(map(int.__eq__, chosen, others)) < len(names) / 2, (
            "another seed, another answer: another drawing"
        )


@pytest.mark.usefixtures("keep_sandboxes")
def test_records_that_travel_earn_nothing(tmp_path):
    drawn = drawings(waves(tmp_path))
    sitting = [
        each.blank._replace(name=str(n), answers={"1_waves": {}})
        for n, each in enumerate(drawn[:2])
    ]
    with consult(drawn[0].blank) as oracle_of:
        together = dict(by_number(sitting, {"0": 0, "1": 1}))
        oracles = [
            sound_oracle(oracle_of, drawn.__getitem__, number, together[number])[1]
            for number in (0, 1)
        ]
        task = oracles[0].exercises["1_waves"].tasks[0]
        data = {name: _encode(name, value) for name, value in oracles[0].expected(task).items()}
        shown = {"output_type": "display_data", "data": {MIME_TYPE: data}}
        forged = Batch(
            {"wave-check": [shown]}, {"wave", "wave-check", hidden_name("wave-check")}, None
        )
        own, others = (
            score(task, "forged", "", forged, oracle.expected(task), Limits()) for oracle in oracles
        )
    assert own == (2.0, "correct", "") and (others.points, others.status) == (0, "wrong")


@pytest.mark.usefixtures("keep_sandboxes")
def test_a_drawing_with_which_the_solution_fails_is_not_used(tmp_path, capsys):
    drawn = drawings(waves(tmp_path))
    papers = drawn[1].blank.papers
    cells = [
        (name, f"assert n < 0, n\n{source}" if name == "wave-check" else source)
        for name, source in papers["1_waves"].cells
    ]
    broken = papers | {"1_waves": papers["1_waves"]._replace(cells=cells)}
    drawn[1] = drawn[1]._replace(blank=drawn[1].blank._replace(papers=broken))
    together = [drawn[1].blank._replace(answers={"1_waves": {}})]
    with consult(drawn[0].blank) as oracle_of:
        number, oracle = sound_oracle(oracle_of, drawn.__getitem__, 1, together)
        assert number == 2 and oracle.papers is drawn[2].blank.papers
        said = capsys.readouterr().out
        problem = (
            "the sheet's own solution of 1_waves/wave fails with these parameters: AssertionError: "
        )
        assert (
            said.startswith(f"drawing 1 of the parameters is not used: {problem}")
            and said.count("\n") == 1
        )
        with pytest.raises(SolutionError, match=f"^{problem}"):
            sound_oracle(oracle_of, lambda number: drawn[1], 3, together)
    assert capsys.readouterr().out == ""
