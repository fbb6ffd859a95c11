"""Marking page inside a Jupyter server such as JupyterHub starts for every user."""

import re
import subprocess
import sys

import pytest
from class_of_thirteen import write_class
from serving import Server, answered, free_port, settings

OPTIONS = (
    "--no-browser --allow-root --ip=127.0.0.1 --ServerApp.base_url=/user/ada/"
    " --IdentityProvider.token=secret".split()
)
EXTENSION = '--ServerApp.jpserver_extensions={"sheet11.course.desk.extension": True}'


@pytest.mark.slow
def test_in_a_server_of_jupyterhub(light, tmp_path):
    out, port = tmp_path / "out", free_port()
    write_class(out)
    # other extensions, as JupyterLab, take longer to load than the server itself
    environment = settings(tmp_path) | {"JUPYTERHUB_USER": "ada", "JUPYTER_NO_CONFIG": "1"}
    environment["PYTHONPATH"] = light["run"]["PYTHONPATH"]
    command = [sys.executable, "-m", "jupyter_server", *OPTIONS, EXTENSION]
    command += [f"--ServerApp.port={port}", f"--MarkingDesk.out={out}"]
    with subprocess.Popen(command, env=environment, cwd=tmp_path) as process:
        url = f"http://127.0.0.1:{port}/user/ada/sheet11/mark/?token=secret"
        server = Server(process, url, out)
        try:
            answered(process, url)
            script = re.search(r'<script type="module" src="(.*?)">', server.request("").text)
            assert server.request(script[1]).headers["Content-Type"].endswith("javascript")
            assert server.ask("overview")["who"] == "ada"
            assert server.request("api/overview", {}, Authorization="").status_code == 403
        finally:
            process.terminate()
