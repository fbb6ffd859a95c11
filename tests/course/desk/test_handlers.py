"""The addresses of the marking page: who may ask, and replies to those who ask wrongly."""

import contextlib
import getpass
import json
import sqlite3
import sys
import urllib.error
import urllib.request

import pytest
from class_of_thirteen import write_class
from serving import serving

SLOPE = "2_slopes/a"
IMPATIENT = (
    "from sheet11.course.book import database; from sheet11.course.cli import main;"
    "database.PATIENCE = 0.1; main()"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    write_class(folder / "out")
    with serving(folder / "out", folder) as server:
        yield server


@pytest.fixture(scope="module")
def other(server, tmp_path_factory):
    """A second server of the same folder, of a person without a name, who does not wait for others long."""
    command = [sys.executable, "-c", IMPATIENT, "mark"]
    with serving(server.out, tmp_path_factory.mktemp("other"), name="", command=command) as other:
        yield other


def mark(server, points="1"):
    pile = server.ask(f"answers?task={SLOPE}")["piles"][0]
    return {"task": SLOPE, "id": pile["id"], "points": points, "comment": "short", "items": []}


def test_only_who_has_the_token_gets_anything(server):
    for path in ("api/overview", f"api/answers?task={SLOPE}"):
        status, text = server.request(path, Authorization="token wrong")
        assert status == 403 and "slopes" not in text
    status, text = server.request("", Authorization="")
    assert "Password or token" in text and "panel" not in text


def test_a_request_from_another_site_is_refused(server):
    assert server.request("api/overview", Host="evil.example")[0] == 403
    headers = {"Authorization": "", "Cookie": "_xsrf=a"}
    assert server.request("api/undo", {"task": SLOPE}, **headers)[0] == 403


def test_the_page_asks_no_other_host(server):
    for name in ("", "page.js", "server.js", "desk.css", "pages.css"):
        status, text = server.request(name)
        assert status == 200 and "http://" not in text and "https://" not in text
    assert server.request("../../etc/passwd")[0] == 404 and server.request("handlers.py")[0] == 404


def test_there_are_no_files_kernels_or_terminals(server):
    root = server.url.partition("/sheet11")[0]
    headers = {"Authorization": f"token {server.token}"}
    for path in ("contents", "kernels", "sessions", "terminals", "kernelspecs"):
        request = urllib.request.Request(f"{root}/api/{path}", headers=headers)
        with pytest.raises(urllib.error.HTTPError, match="404") as error:
            urllib.request.urlopen(request)
        error.value.close()


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        ("mark", {}, 400, "incomplete"),
        ("mark", [], 400, "incomplete"),
        ("mark", {"task": 3}, 400, "task must be a text"),
        ("mark", {"task": SLOPE, "id": "?"}, 409, "has changed"),
        ("mark", {"task": "9/z", "id": "?"}, 409, "no task '9/z'"),
        ("snippet", {"remove": "x"}, 400, "incomplete"),
        ("store", {}, 404, ""),
        ("answers", None, 400, "incomplete"),
        ("_piles", None, 404, ""),
        ("content?task=100%25&id=1", None, 409, "no task '100%'"),
    ],
)
def test_requests_that_are_refused(server, path, sent, status, said):
    got, text = server.request(f"api/{path}", sent)
    assert (got, said in json.loads(text)["message"]) == (status, True)


def test_who_marks(server, other):
    assert server.ask("overview")["who"] == "grace", "as the command line says"
    assert other.ask("overview")["who"] == getpass.getuser()


def test_a_mark_on_a_locked_store_can_be_sent_again(server, other):
    sent = mark(other)
    with contextlib.closing(sqlite3.connect(server.out / "grading.sqlite")) as database:
        database.execute("BEGIN IMMEDIATE")
        status, text = other.request("api/mark", sent)
        assert status == 503 and "locked" in json.loads(text)["message"]
    assert other.ask("mark", sent)["piles"]


def test_marks_get_into_tables_when_the_server_ends(tmp_path):
    out = tmp_path / "out"
    write_class(out)
    with serving(out, tmp_path) as server:
        server.ask("mark", mark(server, "0.5"))
        assert not (out / "results.csv").exists()
        said = server.end()
    assert said == f"{out}/index.html\n62 answers are still to be read\n"
    rows = (out / "results.csv").read_text().splitlines()
    (row,) = [line for line in rows if "short" in line]
    assert ",0.5,1," in row
    page = out / "students" / row.partition(",")[0] / "index.html"
    assert "short" in page.read_text()


@pytest.mark.parametrize("kind", ["none", "damaged"])
def test_a_folder_that_is_no_grading(invoke, tmp_path, kind):
    if kind == "damaged":
        (tmp_path / "grading.sqlite").write_bytes(b"long enough to look like a database" * 40)
    run = invoke("mark", tmp_path, "--no-browser", cwd=tmp_path)
    assert run.returncode == 2 and len(run.stderr.splitlines()) == 1 and str(tmp_path) in run.stderr
