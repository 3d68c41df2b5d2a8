"""How an answer of Last.fm's is judged: by its body first, then by its status; and what is asked again."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from worker.lastfm.client import LastFm
from worker.lastfm.errors import (
    CallRefused,
    KeyRefused,
    ListeningHidden,
    NoSuchUser,
    OtherListener,
    TooFast,
    TooMuch,
    TryAgain,
    Unreachable,
)

START, END = 1_672_531_200, 1_704_067_200
Answer = tuple[int, object] | Exception


def rows(user: str = "SingleSam", **changes: Any) -> Answer:
    attributes = {"user": user, "page": "1", "perPage": "1000", "totalPages": "1", "total": "0", **changes}
    return 200, {"recenttracks": {"track": [], "@attr": attributes}}


def error(code: int, status: int) -> Answer:
    return status, {"error": code, "message": "..."}


class Wire(requests.Session):
    """Stands for the network: gives these answers, the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def get(self, _url: object, *, params: dict[str, Any], **_: Any) -> requests.Response:  # type: ignore[override]
        self.asked.append(params)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code, content = answer
        response.raw = io.BytesIO(content if isinstance(content, bytes) else json.dumps(content).encode())
        return response


class FreeLimiter:
    """Allows every call, and notes what it is told."""

    burst = 1

    def __init__(self) -> None:
        self.refused = False
        self.paused: list[float] = []

    def wait(self, *, urgent: bool = False, tell: Callable[[float], None]) -> None: ...

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def refused_for(self, _key: str) -> float:
        return 30.0 if self.refused else 0.0

    def mark_refused(self, _key: str) -> float:
        self.refused = True
        return 30.0

    def mark_accepted(self) -> None:
        self.refused = False


class Line:
    """A client whose network answers like this."""

    def __init__(self, *answers: Answer) -> None:
        self.wire, self.limiter, self.slept = Wire(*answers), FreeLimiter(), list[float]()
        self.client = LastFm(
            api_url="http://last.fm/2.0/",
            web_url="http://last.fm",
            key="key",
            contact="us",
            limiter=self.limiter,  # type: ignore[arg-type]
            sleep=self.slept.append,
            session=self.wire,
        )

    @property
    def attempts(self) -> int:
        return len(self.wire.asked)


def test_plays_of_a_stretch_are_asked_for_by_its_bounds() -> None:
    line = Line(rows())
    assert line.client.plays("singlesam", START, END).is_proof
    (asked,) = line.wire.asked
    assert (asked["user"], asked["from"], asked["to"]) == ("singlesam", START, END)
    assert (asked["limit"], asked["page"]) == (1000, 1)


def test_the_answer_about_another_page_is_not_taken() -> None:
    line = Line(rows(), rows(page="3"))
    assert line.client.plays("SingleSam", START, END, rows=200, page=3).granted == 200
    assert [(call["limit"], call["page"]) for call in line.wire.asked] == [(200, 3)] * 2


def test_a_count_costs_one_row() -> None:
    line = Line(rows(total="12100"), rows(total=""))
    assert line.client.count_plays("SingleSam", START, END) == 12_100
    assert line.client.count_plays("SingleSam", START, END) is None
    assert [call["limit"] for call in line.wire.asked] == [1, 1]


@pytest.mark.parametrize(
    "answer",
    [
        *((status, b"<html>") for status in (200, 301, 400, 403, 404, 429, 500, 502, 503, 504)),
        *((200, body) for body in (b"", b"[]", b"7", b"null", b'"text"', b"[" * 100_000, b"1" * 5000, b"{}")),
        *((status, {"recenttracks": {}}) for status in (201, 404, 500)),
        *(error(code, status) for code in (2, 8, 11, 16, 29) for status in (200, 400, 403, 404, 429, 500, 503)),
        *(error(code, 500) for code in (0, 3, 6, 7, 10, 17, 26, 99)),
        (200, {"error": None}),
        (200, {"error": {"code": 6}}),
        requests.ConnectionError("the key is in here"),
        requests.ReadTimeout("the key is in here"),
    ],
)
def test_what_passes_is_asked_again(answer: Answer) -> None:
    line = Line(answer, answer, rows())
    assert line.client.plays("SingleSam", START, END, rows=1).is_proof
    assert (line.attempts, len(line.slept)) == (3, 2)


def test_a_broken_letter_or_control_character_costs_no_more_than_itself() -> None:
    for odd in (b"\x01", b"\n", b"\xff"):
        row = {"artist": {"#text": "Pat"}, "name": "Oh, Me", "date": {"uts": str(START)}}
        content = json.dumps({"recenttracks": {"track": row}}).encode().replace(b"Me", b"M" + odd + b"e")
        (play,) = Line((200, content)).client.plays("SingleSam", START, END).scrobbles
        assert (play.artist, len(play.title)) == ("Pat", 7)


