"""The stand-in's server stops, whatever its clients do."""

import socket

import pytest

from demo import server
from demo.server import HttpResponse, Server


def long_response(target: str, agent: str) -> HttpResponse:
    """Return more than a connection buffers."""
    return HttpResponse(200, b"." * 50_000_000)


@pytest.mark.timeout(20)
def test_closing_does_not_wait_for_a_client_that_stopped_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "DRAIN_SECONDS", 0.1)
    listening = Server(0, long_response)
    listening.start("server under test")
    with socket.create_connection(("127.0.0.1", listening.server_port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1)
        listening.stop()
