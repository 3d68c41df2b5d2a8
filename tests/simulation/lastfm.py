"""A simulated Last.fm: it answers requests inside the process, on the real wire format, and often wrongly."""

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from tests.simulation.history import History, Play, some_play

NAME = "SimulatedSue"
CODES = (0, 2, 3, 4, 5, 6, 7, 8, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 27, 29, 99)
STATUSES = (200, 400, 403, 404, 429, 500, 502, 503, 504)


@dataclass
class Manners:
    """How this Last.fm behaves all the time, and how often it errs.

    `granted`: the most rows it gives. `fails_above`: it answers 500 to whoever asks for more. `offset`: by how
    much its counts are wrong. `has_attributes`: whether answers have an `@attr` at all. `ghosts_leave_holes`:
    whether a page with a ghost is short, or filled up with the next row.
    """

    granted: int = 1000
    fails_above: int = 1000
    offset: int = 0
    has_attributes: bool = True
    ghosts_leave_holes: bool = False
    is_playing: bool = False
    numbers_have_spaces: bool = False
    errs: float = 0.0
    changes: float = 0.0


def random_manners(rng: Random) -> Manners:
    """Make up how it behaves; a third of all seeds see an honest Last.fm with nothing but limits."""
    manners = Manners(
        granted=rng.choice((1000, 1000, 500, 200, 20, 7)),
        fails_above=rng.choice((1000, 1000, 1000, 500, 200, 100)),
        ghosts_leave_holes=rng.random() < 0.5,
        is_playing=rng.random() < 0.3,
        numbers_have_spaces=rng.random() < 0.1,
    )
    if rng.random() < 0.66:
        manners.errs = rng.choice((0.02, 0.1, 0.3))
        manners.changes = rng.choice((0.0, 0.0, 0.05))
        manners.offset = rng.choice((0, 0, 0, 0, 0, 0, 1, -1, 7))
        manners.has_attributes = rng.random() > 0.04
    return manners


