"""The addresses of the marking page: who may ask, and what is answered to those who ask wrongly."""

import getpass
import json
import urllib.error
import urllib.request

import pytest
from class_of_thirteen import write_class
from serving import serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    write_class(folder / "out")
    with serving(folder / "out", folder) as server:
        server.out = folder / "out"
        yield server


@pytest.fixture(scope="module")
def other(server, tmp_path_factory):
    """A second server of the same folder, of somebody who is not named."""
    with serving(server.out, tmp_path_factory.mktemp("other"), name="") as other:
        yield other


def first(server, task="2_slopes/a"):
    return server.ask(f"answers?task={task}")["piles"][0]


def test_only_who_has_the_token_gets_anything(server):
    for path in ("api/overview", "api/answers?task=2_slopes/a"):
        status, text = server.request(path, Authorization="token wrong")
        assert status == 403 and "slopes" not in text
    status, text = server.request("", Authorization="")
    assert "Password or token" in text and "panel" not in text


def test_a_request_from_another_site_is_refused(server):
    status, _ = server.request("api/overview", Host="evil.example")
    assert status == 403
    status, _ = server.request(
        "api/undo", {"task": "2_slopes/a"}, Authorization="", Cookie="_xsrf=a"
    )
    assert status == 403


def test_the_page_asks_no_other_host(server):
    for name in ("", "page.js", "server.js", "desk.css", "pages.css"):
        status, text = server.request(name)
        assert status == 200 and "http://" not in text and "https://" not in text
    assert server.request("../../etc/passwd")[0] == 404 and server.request("handlers.py")[0] == 404


def test_there_are_no_files_kernels_or_terminals(server):
    root = server.url.partition("/sheet11")[0]
    for path in ("contents", "kernels", "sessions", "terminals", "kernelspecs"):
        request = urllib.request.Request(
            f"{root}/api/{path}", headers={"Authorization": f"token {server.token}"}
        )
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request)
        assert error.value.code == 404
        error.value.close()


def test_who_marks_is_who_the_command_line_says(server):
    assert server.ask("overview")["who"] == "grace"
    reply = server.ask(
        "mark",
        {"task": "2_slopes/a", "id": first(server)["id"], "points": 1, "comment": "", "items": []},
    )
    assert [mark["who"] for mark in reply["piles"][0]["marks"]] == ["grace"]


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        ("api/mark", {}, 400, "incomplete"),
        (
            "api/mark",
            {"task": "2_slopes/a", "id": "?", "points": 1, "comment": "", "items": []},
            409,
            "has changed",
        ),
        ("api/mark", {"task": "9/z", "id": "?"}, 409, "no task '9/z'"),
        ("api/mark", {"task": 3}, 400, "task must be a text"),
        ("api/mark", [], 400, "incomplete"),
        ("api/store", {}, 404, ""),
        ("api/answers", None, 400, ""),
        ("api/_piles", None, 404, ""),
        ("api/content?task=100%25&id=1", None, 409, "no task '100%'"),
    ],
)
def test_requests_that_make_no_sense(server, path, sent, status, said):
    got, text = server.request(path, sent)
    assert (got, said in json.loads(text)["remark"]) == (status, True)


def test_a_system_user_marks_if_nobody_is_named(other):
    assert other.ask("overview")["who"] == getpass.getuser()


def test_two_servers_share_the_marks(server, other):
    other.ask("snippet", {"words": "from another"})
    assert [each["words"] for each in server.ask("overview")["snippets"]] == ["from another"]
    server.ask("snippet", {"words": "from grace"})
    assert len(other.ask("overview")["snippets"]) == 2


def test_marks_get_into_tables_when_the_server_ends(tmp_path):
    write_class(tmp_path / "out")
    with serving(tmp_path / "out", tmp_path) as server:
        pile = first(server)
        server.ask(
            "mark",
            {
                "task": "2_slopes/a",
                "id": pile["id"],
                "points": 0.5,
                "comment": "short",
                "items": [],
            },
        )
        assert not (tmp_path / "out/results.csv").exists()
        said = server.end()
    assert said == f"{tmp_path / 'out'}/index.html\n62 answers are still to be read\n"
    (row,) = [
        line for line in (tmp_path / "out/results.csv").read_text().splitlines() if "short" in line
    ]
    assert ",0.5,1," in row
    student = row.partition(",")[0]
    assert "short" in (tmp_path / "out/students" / student / "index.html").read_text()


@pytest.mark.parametrize("kind", ["none", "damaged"])
def test_a_folder_that_is_no_grading(invoke, tmp_path, kind):
    if kind == "damaged":
        (tmp_path / "grading.sqlite").write_bytes(
            b"not a database, but long enough to look like one" * 30
        )
    run = invoke("mark", tmp_path, "--no-browser", cwd=tmp_path)
    assert run.returncode == 2 and len(run.stderr.splitlines()) == 1 and str(tmp_path) in run.stderr
