"""In which order answers lie on the desk."""

from class_of_thirteen import TASKS, hand_in

from sheet11.course.book.store import Store
from sheet11.course.desk.piles import piles_of

PROOF = TASKS[1]


def order(out, who, task=PROOF):
    with Store(out) as store:
        return [pile.entries[0].digest for pile in piles_of(store.entries(task.name), task, who)]


def test_everybody_has_an_order_of_their_own_that_stays(tmp_path):
    hand_in(tmp_path)
    grace, ada = order(tmp_path, "grace"), order(tmp_path, "ada")
    assert set(grace) == set(ada) and len(grace) == 7
    assert grace != ada and grace == order(tmp_path, "grace")
    assert order(tmp_path, "grace", TASKS[2]) != sorted(order(tmp_path, "grace", TASKS[2]))
    with Store(tmp_path) as store:
        by_name = list(dict.fromkeys(entry.digest for entry in store.entries(PROOF.name)))
    assert by_name not in (grace, ada), "the order of the students"


def test_one_changed_answer_does_not_move_the_others(tmp_path):
    hand_in(tmp_path)
    before = order(tmp_path, "grace")
    hand_in(tmp_path, changed={("kmensah6", PROOF.name)})
    after = order(tmp_path, "grace")
    assert [each for each in before if each in after] == [each for each in after if each in before]
    assert len(set(before) - set(after)) == 1