@dataclass
class SimulatedLastFm(BaseAdapter):
    """Mounted in a session of requests in place of the network."""

    rng: Random
    history: History
    manners: Manners
    effect: Callable[[], None]
    """Called before each answer: here the worker may be killed."""
    pass_time: Callable[[float], None]
    calls: int = 0
    errors: int = 0
    lies: set[tuple[int, int]] = field(default_factory=set)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.effect()
        self.calls += 1
        given = {name: values[0] for name, values in parse_qs(urlsplit(request.url or "").query).items()}
        status, body, headers = self._answer(given)
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = status, request, request.url or ""
        answer.headers.update(headers)
        answer.raw = HTTPResponse(io.BytesIO(body), headers=headers, status=status, preload_content=False)
        return answer

    def close(self) -> None:
        """There is nothing to close."""

    def _answer(self, given: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        self.pass_time(self.rng.choice((0.1, 0.1, 0.4, 2.0)))
        if self.rng.random() < self.manners.changes:
            self.change_history()
        wrong = self.rng.random() < self.manners.errs
        self.errors += wrong
        if wrong and (made := self._error()) is not None:
            return made
        if given["method"] != "user.getRecentTracks":
            return _json({"user": {"name": NAME, "registered": {"unixtime": "1500000000"}, "playcount": "7"}})
        start, end = int(given["from"]), int(given["to"])
        limit, page = int(given["limit"]), int(given["page"])
        if limit > self.manners.fails_above:
            return _error(8, 500)
        counted = self.history.counted(start, end)
        granted = min(limit, self.manners.granted)
        shown = counted if self.manners.ghosts_leave_holes else [one for one in counted if one.kind != "ghost"]
        shown = [one for one in shown[(page - 1) * granted : page * granted] if one.kind != "ghost"]
        if any(play.kind == "poison" for play in shown):
            return _error(8, 500)
        total = max(0, len(counted) + self.manners.offset)
        body = self._body(shown, total, granted, page)
        if wrong:
            self._spoil(body["recenttracks"], (start, end))
        answer = _json(body)
        if wrong and self.rng.random() < 0.1:
            return answer[0], answer[1][: len(answer[1]) // 2], answer[2]
        return answer

    def change_history(self) -> None:
        plays = sorted(self.history.plays, key=Play.__repr__)
        if plays and self.rng.random() < 0.5:
            self.history.remove(self.rng.choice(plays))
        else:
            self.history.add(some_play(self.rng, self.history))

    def _error(self) -> tuple[int, bytes, dict[str, str]] | None:
        match self.rng.randrange(9):
            case 0:
                raise requests.ConnectionError("reset")
            case 1:
                self.pass_time(20)
                raise requests.ReadTimeout("stalled")
            case 2:
                raise requests.exceptions.ChunkedEncodingError("cut off")
            case 3:
                return self.rng.choice(STATUSES), b"<html><h1>Please try again in 30 seconds.</h1></html>", {}
            case 4 | 5 | 6:
                return _error(self.rng.choice(CODES), self.rng.choice(STATUSES))
        return None

    def _body(self, shown: list[Play], total: int, granted: int, page: int) -> dict[str, Any]:
        rows = [_row(play) for play in shown]
        if self.manners.is_playing:
            now_playing = {"artist": {"#text": "dj tape hiss"}, "name": "Take 8", "album": {"#text": ""}}
            rows.insert(0, {**now_playing, "@attr": {"nowplaying": "true"}})
        number = "  {} ".format if self.manners.numbers_have_spaces else str
        attributes = {
            "user": NAME,
            "page": number(page),
            "perPage": number(granted),
            "totalPages": number(-(-total // granted)),
            "total": number(total),
        }
        content = {"track": rows[0] if len(rows) == 1 else rows}
        return {"recenttracks": {**content, "@attr": attributes} if self.manners.has_attributes else content}

    def _lie_once(self, content: dict[str, Any], asked: tuple[int, int], rows: int) -> None:
        """Let an answer lack rows and count no more only once for a time: said twice, it has to be believed."""
        shown = content["track"] if isinstance(content["track"], list) else [content["track"]]
        if len(shown) < rows and int(content.get("@attr", {}).get("total", -1)) <= len(shown):
            if asked in self.lies:
                content["@attr"]["total"] = str(rows + 1000)
            self.lies.add(asked)

    def _spoil(self, content: dict[str, Any], asked: tuple[int, int]) -> None:
        """Spoil a right answer: it must not be possible to take it for another right one."""
        if "@attr" not in content:
            return  # without a count nothing would tell
        rows = content["track"] if isinstance(content["track"], list) else [content["track"]]
        attributes = content["@attr"]
        total = int(attributes.get("total", len(rows)))
        match self.rng.randrange(8):
            case 0:
                content["track"] = rows[::2]
            case 1:
                content["track"] = []
            case 2:
                attributes["total"] = str(max(0, total + self.rng.choice((-total, -1, 1, 3, 1000))))
            case 3:
                attributes["user"] = "SomebodyElse"
            case 4:
                attributes["page"] = str(int(attributes.get("page", 1)) + 1)
            case 5:
                content["track"] = [*rows, _row(Play(5_000_000, "Another", "Time", ""))]
            case 6:
                content["track"], attributes["total"] = [], "0"
            case _:
                content.pop("@attr")
        self._lie_once(content, asked, len(rows))


def _row(play: Play) -> Any:
    if play.kind == "unreadable":
        return None
    date = None if play.kind == "undated" else {"uts": str(play.second)}
    return {"artist": {"#text": play.artist}, "name": play.title, "album": {"#text": play.album}, "date": date}


def _json(body: dict[str, Any], status: int = 200) -> tuple[int, bytes, dict[str, str]]:
    return status, gzip.compress(json.dumps(body).encode(), 1), {"Content-Encoding": "gzip"}


def _error(code: int, status: int) -> tuple[int, bytes, dict[str, str]]:
    return _json({"error": code, "message": "Operation failed"}, status)
