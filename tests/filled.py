"""Fill a store as a grading does."""

from collections import defaultdict

from sheet11.course.book.store import Result


def fill(store, tasks, answers):
    """Replace all tasks and answers."""
    by_student = defaultdict(list)
    for answer in answers:
        by_student[answer.student].append(answer)
    store.replace_tasks(tasks)
    store.keep_only(by_student)
    for student, own in by_student.items():
        store.keep(student, Result("key", None, seconds=1.5), own)
