"""Request handlers of the marking page: access, and replies to invalid requests."""

import contextlib
import dataclasses
import getpass
import re
import signal
import socket
import sqlite3
import sys

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


def mark(server, points="1"):
    pile = server.ask("answers", task=SLOPE)["piles"][0]
    return {"task": SLOPE, "id": pile["id"], "points": points, "comment": "short", "items": []}


def test_only_who_has_the_token_gets_anything(server):
    asked = server.request("api/answers", {"task": SLOPE}, Authorization="token wrong")
    assert asked.status_code == 403 and "slopes" not in asked.text
    page = server.request("", Authorization="").text
    assert "Password or token" in page and "panel" not in page


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Authorization": "", "Cookie": "_xsrf=a"}]
)
def test_a_request_from_another_site_is_refused(server, headers):
    assert server.request("api/undo", {"task": SLOPE}, **headers).status_code == 403


@pytest.mark.parametrize("name", ["", "page.js", "server.js", "desk.css"])
def test_the_page_asks_no_other_host(server, name):
    response = server.request(f"../../static/sheet11_mark/{name}" if name else "")
    assert response.ok and "http://" not in response.text and "https://" not in response.text


def test_there_are_no_other_files_and_no_kernels(server):
    for path, sent in (("handlers.py", None), ("../desk.py", None), ("api/_piles", {})):
        assert server.request(path, sent).status_code == 404
    root = dataclasses.replace(server, url=server.url.replace("sheet11/mark/", "api/"))
    for path in ("contents", "kernels", "sessions", "terminals"):
        assert root.request(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        ("mark", {}, 400, "incomplete"),
        ("mark", [], 400, "incomplete"),
        ("mark", {"task": SLOPE, "id": "?"}, 400, "has changed"),
        ("answers", {"task": "100%"}, 400, "no task '100%'"),
        ("store", {}, 400, "incomplete"),
    ],
)
def test_requests_that_are_refused(server, path, sent, status, said):
    response = server.request(f"api/{path}", sent)
    assert (response.status_code, said in response.json()["message"]) == (status, True)


HUGE = 10**30


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("mark", {"comment": "half a \ud83d"}),
        ("mark", {"items": [HUGE]}),
        ("mark", {"items": [[]]}),
        ("mark", {"points": "1e400"}),
        ("mark", {"amend": []}),
        ("flag", {"flagged": {}}),
        ("flag", {"flagged": HUGE}),
        ("rubric", {"remove": HUGE}),
        ("rubric", {"item": [], "words": "\udc00", "points": "1"}),
        ("snippet", {"words": "\udc00"}),
        ("snippet", {"remove": {}}),
        ("answers", {"second": {}}),
        ("undo", {"task": HUGE}),
    ],
)
def test_odd_values_are_no_error_of_the_server(server, path, sent):
    assert server.request(f"api/{path}", mark(server) | sent).status_code in (200, 400)


def test_half_a_character_is_kept_as_text(server):
    sent = mark(server) | {"comment": "half a \ud83d"}
    (pile,) = [each for each in server.ask("mark", **sent)["piles"] if each["id"] == sent["id"]]
    assert pile["marks"][-1]["entered"]["comment"] == r"half a \ud83d"


def test_a_mark_on_a_locked_store_can_be_sent_again(server, tmp_path):
    command = [sys.executable, "-c", IMPATIENT, "mark"]
    with serving(server.out, tmp_path, name="", command=command) as other:
        assert other.ask("overview")["who"] == getpass.getuser(), "who has no other name"
        sent = mark(other)
        with contextlib.closing(sqlite3.connect(server.out / "grading.sqlite")) as database:
            database.execute("BEGIN IMMEDIATE")
            response = other.request("api/mark", sent)
            assert response.status_code == 503 and "locked" in response.json()["message"]
        assert other.ask("mark", **sent)["piles"]


def test_marks_get_into_tables_when_the_server_ends(tmp_path):
    out = tmp_path / "out"
    write_class(out)
    with serving(out, tmp_path) as server:
        server.ask("mark", **mark(server, "0.5"))
        server.process.send_signal(signal.SIGINT)
        said = server.process.stdout.read()
    assert said == f"{out}/index.html\n62 answers are still to be read\n"
    (row,) = [line for line in (out / "results.csv").read_text().splitlines() if "short" in line]
    page = out / "students" / row.partition(",")[0] / "index.html"
    assert ",0.5,1," in row and "short" in page.read_text()


def test_a_folder_that_is_no_grading(invoke, tmp_path):
    run = invoke("mark", tmp_path, "--no-browser", cwd=tmp_path)
    assert run.returncode == 2 and f"{tmp_path} holds no grading" in run.stderr


def test_large_requests_are_refused_before_they_are_sent(server):
    host, port = re.search(r"http://(.*?):(\d+)", server.url).groups()
    with socket.create_connection((host, int(port)), timeout=10) as asking:
        asking.sendall(
            b"POST /sheet11/mark/api/mark HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000000\r\n\r\n"
        )
        reply = asking.recv(100)
        assert not reply or b" 400 " in reply
    assert server.ask("overview")
