"""Grading of platforms' downloads: all students get the points for their own answers."""

from class_of_twelve import HANDED_IN, LAYOUTS, ROSTER, Answers
from gradings import skip_without_graders, table
from sheets import waves

skip_without_graders()


def test_points_from_a_download(grade, tmp_path):
    course = waves(tmp_path / "sheet")
    given = LAYOUTS["moodle"](Answers(course), tmp_path)
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER)
    options = ["--sheet", course.folder, "--seed", "5", "--roster", roster, "-o", "out"]
    result = grade(given, *options, cwd=tmp_path)
    assert "\n10 students, 2 notebooks each; 1 with fewer: " in result.stdout, result.stderr
    assert result.returncode == 1
    assert "Error: no notebook was recognised of " in result.stderr
    login = {row["student"]: row["login"] for row in table(tmp_path / "out" / "students.csv")}
    grades = table(tmp_path / "out" / "grades.csv")
    points = {login[row["student"]]: float(row["total"]) for row in grades}
    assert points == {member.login: member.points for member in HANDED_IN}
