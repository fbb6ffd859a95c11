"""The order in which answers lie on the desk."""

import pytest
from class_of_thirteen import TASKS, hand_in

from sheet11.course.book.store import Store
from sheet11.course.desk.piles import piles_of

PROOF = TASKS[1]


@pytest.fixture
def entries(tmp_path):
    """The answers as they are handed in, some of them changed."""

    def entries(*changed):
        hand_in(tmp_path, changed)
        with Store(tmp_path) as store:
            return store.entries(PROOF.name)

    return entries


def order(entries, who):
    return [pile.digest for pile in piles_of(entries, PROOF, who)]


def test_everybody_has_an_order_of_their_own_that_stays(entries):
    grace, ada = order(entries(), "grace"), order(entries(), "ada")
    by_name = list(dict.fromkeys(entry.digest for entry in entries()))
    assert len(grace) == 7 and sorted(grace) == sorted(ada) == sorted(by_name)
    assert len({tuple(grace), tuple(ada), tuple(by_name)}) == 3
    assert grace == order(entries(), "grace")


def test_one_changed_answer_does_not_move_the_others(entries):
    before = order(entries(), "grace")
    after = order(entries(("kmensah6", PROOF.name)), "grace")
    assert [each for each in before if each in after] == [each for each in after if each in before]
    assert len(set(before) - set(after)) == 1
