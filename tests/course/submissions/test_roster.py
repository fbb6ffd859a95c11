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
        ("Zur Bewertung abgegeben - 1 Tag 2 Stunden zu spät", "1 Tag 2 Stunden zu spät"),
        ("2 Stunden zu spa\u0308t", "2 Stunden zu spät"),
        ("Remis pour évaluation - 2 heures de retard", "2 heures de retard"),
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


def roster_of(tmp_path, text):
    (tmp_path / "roster.csv").write_text(text)
    return read_roster(tmp_path / "roster.csv")


def test_a_name_of_signs_is_nobody_s(tmp_path):
    """Excel's "ANSI" turns 李 雷 into `? ?`."""
    roster = roster_of(tmp_path, "id,login,name\n1,,? ?\n2,??,? ?\n3,???,? Lei\n")
    assert roster.find(Identity("2", name="韩 梅")) == Identity("2")
    for name in ("? ?", "??", "???", "李 雷", "Lei"):
        assert roster.find(Identity(name=name)) is None


def test_somebody_twice_in_a_roster_is_one_person(tmp_path):
    text = "id,login,name,group,e-mail\n1,anna,Anna M,,\n1,anna,,G1,anna@uni.example\n,bert,,,\n2,bert,Bert,,\n"
    anna, bert = roster_of(tmp_path, text).people
    assert anna == Identity("1", "anna", "Anna M", "G1", "anna@uni.example")
    assert bert == Identity("2", "bert", "Bert")
    assert len(roster_of(tmp_path, "id,name\n1,Jan Kim\n2,Jan Kim\n").people) == 2
    with pytest.raises(TableError, match="Anna M is in two groups, 'G1' and 'G2'"):
        roster_of(tmp_path, "id,name,group\n1,Anna M,G1\n1,Anna M,G2\n")


def test_moodle_s_worksheet_is_a_roster_in_any_language(tmp_path):
    text = "識別子,フルネーム,グループ\n参加者1001,Anna Müller,\n参加者1002,Bert Özdemir,\n"
    assert list(roster_of(tmp_path, text).people) == [
        Identity("1001", name="Anna Müller"),
        Identity("1002", name="Bert Özdemir"),
    ]


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
