"""The operator's pages under their real server: on a port, on a socket that systemd hands over, and not at all."""

import socket
import subprocess
from pathlib import Path

import requests
from requests.auth import HTTPBasicAuth

from app.settings import Settings
from demo.ports import free_port
from tests.conftest import PATIENCE, wait_until
from tests.integration.conftest import PASSWORD
from tests.processes import BIN, ROOT, Running, environment, running

COMMAND = ("gunicorn", "--config", "python:app.server", "app.web.operator:create_app()")
# What the operator's pages are not given on a machine of their own.
FOREIGN = dict.fromkeys(("DATABASE_URL", "DATABASE_DIRECT_URL", "LASTFM_API_KEY", "INTERNAL_TOKEN"), "")


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/operator/", timeout=2).status_code == 401
    except requests.RequestException:
        return False


def test_they_run_on_their_own_settings_alone_and_end_at_once(settings: Settings, tmp_path: Path) -> None:
    port = free_port()
    environ = environment(settings, PORT=str(port), **FOREIGN)
    with running(tmp_path / "log", environ, *COMMAND) as process:
        wait_until(lambda: answers(port) or process.ended, otherwise=lambda: process.output)
        url, who = f"http://127.0.0.1:{port}/operator/", HTTPBasicAuth("operator", PASSWORD)
        assert requests.get(url, auth=who, timeout=PATIENCE).ok
        assert requests.get(f"{url}queues/0/data/queues.json", auth=who, timeout=PATIENCE).ok
        process.terminate()
        wait_until(lambda: process.ended, otherwise=lambda: process.output)
        assert "Traceback" not in process.output
        assert PASSWORD not in process.output


def test_a_socket_that_systemd_hands_over_is_taken(settings: Settings, tmp_path: Path) -> None:
    path, log = tmp_path / "s", tmp_path / "log"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        environ = environment(settings, **FOREIGN, LISTEN_FDS="1", FD=str(listener.fileno()))
        script = 'eval "exec 3<&$FD"; LISTEN_PID=$$ exec "$@"'
        with log.open("ab") as output:
            child = subprocess.Popen(
                ["bash", "-c", script, "bash", str(BIN / COMMAND[0]), *COMMAND[1:]],
                env=environ,
                cwd=ROOT,
                stdout=output,
                stderr=output,
                pass_fds=[listener.fileno()],
            )
        try:
            assert "401 UNAUTHORIZED" in talk(path)
        finally:
            child.terminate()
            child.wait(PATIENCE)
    assert "Traceback" not in log.read_text(encoding="utf-8")


def talk(path: Path) -> str:
    """The first line of what is answered; who connects before the server is there waits in the socket's queue."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        client.sendall(b"GET /operator/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return client.recv(100).decode().partition("\r\n")[0]


def test_without_a_password_they_do_not_start_and_say_why(settings: Settings, tmp_path: Path) -> None:
    environ = environment(settings, PORT=str(free_port()), OPERATOR_PASSWORD="")
    with running(tmp_path / "log", environ, *COMMAND) as process:
        wait_until(lambda: process.ended, otherwise=lambda: process.output)
        assert last_words(process).startswith("OPERATOR_PASSWORD: missing. Password of the operator's pages")


def test_the_site_still_says_what_it_misses(settings: Settings, tmp_path: Path) -> None:
    environ = environment(settings, PORT=str(free_port()), DATABASE_URL="")
    command = (*COMMAND[:-1], "app.web:create_app()")
    with running(tmp_path / "log", environ, *command) as process:
        wait_until(lambda: process.ended, otherwise=lambda: process.output)
        assert last_words(process).startswith("DATABASE_URL: missing.")


def last_words(process: Running) -> str:
    return process.output.strip().splitlines()[-1]
