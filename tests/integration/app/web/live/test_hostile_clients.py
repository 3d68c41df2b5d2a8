"""Clients that break the protocol, or use it against us: each is cut off, and no other page is disturbed."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest
import requests

from tests.conftest import PATIENCE, wait_until
from tests.integration.app.web.conftest import UPGRADE, Publish, Site, heard, open_pages, page

MOST_RECEIVED = 16 * 1024
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MANY = 300
"""Connections: three times as many as one address may have."""


def frame(opcode: int, payload: bytes = b"", *, last: bool = True, masked: bool = True, size: int = -1) -> bytes:
    """A frame as a client sends it, perhaps one that says another size than it has."""
    size = len(payload) if size < 0 else size
    short = size if size < 126 else 126 if size < 1 << 16 else 127
    more = b"" if short < 126 else size.to_bytes(2 if short == 126 else 8, "big")
    return bytes([last << 7 | opcode, masked << 7 | short]) + more + bytes(4 * masked) + payload


@contextmanager
def client(site: Site, headers: bytes = b"Host: x\r\n" + UPGRADE, then: bytes = b"") -> Iterator[socket.socket]:
    """A connection that has asked for a page's websocket."""
    with closing(socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)) as made:
        made.sendall(b"GET /user/HeavyHelen/2024/live HTTP/1.1\r\n" + headers + b"\r\n" + then)
        yield made


def answered(connection: socket.socket, until: bytes) -> bytes:
    """What the site has sent up to here."""
    received = b""
    while until not in received:
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


def shake_hands(connection: socket.socket) -> None:
    """Waits for the first message."""
    assert answered(connection, b"}").startswith(b"HTTP/1.1 101")


def is_cut_off(connection: socket.socket) -> bool:
    """Waits until the site ends the connection."""
    with suppress(ConnectionError):
        while connection.recv(65536):
            pass
    return True


@pytest.fixture
def site(served: Site, publish: Publish) -> Iterator[Site]:
    """A site with a page that hears everything, before and after, and whose log tells of no fault of ours."""
    written = len(served.process.output)
    publish(page(1))
    bystander = served.websocket()
    assert heard(bystander)["done"] == 1
    yield served
    publish(page(2))
    assert heard(bystander, after=1)["done"] == 2
    wait_until(lambda: open_pages(served) == 1)
    for noise in ("Traceback", "level=error"):
        assert noise not in served.process.output[written:], served.process.output[written:]


FRAMES = {
    "unmasked": frame(TEXT, b"hi", masked=False),
    "an unknown opcode": frame(3, b"hi"),
    "an unknown control opcode": frame(11),
    "reserved bits": b"\xf1\x82" + bytes(6),
    "a size below nothing": b"\x82\xff" + b"\xff" * 8 + bytes(4),
    "a ping that is too long": frame(PING, bytes(126)),
    "half a ping": frame(PING, b"a", last=False),
    "the end of what never began": frame(0, b"x"),
    "text that is none": frame(TEXT, b"\xff\xfe"),
    "a close with an unknown reason": frame(CLOSE, (5).to_bytes(2, "big")),
    "a close with half a reason": frame(CLOSE, b"a"),
    "more after a close": frame(CLOSE) + 100 * frame(TEXT, b"x"),
    "another request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}
"""What is wrong with it -> what ends a connection at once."""

ENDLESS = {
    "a huge frame": (frame(BINARY, size=1 << 62), bytes(1000)),
    "a message of endless parts": (frame(TEXT, b"a", last=False), frame(0, b"a" * 100, last=False)),
    "a message of empty parts": (frame(TEXT, last=False), 100 * frame(0, last=False)),
    "messages": (b"", frame(TEXT, b"hello")),
    "pings": (b"", 100 * frame(PING, b"x")),
    "pongs": (b"", 100 * frame(PONG, b"x")),
}
"""What never ends -> how it begins, and what comes over and over."""

NOT_ASCII = {
    "host": b"Host: \xc3\xa9\r\n" + UPGRADE,
    "domain": b"Host: xn--\r\n" + UPGRADE,
    "protocol": b"Host: x\r\nSec-WebSocket-Protocol: \xff\xfe,,\r\n" + UPGRADE,
}

AMBIGUOUS = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks of another kind": b"Transfer-Encoding: xchunked\r\n",
    "a length below nothing": b"Content-Length: -5\r\n",
    "two hosts": b"Host: y\r\n",
    "a folded line": b"X-A: a\r\n b\r\n",
    "half an end of a line": b"X-A: a\nContent-Length: 5\r\n",
    "a blank before the colon": b"Content-Length : 5\r\n",
    "NUL": b"X-A: a\0\r\n",
}
"""Headers by which two servers may read a request in two ways."""


