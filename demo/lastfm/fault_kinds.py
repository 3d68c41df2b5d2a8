"""The kinds of faults: what each puts in place of a response, or changes in the call, the body or the response.

docs/stand-in.md says it in words.
"""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, formatdate, parsedate_to_datetime
from math import ceil
from typing import Any

from demo.lastfm.api_methods import ApiRequest
from demo.lastfm.responses import API_ERRORS, BUSY_PAGE, JsonObject, error_response, user_not_found
from demo.server import HttpResponse, html_response

BOMB_SIZE = 700  # MiB, when it is unpacked
NUMBERS = {"total", "page", "perPage", "totalPages", "uts", "playcount", "unixtime"}

RequestChange = Callable[[ApiRequest, int], ApiRequest]
"""Call, the fault's amount -> the call that is answered instead."""
BodyChange = Callable[[JsonObject, int], None]
"""Content of a body, the fault's amount; changes the content."""
Damage = Callable[[HttpResponse, float], HttpResponse]
"""Response, the fault's seconds -> the response that arrives."""


def _keep(wanted: Callable[[int, int], bool]) -> BodyChange:
    """Make a change that keeps the wanted rows, by their index and number, and the track that is playing."""

    def change(content: JsonObject, _: int) -> None:
        for name in content.keys() & {"track", "album"}:
            rows = content[name]
            playing = rows[:1] if rows and _is_playing(rows[0]) else []
            counted = rows[len(playing) :]
            content[name] = playing + [row for index, row in enumerate(counted) if wanted(index, len(counted))]

    return change


def _is_playing(row: Any) -> bool:
    return isinstance(row, dict) and "nowplaying" in row.get("@attr", {})


def _claim(total: Callable[[int, int], int]) -> BodyChange:
    """Make a change of the number of plays that an answer claims, and of the number of pages with it."""

    def change(content: JsonObject, amount: int) -> None:
        attributes = content.get("@attr", {})
        if "total" in attributes:
            claimed = max(0, total(int(attributes["total"]), amount))
            attributes["total"] = str(claimed)
            attributes["totalPages"] = str(ceil(claimed / int(attributes["perPage"])))

    return change


_no_rows = _keep(lambda _index, _count: False)
_uncounted = _claim(lambda _total, _amount: 0)


def _nothing(content: JsonObject, amount: int) -> None:
    _no_rows(content, amount)
    _uncounted(content, amount)


def _lost_page(content: JsonObject, _: int) -> None:
    attributes = content.get("@attr", {})
    if "totalPages" in attributes:
        attributes["totalPages"] = str(max(0, int(attributes["totalPages"]) - 1))


def _echo(content: JsonObject, _: int) -> None:
    attributes = content.get("@attr", {})
    if "page" in attributes:
        attributes["page"] = str(int(attributes["page"]) + 1)
        attributes["perPage"] = "50"


def _single(content: JsonObject, _: int) -> None:
    for name, value in content.items():
        if isinstance(value, list) and len(value) == 1:
            content[name] = value[0]


def _numbers(write: Callable[[str], Any]) -> Callable[[Any, int], None]:
    """Make a change of the form that numbers have."""

    def change(content: Any, amount: int) -> None:
        inside = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
        for value in inside:
            change(value, amount)
        if isinstance(content, dict):
            numbers = {name: content[name] for name in content.keys() & NUMBERS}
            content.update({name: write(text) for name, text in numbers.items() if str(text).isdecimal()})

    return change


def _cut_json(response: HttpResponse, _: float) -> HttpResponse:
    return replace(response, body=response.body[: len(response.body) // 2])


def _truncated(response: HttpResponse, seconds: float) -> HttpResponse:
    return replace(_cut_json(response, seconds), announced_length=len(response.body))


def _bomb(response: HttpResponse, _: float) -> HttpResponse:
    blanks = gzip.compress(b" " * 2**20)  # which may follow JSON
    headers = {**response.more_headers, "Content-Encoding": "gzip"}
    return replace(response, body=gzip.compress(response.body) + blanks * BOMB_SIZE, more_headers=headers)


def _other_time(response: HttpResponse, seconds: float) -> HttpResponse:
    date = parsedate_to_datetime(response.headers.get("Date", formatdate(usegmt=True)))
    shifted = format_datetime(date + timedelta(seconds=seconds), usegmt=True)
    return replace(response, more_headers={**response.more_headers, "Date": shifted})


REPLACEMENTS: dict[str, HttpResponse] = {
    "html": html_response(BUSY_PAGE, 200),
    "406": html_response("<html><body><h1>Rate limited</h1></body></html>", 406),
    "500": html_response(BUSY_PAGE, 500),
    "502": html_response(BUSY_PAGE, 502),
    "503": html_response(BUSY_PAGE, 503),
    **{f"error{code}": error_response(code) for code in API_ERRORS},
    "error8_in_200": error_response(8, status=200),
    "not_found": user_not_found(),
}
REQUEST_CHANGES: dict[str, RequestChange] = {
    "other_user": lambda request, _: request.about_another_user(),
    "next_page": lambda request, _: request.changed(page=request.page + 1),
    "any_time": lambda request, _: request.changed(**{"from": None, "to": None}),
    "grants": lambda request, amount: request.changed(limit=min(request.limit, amount)),
}
BODY_CHANGES: dict[str, BodyChange] = {
    "short": _keep(lambda index, _: index % 10 > 0),
    "half": _keep(lambda index, count: index < (count + 1) // 2),
    "empty": _no_rows,
    "nothing": _nothing,
    "uncounted": _uncounted,
    "miscounted": _claim(lambda total, amount: total + amount),
    "lost_page": _lost_page,
    "echo": _echo,
    "single": _single,
    "spaces": _numbers(lambda number: f" {number} "),
    "json_numbers": _numbers(int),
    "no_attributes": lambda content, _: content.pop("@attr", None),
    "no_registration": lambda content, _: content.pop("registered", None),
    "no_playcount": lambda content, _: content.update({"playcount": ""} if "playcount" in content else {}),
}
DAMAGES: dict[str, Damage] = {
    "truncated": _truncated,
    "cut_json": _cut_json,
    "bomb": _bomb,
    "other_time": _other_time,
    "hang": lambda response, seconds: replace(response, delay=response.delay + seconds),
    "drip": lambda response, seconds: replace(response, pace=seconds),
}
FAULT_KINDS = frozenset({*REPLACEMENTS, *REQUEST_CHANGES, *BODY_CHANGES, *DAMAGES})
