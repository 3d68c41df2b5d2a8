"""Faults that Last.fm is known for, switched on for as many calls as a test wants."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock

from demo import wire

INSTEAD: dict[str, wire.Answer] = {
    "html": wire.page(wire.BUSY_PAGE, 200),
    "406": wire.page("<html><body><h1>Rate limited</h1></body></html>", 406),
    "500": wire.page(wire.BUSY_PAGE, 500),
    "502": wire.page(wire.BUSY_PAGE, 502),
    "503": wire.page(wire.BUSY_PAGE, 503),
    **{f"error{code}": wire.error(code) for code in (8, 10, 11, 16, 17, 26, 29)},
    "error8_in_200": wire.error(8, status=200),
    "not_found": wire.no_such_user(),
}


def _short(body: wire.Body) -> None:
    """Every tenth row is missing, the newest among them, and the totals do not know."""
    if "recenttracks" in body:
        tracks = body["recenttracks"]["track"]
        dated = [track for track in tracks if "date" in track]
        missing = dated[::10]
        body["recenttracks"]["track"] = [track for track in tracks if track not in missing]


def _empty(body: wire.Body) -> None:
    """A chart without albums, whatever was played."""
    if "weeklyalbumchart" in body:
        body["weeklyalbumchart"]["album"] = []


def _half_chart(body: wire.Body) -> None:
    """A chart that is cut off half-way, as old ones are at 500 albums."""
    if "weeklyalbumchart" in body:
        albums = body["weeklyalbumchart"]["album"]
        body["weeklyalbumchart"]["album"] = albums[: (len(albums) + 1) // 2]


def _single(body: wire.Body) -> None:
    """A list of one collapses to the one, as it does where JSON is made from XML."""
    for content in body.values():
        for name, value in content.items():
            if isinstance(value, list) and len(value) == 1:
                content[name] = value[0]


def _truncated(answer: wire.Answer) -> wire.Answer:
    """The connection ends half-way through what was promised."""
    return wire.Answer(answer.status, _half(answer.body), answer.kind, promised=len(answer.body))


def _cut_json(answer: wire.Answer) -> wire.Answer:
    """HTTP is in order, but the JSON in it is only half there."""
    return wire.Answer(answer.status, _half(answer.body), answer.kind)


def _half(body: bytes) -> bytes:
    return body[: len(body) // 2]


RESHAPE: dict[str, Callable[[wire.Body], None]] = {
    "short": _short,
    "single": _single,
    "empty": _empty,
    "half": _half_chart,
}
SPOIL: dict[str, Callable[[wire.Answer], wire.Answer]] = {"truncated": _truncated, "cut_json": _cut_json}
KINDS = frozenset({*INSTEAD, *RESHAPE, *SPOIL, "hang", "other_user"})


@dataclass(frozen=True)
class Fault:
    """What goes wrong, for which calls (None is any), and how many times (None is for ever).

    `what` is one of KINDS; a `hang` answers after `seconds`. Profile pages are hit only by faults with the method
    `profile`, and only by those that come instead of an answer, or hang.
    """

    what: str
    method: str | None = None
    user: str | None = None
    page: int | None = None
    times: int | None = 1
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.what not in KINDS:
            raise ValueError(f"no fault {self.what!r}, only {', '.join(sorted(KINDS))}")

    def hits(self, method: str, user: str, page: int) -> bool:
        return (
            (method != "profile" if self.method is None else self.method.casefold() == method.casefold())
            and (self.user is None or self.user.casefold() == user.casefold())
            and (self.page is None or self.page == page)
        )


class Faults:
    """The faults that are switched on; each call takes at most one, the oldest that hits it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[tuple[Fault, int | None]] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._waiting += [(fault, fault.times) for fault in faults]

    def replace(self, faults: Iterable[Fault]) -> None:
        """Only these from now on."""
        with self._lock:
            self._waiting = [(fault, fault.times) for fault in faults]

    def clear(self) -> None:
        self.replace(())

    def take(self, method: str, user: str, page: int) -> Fault | None:
        """The fault that hits this call, used up by one; None if all is well."""
        with self._lock:
            for index, (fault, left) in enumerate(self._waiting):
                if (left is None or left > 0) and fault.hits(method, user, page):
                    self._waiting[index] = (fault, None if left is None else left - 1)
                    return fault
        return None


def spoiled(what: str, body: wire.Body) -> wire.Answer:
    """The answer to a call whose body is known, as the fault of that name leaves it; other names do nothing."""
    if what in RESHAPE:
        RESHAPE[what](body)
    answer = wire.answer(body)
    return SPOIL[what](answer) if what in SPOIL else answer