TOO_MUCH = [
    error(8, 500),
    error(8, 503),
    error(8, 200),
    (500, b"<html>"),
    (504, b"<html>"),
    (200, b'{"recenttracks": {"track": [{"na'),
    requests.ReadTimeout(),
    requests.exceptions.ChunkedEncodingError(),
]


@pytest.mark.parametrize("answer", TOO_MUCH)
def test_what_fewer_rows_may_help_against_is_left_to_the_caller(answer: Answer) -> None:
    line = Line(answer)
    with pytest.raises(TooMuch):
        line.client.plays("SingleSam", START, END, rows=2)
    assert line.attempts == 1
    for ask in (
        lambda: line.client.plays("SingleSam", START, END, rows=1),
        lambda: line.client.count_plays("SingleSam", START, END),
        lambda: line.client.profile("SingleSam"),
    ):
        line.wire.asked.clear()
        with pytest.raises(TooMuch):
            ask()
        assert line.attempts == 5


@pytest.mark.parametrize("answer", [(502, b""), (503, b"<html>"), error(16, 503), (200, b"<html>"), (200, {})])
def test_what_fewer_rows_do_not_help_against_is_asked_again_for_any_number(answer: Answer) -> None:
    line = Line(answer)
    with pytest.raises(TryAgain) as raised:
        line.client.plays("SingleSam", START, END)
    assert not isinstance(raised.value, TooMuch)
    assert line.attempts == 5


def test_a_line_that_is_dead_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        Line(requests.ConnectionError()).client.plays("SingleSam", START, END)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (error(6, 404), NoSuchUser),
        (error(7, 200), NoSuchUser),
        (error(17, 403), ListeningHidden),
        (error(6, 400), CallRefused),
        (error(3, 400), CallRefused),
        (error(99, 200), CallRefused),
        (rows("LightLuca"), OtherListener),
    ],
)
def test_an_error_that_is_not_about_the_key_has_to_be_said_twice(answer: Answer, raised: type[Exception]) -> None:
    assert Line(answer, rows()).client.plays("SingleSam", START, END).is_proof
    line = Line(answer)
    with pytest.raises(raised):
        line.client.plays("SingleSam", START, END)
    assert line.attempts == 2


def test_who_the_answer_is_about_is_told() -> None:
    with pytest.raises(OtherListener) as raised:
        Line(rows("LightLuca")).client.plays("SingleSam", START, END)
    assert raised.value.answered == "LightLuca"


@pytest.mark.parametrize("name", ["x" * 33, "<b>", "a/b", "two words"])
def test_what_can_be_nobodys_name_is_no_other_listener(name: str) -> None:
    with pytest.raises(TryAgain, match="names nobody"):
        Line(rows(name)).client.plays("SingleSam", START, END)


@pytest.mark.parametrize("code", [4, 9, 10, 13, 14, 15, 26])
def test_an_error_about_the_key_ends_all_calls_at_once(code: int) -> None:
    line = Line(error(code, 403))
    for _ in range(2):
        with pytest.raises(KeyRefused):
            line.client.plays("SingleSam", START, END)
    assert line.attempts == 1


@pytest.mark.parametrize("answer", [error(29, 429), error(29, 200), (429, b"<html>"), (429, {})])
def test_a_client_that_is_too_fast_pauses_everybody(answer: Answer) -> None:
    line, told = Line(answer, rows()), list[float]()
    line.client.telling(told.append).plays("SingleSam", START, END)
    assert line.limiter.paused == [60.0]
    assert told == [60.0]
    with pytest.raises(TooFast):
        Line(answer).client.plays("SingleSam", START, END)


def test_only_who_asked_for_it_is_told_of_retries() -> None:
    line, told = Line(error(8, 500), rows()), list[float]()
    assert line.client.telling(told.append) is not line.client
    line.client.plays("SingleSam", START, END, rows=1)
    assert (len(line.slept), told) == (1, [])


@pytest.mark.parametrize(
    "user",
    [
        {"name": "SingleSam"},
        {"name": "SingleSam", "playcount": "", "registered": None},
        {"name": "SingleSam", "playcount": None, "registered": {"unixtime": "", "#text": None}},
        {"name": "SingleSam", "playcount": "many", "registered": {"unixtime": "0"}},
        {"name": "SingleSam", "playcount": [], "registered": "then"},
        {},
        {"name": ""},
    ],
)
def test_a_profile_need_not_say_anything(user: dict[str, Any]) -> None:
    profile = Line((200, {"user": user})).client.profile("SingleSam")
    assert (profile.playcount, profile.registered_at) == (None, None)
    assert profile.username in ("SingleSam", None)


def test_a_profile_of_another_name_is_believed_the_second_time() -> None:
    luca = (200, {"user": {"name": "LightLuca"}})
    assert Line(luca, (200, {"user": {"name": "SingleSam"}})).client.profile("SingleSam").username == "SingleSam"
    with pytest.raises(OtherListener):
        Line(luca).client.profile("SingleSam")
