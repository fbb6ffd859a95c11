"""Request handlers of the marking page: the page itself, and its JSON requests."""

import json
from pathlib import Path

from jupyter_server.auth import identity
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from sheet11.course.desk.desk import Desk
from sheet11.course.errors import CourseError, FolderError, StoreError
from sheet11.course.options import login
from sheet11.course.pages.render import render

STATIC = Path(__file__).with_name("static")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data: 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class PageHandler(JupyterHandler):
    """Handler of the page; its scripts and its styles are static files of the server."""

    content_security_policy = POLICY  # forbids other hosts and inline scripts

    @web.authenticated
    def get(self) -> None:
        """Send the page."""
        self.xsrf_token  # noqa: B018  # sets the cookie that the page's requests must repeat
        self.set_header("Cache-Control", "no-cache")
        page = (STATIC / "index.html").read_text("utf-8")
        self.finish(page.replace("/* pages.css */", render("pages.css")))


class DeskHandler(APIHandler):
    """Handler of the page's JSON requests."""

    def initialize(self, desk: Desk, name: str) -> None:
        """Store the values that the extension passes to its handlers.

        Args:
            desk: desk that replies to the requests.
            name: name of the person, empty for the server's user.
        """
        self.desk, self.person = desk, name

    @web.authenticated
    def post(self, request: str) -> None:
        """Reply to a request."""
        try:
            sent = self.get_json_body() or {}
            reply = getattr(self.desk, request)(self.who, sent) or self.desk.answers(self.who, sent)
        except CourseError as error:
            # a locked database or a full disk may be well again later, and a grading begin
            self.set_status(503 if isinstance(error, StoreError | FolderError) else 400)
            reply = {"message": str(error)}
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
            self.set_status(400)
            reply = {"message": "the request is incomplete"}
        self.finish(json.dumps(reply))

    @property
    def who(self) -> str:
        """Name from the command line, else of the server's user if it knows its users, else of the system's user."""
        if self.person:
            return self.person
        # Jupyter's own identity providers treat everybody with the token as one user
        if type(self.identity_provider).__module__ == identity.__name__:
            return login()
        return str(self.current_user.username)
