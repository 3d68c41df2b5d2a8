"""A server of packets that answers in odd ways; the usual ones are in the integration tests."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mirror.errors import PacketAway
from mirror.replication.packet_source import PacketSource
from tests.conftest import PATIENCE

TOKEN = "token-that-nobody-may-see"


@contextmanager
def server(answer: bytes) -> Iterator[tuple[str, list[str]]]:
    """Run a server that answers everything with these bytes; give its URL and the requests."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Accept-Encoding']}")
            self.wfile.write(answer.replace(b"\n", b"\r\n"))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/", asked
        listening.shutdown()
        thread.join()


def fetched(url: str) -> bytes | None:
    with PacketSource(url, TOKEN, timeout=PATIENCE).download(7) as file:
        return file.read() if file else None


WHOLE = b"HTTP/1.0 200 OK\nContent-Length: 5\n\nmusic"


def test_a_packet_is_downloaded_as_it_is_stored() -> None:
    with server(WHOLE) as (url, asked):
        assert fetched(url) == b"music"
    assert asked == [f"/replication-7-v2.tar.bz2?token={TOKEN} identity"]


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (b"HTTP/1.0 200 OK\nContent-Length: 9\n\nmusic", "torn: 5 of 9 bytes"),
        (b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n9\nmusic", "torn: IncompleteRead"),
        (b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nmusic\n", "torn: "),
        (b"HTTP/1.0 206 Partial Content\nContent-Length: 5\n\nmusic", "status 206"),
        (b"HTTP/1.0 302 Found\nContent-Length: 0\n\n", "status 302"),
        (b"no answer at all", "replication-7-v2.tar.bz2: BadStatusLine"),
        (b"", "replication-7-v2.tar.bz2: RemoteDisconnected"),
    ],
)
def test_an_incomplete_packet_is_an_error(answer: bytes, match: str) -> None:
    with server(answer) as (url, _), pytest.raises(PacketAway, match=match):
        fetched(url)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"<p>", b'{"last_packet": 7}'])
def test_a_server_with_an_unreadable_newest_packet_is_away(content: bytes) -> None:
    with server(b"HTTP/1.0 200 OK\n\n" + content) as (url, _), pytest.raises(PacketAway, match="replication-info"):
        PacketSource(url, TOKEN).newest_sequence()


def test_there_is_no_newest_packet_where_the_server_names_none() -> None:
    with server(b'HTTP/1.0 200 OK\n\n{"last_packet": null}') as (url, _):
        assert PacketSource(url, TOKEN).newest_sequence() is None
    with server(b"HTTP/1.0 404 Not Found\n\n") as (url, _):
        assert PacketSource(url, TOKEN).newest_sequence() is None
        assert fetched(url) is None


def test_a_redirect_does_not_carry_the_token_to_another_server(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with server(WHOLE) as (other, asked):
        moved = f"HTTP/1.0 302 Found\nLocation: {other}packet\nContent-Length: 0\n\n"
        with server(moved.encode()) as (url, _):
            assert fetched(url) == b"music"
    assert asked == ["/packet identity"]
    assert TOKEN not in caplog.text


def test_an_invalid_url_is_reported_without_the_token() -> None:
    with pytest.raises(PacketAway, match="MissingSchema") as caught:
        fetched("nowhere")
    assert caught.value.__context__ is None
