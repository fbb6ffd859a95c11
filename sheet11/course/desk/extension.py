"""Marking page as an extension of a Jupyter server, which provides tokens, XSRF protection and JupyterHub.

On its own: `sheet11 mark OUT`. In a running server, for example under JupyterHub:

    jupyter server --ServerApp.jpserver_extensions='{"sheet11.course.desk.extension": True}' --MarkingDesk.out=OUT
"""

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Unicode

from sheet11.course.book.gradebook import still_open
from sheet11.course.desk.desk import Desk
from sheet11.course.desk.handlers import STATIC, DeskHandler, PageHandler
from sheet11.course.files import alone_in
from sheet11.course.hand_back.publish import publish
from sheet11.course.interrupts import raise_interrupts

LARGEST = 1 << 20  # bytes of a request, refused before it is read


class MarkingDesk(ExtensionApp):
    """Jupyter server extension that serves the marking page."""

    name = "sheet11_mark"
    extension_url = "/sheet11/mark/"
    static_paths = [str(STATIC)]
    load_other_extensions = False
    out = Unicode("build/grade", help="The folder of the grading.").tag(config=True)
    person = Unicode("", help="Who marks, if that is not the server's user.").tag(config=True)

    @classmethod
    def get_extension_package(cls) -> str:
        """Return the name of the module with `_jupyter_server_extension_points`."""
        return __name__

    @classmethod
    def make_serverapp(cls, **kwargs: Any) -> ServerApp:
        """Make a server without kernels, terminals or files."""
        server = super().make_serverapp(**kwargs)
        server.default_services = ("api", "auth", "security", "shutdown")  # type: ignore[assignment]
        return server

    def initialize_handlers(self) -> None:
        """Register the addresses of the page."""
        shared = {"desk": Desk(Path(self.out)), "name": self.person}
        self.handlers = [
            (f"{self.extension_url}api/([a-z]+)", DeskHandler, shared),
            (self.extension_url, PageHandler),
        ]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": __name__, "app": MarkingDesk}]


def serve_desk(out: Path, person: str, port: int, browser: bool) -> int:
    """Serve the page until the process is asked to stop, then write the marks into tables and feedback.

    Args:
        out: folder of the grading.
        person: name of the person who marks.
        port: local port; if it is taken, the next free one is used.
        browser: True to open the page in a browser.

    Returns:
        Number of answers still to be marked.

    Raises:
        FolderError: the folder holds no grading.
        StoreError: its store is damaged.
        OSError: it cannot be written to.
    """
    arguments = [
        "--Application.log_level=WARN",
        f"--MarkingDesk.out={out}",
        f"--MarkingDesk.person={person}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        f"--ServerApp.open_browser={browser}",
        f"--ServerApp.max_body_size={LARGEST}",
        f"--ServerApp.max_buffer_size={LARGEST}",
        "--ServerApp.answer_yes=True",  # Ctrl-C stops the server without asking
        "--ServerApp.allow_root=True",  # Jupyter refuses root because of kernels, and there are none
    ]
    store = Desk(
        out
    ).store  # before the server, so that a folder without a grading gives a one-line error
    server = MarkingDesk.initialize_server(arguments)  # type: ignore[no-untyped-call]
    # printed once the server listens
    server.io_loop.add_callback(lambda: print(f"Marking at {server.display_url}", flush=True))
    raise_interrupts()
    server.start()
    with alone_in(out):
        return still_open(publish(out, store).rows)
