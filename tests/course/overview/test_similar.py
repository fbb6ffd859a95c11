"""Similar answers: names, comments, docstrings, annotations and layout do not matter, everything else does."""

import pandas as pd
import pytest

from sheet11.course.overview.similar import similar_pairs

ANSWER = '''def wave(n, p, start=1):
    """Sines."""
    position = start + np.arange(n)  # of the columns
    rows = [np.sin((row + 1) * position) for row in range(p)]
    return np.stack(rows)
'''
SAME = """def  wave(count: int, size, first: float = 1) -> np.ndarray:
    '''Another text.'''

    i = (first
         + np.arange(count))
    all_of_them = [np.sin((k + 1) * i) for k in range(size)]
    return np.stack(all_of_them)
"""


def pairs_of(*answers):
    """Pairs among answers, each given as students, task and source."""
    rows = [(name, task, source) for names, task, source in answers for name in names]
    return (
        similar_pairs(pd.DataFrame(rows, columns=["student", "task", "source"])).to_numpy().tolist()
    )


@pytest.mark.parametrize(
    ("source", "same"),
    [
        (SAME, True),
        (ANSWER.replace('    """Sines."""\n', ""), True),
        (ANSWER.replace("np.sin", "np.cos"), False),
        (ANSWER.replace("row + 1", "row + 2"), False),
        (ANSWER.replace("np.stack(rows)", "np.stack(position)"), False),
        (ANSWER.replace("(row + 1) * position", "position * (row + 1)"), False),
    ],
)
def test_what_makes_answers_the_same(source, same):
    pairs = pairs_of((["bert"], "01/wave", source), (["anna"], "01/wave", ANSWER))
    assert [pair[:2] for pair in pairs] == [["anna", "bert"]] * same


@pytest.mark.parametrize(("students", "pairs"), [("ab", 1), ("abcd", 6), ("abcde", 0)])
def test_what_more_than_four_write_is_no_pair(students, pairs):
    assert len(pairs_of((students, "t", ANSWER))) == pairs


def test_what_less_than_one_in_twenty_write_is_a_pair():
    others = [([f"s{k}"], "t", ANSWER.replace("+ 1", f"+ {k + 2}")) for k in range(95)]
    assert len(pairs_of(("abcde", "t", ANSWER), *others)) == 10


def test_short_answers_are_no_pairs():
    assert pairs_of(("ab", "t", "def f(x):\n    return x.sum()")) == []


def test_most_in_common_comes_first():
    first, second = pairs_of(("cd", "3", ANSWER), ("ab", "1", ANSWER), ("ab", "2", ANSWER))
    words = second[3]
    assert first == ["a", "b", 2, 2 * words, "1 2"] and second == ["c", "d", 1, words, "3"]
