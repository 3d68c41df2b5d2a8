"""Faults that Last.fm is known for, switched on for as many calls as a test wants."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Self

from demo.lastfm.api_methods import ApiRequest
from demo.lastfm.fault_kinds import BODY_CHANGES, DAMAGES, FAULT_KINDS, REPLACEMENTS, REQUEST_CHANGES
from demo.lastfm.responses import ApiError, JsonObject
from demo.server import HttpResponse


@dataclass(frozen=True)
class Fault:
    """What goes wrong, for which calls (None: for any), and how many times (None: always).

    `kind` is one of FAULT_KINDS; `seconds`, `amount` and `status` say more about some of them. Calls may be chosen
    by their time range, which touches the one from `start` to before `end` or is `longer_than` so many seconds,
    and by what their answer would list: `above` so many plays. Only faults with the method `profile` hit profile
    pages, and only those that replace, delay or damage the response as a whole.
    """

    kind: str
    method: str | None = None
    user: str | None = None
    page: int | None = None
    times: int | None = 1
    seconds: float = 30.0
    amount: int = 1
    status: int | None = None
    start: int | None = None
    end: int | None = None
    longer_than: int | None = None
    above: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"no fault {self.kind!r}, only {', '.join(sorted(FAULT_KINDS))}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `KIND,NAME=VALUE,...`; the value `always` is None. Raises ValueError."""
        kind, *settings = text.split(",")
        values = {name: value for name, _, value in (setting.partition("=") for setting in settings)}
        if unknown := values.keys() - cls.__dataclass_fields__.keys():
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        return cls(kind, **{name: _value(name, value) for name, value in values.items()})

    def hits(self, request: ApiRequest) -> bool:
        """Say whether the fault is for this call. Raises ApiError where the call has no such parameters."""
        return (
            request.method.casefold() == self.method.casefold() if self.method else request.method != "profile"
        ) and all(
            (
                (self.start, self.end, self.longer_than) == (None, None, None) or "from" in request.params,
                self.user is None or self.user.casefold() == request.params.get("user", "").casefold(),
                self.page is None or self.page == request.page,
                self.start is None or self.start < request.end,
                self.end is None or self.end > request.start,
                self.longer_than is None or request.end - request.start > self.longer_than,
                self.above is None or len(request.listed) > self.above,
            )
        )


class Faults:
    """The faults that are switched on. A call takes those that are there always, and the oldest of the others."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[tuple[Fault, int | None]] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._pending += [(fault, fault.times) for fault in faults]

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch all faults off and these on."""
        with self._lock:
            self._pending = [(fault, fault.times) for fault in faults]

    def clear(self) -> None:
        self.replace(())

    def take(self, request: ApiRequest) -> tuple[ApiRequest, list[Fault]]:
        """Return the faults that hit this call, counted down, and the call as they change it."""
        taken: list[Fault] = []
        with self._lock:
            for index, (fault, left) in enumerate(self._pending):
                is_over = left == 0 or (left is not None and any(other.times is not None for other in taken))
                with suppress(ApiError):  # such a call is refused anyway
                    if is_over or not fault.hits(request):
                        continue
                    if fault.kind in REQUEST_CHANGES:
                        request = REQUEST_CHANGES[fault.kind](request, fault.amount)
                    if left is not None:
                        self._pending[index] = (fault, left - 1)
                    taken.append(fault)
        return request, taken


def replacement(faults: Sequence[Fault]) -> HttpResponse | None:
    """Return the response that comes in place of the right one, if one of the faults replaces it."""
    for fault in faults:
        if response := REPLACEMENTS.get(fault.kind):
            return replace(response, status=fault.status or response.status)
    return None


def change_body(body: JsonObject, faults: Sequence[Fault]) -> None:
    """Let the faults change the body of the right response."""
    for fault in faults:
        if fault.kind in BODY_CHANGES:
            for content in body.values():
                BODY_CHANGES[fault.kind](content, fault.amount)


def damage(response: HttpResponse, faults: Sequence[Fault]) -> HttpResponse:
    """Return the response as it arrives."""
    for fault in faults:
        if fault.kind in DAMAGES:
            response = DAMAGES[fault.kind](response, fault.seconds)
    return response


def _value(name: str, text: str) -> Any:
    if name in ("method", "user"):
        return text
    return None if text == "always" else float(text) if "." in text else int(text)
