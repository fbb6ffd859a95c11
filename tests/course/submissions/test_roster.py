"""Lists of a class, as people and platforms write them."""

import pytest

from sheet11.course.errors import TableError
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.roster import Directory, read_roster

ANNA = Identity("1001", "amueller", "Anna Müller", "G1", "anna@uni.example")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (
            "id,login,name,group,e-mail\n1001,amueller,Anna Müller,G1,anna@uni.example\n",
            "utf-8-sig",
        ),
        (
            "Login;Name;ID;Seminar;E-Mail;Group\namueller;Anna Müller;1001;x;anna@uni.example;G1\n",
            "cp1252",
        ),
        (
            "sep=;\nid;username;full name;group;email\n1001;amueller;Anna Müller;G1;anna@uni.example\n\n",
            "utf-16",
        ),
        (
            "Nachname\tVorname\tid\tAnmeldename\tGruppe\te-mail\nMüller\tAnna\t1001\tamueller\tG1\tanna@uni.example",
            "utf-8",
        ),
        (
            "Identifier,Full name,Email address,Group,Username,Status,ID number\n"
            "Participant 1001,Anna Müller,anna@uni.example,G1,amueller,Submitted for grading,77\n",
            "utf-8",
        ),
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,Group,Email,Waves (4711)\n    Points Possible,,,,,,,5\n"
            "Anna Müller,1001,99,amueller,S,G1,anna@uni.example,\n",
            "utf-8",
        ),
        (
            "identifier,github_username,name,group,email\n1001,amueller,Anna Müller,G1,anna@uni.example\n",
            "utf-8",
        ),
    ],
)
def test_columns_have_many_names(tmp_path, text, encoding):
    (tmp_path / "roster.csv").write_text(text, encoding=encoding)
    assert read_roster(tmp_path / "roster.csv") == ([ANNA], {})


def test_late_is_in_moodle_s_status(tmp_path):
    status = "Submitted for grading - 1 day 2 hours late"
    (tmp_path / "roster.csv").write_text(
        f"Identifier,Status\nParticipant 1,{status}\nParticipant 2,Graded\n"
    )
    assert read_roster(tmp_path / "roster.csv").late == {Identity("1"): "1 day 2 hours late"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"a,b\n1,2\n",
            "the first line must name columns like id, login, name, group, e-mail, got 'a, b'",
        ),
        (b"group\nG1\n", "the first line must name columns like id, login, name, group, e-mail"),
        (b"", "roster.csv is empty"),
    ],
)
def test_what_is_no_roster(tmp_path, content, message):
    (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(TableError) as error:
        read_roster(tmp_path / "roster.csv")
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "who",
    [
        Identity("1001", name="somebody else"),
        Identity(login="AMueller"),
        Identity(name="Müller, Anna"),
        Identity(name="Mu\u0308ller Anna"),
        Identity(name="müllerannna".replace("nnna", "nna")),
        Identity(name="anna@uni.example"),
        Identity(name="amueller"),
    ],
)
def test_people_are_found_by_whatever_they_are_called(who):
    directory = Directory([ANNA, Identity("1002", "bert", "Bert Anders")])
    assert directory.find(who) == ANNA
    assert directory.find(Identity(name="Clara")) is None


def test_who_could_be_two_is_nobody():
    directory = Directory([Identity("1", name="Jan Kim"), Identity("2", name="Kim Jan")])
    assert (
        directory.find(Identity(name="Jan Kim")) is None
        and directory.find(Identity("2", name="Jan Kim")).id == "2"
    )


def test_a_login_can_be_the_beginning_of_an_address():
    ivo = Identity("3", email="ihorvat@uni.example")
    assert Directory([ivo]).find(Identity(login="ihorvat")) == ivo
