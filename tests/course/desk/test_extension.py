"""The marking page inside of a Jupyter server that runs anyway, as JupyterHub starts one for everybody."""

import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from class_of_thirteen import write_class
from serving import free_port, settings

EXTENSION = '--ServerApp.jpserver_extensions={"sheet11.course.desk.extension": True}'


@pytest.mark.slow
def test_in_a_server_of_jupyterhub(light, tmp_path):
    write_class(tmp_path / "out")
    port = free_port()
    options = [
        f"--ServerApp.port={port}",
        "--ServerApp.base_url=/user/ada/",
        "--IdentityProvider.token=secret",
    ]
    options += [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        EXTENSION,
        f"--MarkingDesk.out={tmp_path / 'out'}",
    ]
    with open(tmp_path / "log", "w+") as log:
        # other extensions, as JupyterLab, take longer to load than the server itself
        environment = settings(tmp_path) | {"JUPYTERHUB_USER": "ada", "JUPYTER_NO_CONFIG": "1"}
        environment["PYTHONPATH"] = light["run"]["PYTHONPATH"]
        command = [sys.executable, "-m", "jupyter_server", *options]
        with subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=log, stderr=log
        ) as server:
            try:
                page = f"http://127.0.0.1:{port}/user/ada/sheet11/mark/"
                assert '<script type="module" src="page.js">' in wait_for(server, page, log)
                assert '"who": "ada"' in ask(page + "api/overview")
                with pytest.raises(urllib.error.HTTPError) as error:
                    urllib.request.urlopen(page + "api/overview")
                assert error.value.code == 403
                error.value.close()
            finally:
                server.terminate()


def ask(url):
    request = urllib.request.Request(url, headers={"Authorization": "token secret"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def wait_for(server, url, log):
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        try:
            return ask(url)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            time.sleep(0.02)
    log.seek(0)
    raise RuntimeError(log.read())
