"""Open pages: each is a listener's year in a browser, which follows as live.js does, with a person before it."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import requests
import websocket

from demo.lastfm.accounts import Account

LOAD_SECONDS = 15.0  # without an event, or for a load, as in live.js
MIN_PAUSE = 0.35
PERSON_SECONDS = 5.0  # until a person presses the button of a page that does nothing by itself
CHECK_SECONDS = 0.2


@dataclass
class Shown:
    """What a page showed last."""

    html: str = ""
    at: float = 0.0
    """In UNIX seconds."""
    loads: int = 0
    pressed: int = 0

    @property
    def live(self) -> bool:
        """Whether the page follows by itself."""
        return "data-live=" in self.html

    @property
    def seconds(self) -> float | None:
        """In how many seconds the page loads itself again because a countdown ends."""
        found = re.search(r'data-seconds="(\d+)"', self.html)
        return float(found[1]) if found else None

    @property
    def plays(self) -> int | None:
        """How many plays it shows of the whole year; None while it shows a part of it, or no year."""
        found = re.search(r"<dt>Plays in \d+</dt><dd>([\d,]+)", self.html)
        return int(found[1].replace(",", "")) if found and not self.live else None

    @property
    def headline(self) -> str:
        """What it says, for a report."""
        found = re.findall(r"<(?:p class=\"headline\"|h1|h2|strong)[^>]*>(.*?)</", self.html, re.DOTALL)
        return " | ".join(" ".join(text.split()) for text in found) or self.html[:200]


class Page(threading.Thread):
    """A person who looks at one year of a listener after the other, each until the page shows all of it."""

    def __init__(
        self, number: int, port: int, account: Account, years: list[int], rng: Random, advanced: Callable[[], None]
    ) -> None:
        super().__init__(name=f"page of {account.name}", daemon=True)
        self.account, self.number = account, number
        self.year = 0
        self.shown = Shown()
        self.seen: list[int] = []
        """The years it has shown, the last one of which may be under way."""
        self.pressed = 0
        self.finished = threading.Event()
        """Whether it shows the truth, and is at its last year."""
        self._years, self._rng, self._advanced = years, rng, advanced
        self._port = port
        self._last, self._closing = threading.Event(), threading.Event()
        self._heard: object = None
        self._session = requests.Session()
        # Each page has an address, and so a budget, of its own.
        self._headers = {"X-Forwarded-For": f"10.1.0.{number + 1}", "User-Agent": "Mozilla/5.0 (a person)"}
        self._session.headers.update(self._headers)
        self.crash: BaseException | None = None

    def stay(self) -> None:
        """Look at no other year after this one."""
        self._last.set()

    def close(self) -> None:
        """Close the page."""
        self._closing.set()

    @property
    def told(self) -> int:
        """How many plays Last.fm has of the year."""
        return len(self.account.plays(self.year))

    def run(self) -> None:
        """Look at the years in turn, from the first one again after the last."""
        try:
            self._look()
        except Exception as error:  # noqa: BLE001  whatever it is, the report tells it
            self.crash = error
        finally:
            self._session.close()

    def _look(self) -> None:
        turn = 0
        while not self._closing.is_set():
            self.year = self._years[turn % len(self._years)]
            self.seen.append(self.year)
            self.shown = Shown()
            if turn >= len(self._years):
                self._press("refresh")
            self._watch()
            self.pressed += self.shown.pressed
            if self._last.is_set():
                self.finished.set()
                return
            turn += 1

    def _watch(self) -> None:
        failures = 0
        self._load()
        while not self._closing.is_set() and self.shown.plays != self.told:
            if not self.shown.live:
                self._wait(self.shown.seconds or PERSON_SECONDS)
                self._press("resume") if 'id="resume"' in self.shown.html else self._load()
                continue
            worked = self._follow_events() if failures % 2 else self._follow_socket()
            failures = 0 if worked and not failures % 2 else failures + (not worked)
            if self.shown.live:
                self._wait(min(LOAD_SECONDS, 0.5 * 2**failures) * (0.7 + 0.6 * self._rng.random()))
                self._load()

    def _load(self) -> None:
        with suppress(requests.RequestException):
            answer = self._session.get(self._url(), timeout=LOAD_SECONDS)
            self._show(answer)

    def _press(self, button: str) -> None:
        self.shown.pressed += 1
        with suppress(requests.RequestException):
            headers = {"Sec-Fetch-Site": "same-origin"}
            self._show(self._session.post(f"{self._url()}/{button}", headers=headers, timeout=LOAD_SECONDS))

    def _show(self, answer: requests.Response) -> None:
        if 'id="page"' in answer.text or not answer.ok:
            self.shown.html, self.shown.at = answer.text, time.time()
            self.shown.loads += 1

    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}/user/{self.account.name}/{self.year}"

    def _wait(self, seconds: float) -> None:
        self._closing.wait(seconds)

    def _follow(self, messages: Iterator[str | None]) -> bool:
        """Load after each message until the connection ends or the page follows no more; whether one came."""
        worked = False
        load_at = time.monotonic() + LOAD_SECONDS
        if self.shown.seconds is not None:
            load_at = min(load_at, time.monotonic() + self.shown.seconds)
        for message in messages:
            if message is not None:
                worked = True
                self._hear(message)
            if message is not None or time.monotonic() > load_at:
                self._load()
                self._wait(MIN_PAUSE)
                load_at = time.monotonic() + min(LOAD_SECONDS, self.shown.seconds or LOAD_SECONDS)
            if self._closing.is_set() or not self.shown.live:
                break
        return worked

    def _hear(self, message: str) -> None:
        event = json.loads(message) or {}
        heard = tuple(event.get(name) for name in ("run", "phase", "done", "scrobbles"))
        if heard != self._heard and event.get("phase") in ("fetching", "augmenting", "completed"):
            self._heard = heard
            self._advanced()

    def _follow_socket(self) -> bool:
        try:
            connection = websocket.create_connection(
                f"{self._url().replace('http', 'ws', 1)}/live", timeout=10, header=self._headers
            )
        except (OSError, websocket.WebSocketException):
            return False
        connection.settimeout(CHECK_SECONDS)

        def messages() -> Iterator[str | None]:
            while True:
                try:
                    code, message = connection.recv_data()
                except websocket.WebSocketTimeoutException:
                    yield None
                    continue
                except (OSError, websocket.WebSocketException):
                    return
                if code == websocket.ABNF.OPCODE_CLOSE:
                    return
                yield message.decode()

        try:
            return self._follow(messages())
        finally:
            connection.close(timeout=0)

    def _follow_events(self) -> bool:
        path = self._url().partition(str(self._port))[2]
        headers = "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        try:
            connection = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        except OSError:
            return False
        with connection:
            connection.sendall(
                f"GET {path}/events HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{headers}\r\n".encode()
            )
            connection.settimeout(CHECK_SECONDS)
            return self._follow(_data_lines(connection))


def _data_lines(connection: socket.socket) -> Iterator[str | None]:
    """Yield what Server-Sent Events say, None after a moment without any; ends with the connection."""
    text = b""
    while True:
        try:
            data = connection.recv(65536)
        except TimeoutError:
            yield None
            continue
        except OSError:
            return
        if not data:
            return
        text += data
        *lines, text = text.split(b"\n")
        yield from (line[6:].decode() for line in lines if line.startswith(b"data: "))