@pytest.mark.parametrize("sent", FRAMES.values(), ids=FRAMES)
def test_what_is_no_frame_ends_the_connection(site: Site, sent: bytes) -> None:
    with client(site) as connection:
        shake_hands(connection)
        connection.sendall(sent)
        assert is_cut_off(connection)


@pytest.mark.parametrize(("begin", "more"), ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_cut_off(site: Site, begin: bytes, more: bytes) -> None:
    with client(site) as connection:
        shake_hands(connection)
        with suppress(ConnectionError):  # cut off meanwhile
            connection.sendall(begin + more * (1 + MOST_RECEIVED // len(more)))
        assert is_cut_off(connection)


def test_a_page_that_answers_pings_for_an_hour_stays(site: Site) -> None:
    with client(site) as connection:
        shake_hands(connection)
        connection.sendall(150 * frame(PONG) + frame(PING, b"there?"))
        assert answered(connection, b"there?")


def test_half_a_frame_holds_up_nobody(site: Site, publish: Publish) -> None:
    for half in (b"\x81", frame(TEXT, b"h", size=100), frame(TEXT, b"a", last=False)):
        with client(site) as connection:
            shake_hands(connection)
            connection.sendall(half)
            publish(page(1))
            assert answered(connection, b"}")


def test_pages_that_leave_are_counted_no_more_at_once(site: Site) -> None:
    for _ in range(MANY):
        with client(site) as connection:
            shake_hands(connection)
    wait_until(lambda: open_pages(site) == 1, seconds=5)


@pytest.mark.parametrize("headers", NOT_ASCII.values(), ids=NOT_ASCII)
def test_a_handshake_with_letters_where_none_belong_is_refused(site: Site, headers: bytes) -> None:
    with client(site, headers) as connection:
        assert answered(connection, b"\r\n").startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_an_ambiguous_handshake_is_refused_and_nothing_after_it_is_read(site: Site, headers: bytes) -> None:
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with client(site, b"Host: x\r\n" + UPGRADE + headers, hidden) as connection:
        received = answered(connection, b"</html>")
        assert received.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
        assert is_cut_off(connection)


def test_no_request_hides_in_the_body_of_a_handshake_that_is_refused(site: Site) -> None:
    hidden = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    length = f"Content-Length: {len(hidden)}\r\n".encode()
    then = hidden + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with client(site, b"Host: x\r\n" + length, then) as connection:
        received = answered(connection, b"\r\n\r\nok ")
        assert received.count(b"HTTP/1.1 ") == 2
        assert b"HTTP/1.1 400" in received


def test_a_stream_of_events_takes_no_body(site: Site, publish: Publish) -> None:
    with closing(socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)) as chatty:
        chatty.sendall(b"GET /user/HeavyHelen/2024/events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answered(chatty, b"}")
        chatty.setblocking(False)
        sent = 0
        with suppress(BlockingIOError):
            while True:
                sent += chatty.send(bytes(1 << 16))
        assert sent < 1 << 26, "as much as the kernel holds"
        assert requests.get(f"{site.url}/healthz", timeout=PATIENCE).ok

    def is_gone() -> bool:
        publish(page(1))  # a stream that has gone is noticed when something is said to it
        return open_pages(site) == 1

    wait_until(is_gone)
