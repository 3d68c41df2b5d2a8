"""A stranger who pings a machine as fast as the network takes it, by IPv4."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ECHO_REQUEST, ECHO_REPLY = 8, 0


class Flood:
    """How many pings went out so far, and how many came back."""

    def __init__(self) -> None:
        self.sent = self.answered = 0


@contextmanager
def flood_of_pings(address: str) -> Iterator[Flood]:
    """Ping an address until the block ends. Needs root."""
    flood, over = Flood(), threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.setblocking(False)
        raw.connect((address, 0))
        thread = threading.Thread(target=_ping, args=(raw, flood, over))
        thread.start()
        try:
            yield flood
        finally:
            over.set()
            thread.join()


def _ping(raw: socket.socket, flood: Flood, over: threading.Event) -> None:
    while not over.is_set():  # without a pause, in which there would be room for something else
        for number in range(100):
            with suppress(OSError):
                raw.send(_echo_request(number))
                flood.sent += 1
        with suppress(BlockingIOError):
            while True:
                flood.answered += raw.recv(200)[20] == ECHO_REPLY


def _echo_request(number: int) -> bytes:
    body = struct.pack("!HH", 1, number)
    checksum = ~(ECHO_REQUEST * 256 + 1 + number) & 0xFFFF
    return struct.pack("!BBH", ECHO_REQUEST, 0, checksum) + body
