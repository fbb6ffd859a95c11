"""The addresses of the marking page: the page itself, its style, and what it asks for and sends."""

import functools
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from sheet11.course.desk.desk import ChangedError, Desk
from sheet11.course.errors import CourseError
from sheet11.course.options import login
from sheet11.course.pages.render import render

STATIC = Path(__file__).with_name("static")
PAGE = "sheet11/mark"  # below the server's base URL
FILES = {"": "text/html", "desk.css": "text/css", "pages.css": "text/css"} | dict.fromkeys(
    [path.name for path in STATIC.glob("*.js")], "text/javascript"
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data: 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
NAMELESS = (
    IdentityProvider,
    PasswordIdentityProvider,
    LegacyIdentityProvider,
)  # everybody who has the token is one


class PageHandler(JupyterHandler):
    """The page, its scripts and its styles."""

    @property
    def content_security_policy(self) -> str:
        """Nothing from another host, and no script in the page."""
        return POLICY

    @web.authenticated
    def get(self, name: str) -> None:
        """Called by tornado."""
        if name not in FILES:
            raise web.HTTPError(404)
        self.xsrf_token  # noqa: B018  # sets the cookie that the page's requests have to name
        self.set_header("Content-Type", f"{FILES[name]}; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(
            render(name)
            if name == "pages.css"
            else (STATIC / (name or "index.html")).read_text("utf-8")
        )


class DeskHandler(APIHandler):
    """What the page asks for, and what it sends."""

    def initialize(self, desk: Desk, name: str) -> None:
        """Called by tornado.

        Args:
            desk: that has the answers.
            name: of the person, empty if the server's user is to be named.
        """
        self.desk, self.person = desk, name

    @web.authenticated
    def get(self, asked: str) -> None:
        """Called by tornado."""
        asks: dict[str, Callable[..., Any]] = {
            "overview": lambda: self.desk.overview(self.who),
            "answers": lambda: self.desk.answers(
                self.who, self.get_argument("task"), self.get_argument("version", "")
            ),
            "content": lambda: self.desk.content(
                self.who, self.get_argument("task"), self.get_argument("id")
            ),
        }
        self._answer(asks.get(asked))

    @web.authenticated
    def post(self, asked: str) -> None:
        """Called by tornado."""
        sent = self.get_json_body()
        acts = (self.desk.mark, self.desk.undo, self.desk.flag, self.desk.rubric, self.desk.snippet)
        act = next((act for act in acts if act.__name__ == asked), None)
        self._answer(act and functools.partial(act, self.who, sent or {}))

    @property
    def who(self) -> str:
        """Who marks: as the command line says, else the user of a server that knows its users, else the system's."""
        if self.person:
            return self.person
        if type(self.identity_provider) in NAMELESS:
            return login()
        return str(self.current_user.username)

    def _answer(self, act: Callable[[], Any] | None) -> None:
        if act is None:
            raise web.HTTPError(404)
        try:
            self.finish(json.dumps(act()))
        except CourseError as error:
            self._refuse(400, str(error))
        except (KeyError, TypeError, AttributeError):
            self._refuse(400, "the request is incomplete")
        except ChangedError as error:
            self._refuse(409, str(error))
        except (
            sqlite3.OperationalError
        ) as error:  # locked for long, or the disk is full: the page tries again
            self._refuse(503, str(error))

    def _refuse(self, status: int, message: str) -> None:
        self.set_status(status)
        self.finish(json.dumps({"message": message}))
