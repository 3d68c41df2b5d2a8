"""The stand-in's server ends, whatever its clients do."""

import socket
from threading import Thread

import pytest

from demo import server
from demo.server import Server
from demo.wire import Answer


class Long:
    """A site whose every answer is more than a connection holds."""

    def get(self, target: str, agent: str) -> Answer:
        return Answer(200, b"." * 50_000_000)

    def post(self, target: str, body: bytes) -> Answer:
        return self.get(target, "")


@pytest.mark.timeout(20)
def test_closing_does_not_wait_for_a_client_that_vanished_in_the_middle_of_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "GRACE", 0.1)
    listening = Server(0, Long())
    Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with socket.create_connection(("127.0.0.1", listening.server_port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1)
        listening.shutdown()
        listening.close()
