"""Class rosters, as people and platforms write them."""

import pytest

from sheet11.course.errors import TableError
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.roster import Roster, read_roster

ANNA = Identity("1001", "amueller", "Anna Müller", "G1", "anna@uni.example")


@pytest.mark.parametrize(
    "text",
    [
        "Login;Name;ID;Seminar;E-Mail;Group\namueller;Anna Müller;1001;x;anna@uni.example;G1\n",
        "Nachname\tVorname\tid\tAnmeldename\tGruppe\te-mail\nMüller\tAnna\t1001\tamueller\tG1\tanna@uni.example",
        "Identifier,Full name,Email address,Group,Username,Status,ID number\n"
        "Participant 1001,Anna Müller,anna@uni.example,G1,amueller,Submitted for grading,77\n",
        "Student,ID,SIS User ID,SIS Login ID,Section,Group,Email,Waves (4711)\n    Points Possible,,,,,,,5\n"
        "Anna Müller,1001,99,amueller,S,G1,anna@uni.example,\n",
        "identifier,github_username,name,group,email\n1001,amueller,Anna Müller,G1,anna@uni.example\n",
    ],
    ids=["by hand", "in German", "Moodle", "Canvas", "GitHub"],
)
def test_columns_have_many_names(tmp_path, text):
    (tmp_path / "roster.csv").write_text(text)
    assert read_roster(tmp_path / "roster.csv").people == {ANNA: ""}


@pytest.mark.parametrize(
    ("status", "late"),
    [
        ("Submitted for grading - 1 day 2 hours late", "1 day 2 hours late"),
        ("Zur Bewertung abgegeben - 2 Stunden verspätet", "2 Stunden verspätet"),
        ("Graded", ""),
    ],
)
def test_late_is_in_moodle_s_status(tmp_path, status, late):
    (tmp_path / "roster.csv").write_text(f"Identifier,Status\nParticipant 1,{status}\n")
    assert read_roster(tmp_path / "roster.csv").people == {Identity("1"): late}


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "group\nG1\n"])
def test_what_is_no_roster(tmp_path, content):
    (tmp_path / "roster.csv").write_text(content)
    with pytest.raises(TableError, match="must name columns like id, login, name, group, e-mail"):
        read_roster(tmp_path / "roster.csv")


@pytest.mark.parametrize(
    "who",
    [
        Identity("1001", name="somebody else"),
        Identity(login="AMueller"),
        Identity(name="Müller, Anna"),
        Identity(name="Mu\u0308ller Anna"),
        Identity(name="müllerannna".replace("nnna", "nna")),
        Identity(name="amueller"),
    ],
)
def test_people_are_found_by_any_of_their_names(who):
    roster = Roster({ANNA: "", Identity("1002", "bert", "Bert Anders"): ""})
    assert roster.find(who) == ANNA


def test_who_could_be_two_is_nobody():
    jan, kim = Identity("1", name="Jan Kim"), Identity("2", name="Kim Jan")
    roster = Roster({jan: "", kim: ""})
    assert roster.find(Identity(name="Jan Kim")) is None
    assert roster.find(Identity("2", name="Jan Kim")) == kim
    assert roster.find(Identity(name="Clara")) is roster.find(Identity("20")) is None
    assert roster.find(Identity(name="Jim Kan")) is None, "with the same letters"


def test_a_login_can_be_the_beginning_of_an_address():
    ivo = Identity("3", email="ihorvat@uni.example")
    assert Roster({ivo: ""}).find(Identity(login="ihorvat")) == ivo
