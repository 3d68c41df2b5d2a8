"""Every way in which the stand-in does not answer as it should, inside the process."""

import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from demo.lastfm.accounts import Account, Oddity, Play
from demo.lastfm.cast import ACCOUNTS
from demo.lastfm.fault_kinds import BOMB_SIZE
from demo.lastfm.faults import Fault
from demo.lastfm.in_process import InProcess
from demo.lastfm.model import LastfmModel
from demo.lastfm.responses import API_ERRORS

JOINED = datetime(2020, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
START, END = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2024, 2025))
RECENT, INFO = "user.getRecentTracks", "user.getInfo"
DAY = 24 * 60 * 60


class Client:
    """Calls a model of Last.fm. The time that passes is `slept`."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.model = LastfmModel(clock=self.clock, timer=self.clock)
        self.session = requests.Session()
        self.session.mount("https://lastfm/", InProcess(self.model, self.sleep))

    def clock(self) -> float:
        return NOW.timestamp() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def get(self, method: str = RECENT, since: int | str = START, **params: Any) -> requests.Response:
        """Ask about a year, or the time from `since` up to `to`."""
        query = {
            "method": method,
            "user": "Pat",
            "api_key": "a",
            "from": since,
            "to": END,
            "limit": 1000,
            **params,
        }
        return self.session.get("https://lastfm/2.0/", params=query, timeout=(5, 20), stream=True)

    def recent(self, since: int | str = START, **params: Any) -> dict[str, Any]:
        """Ask for plays; return the rows, and the attributes as `@attr`."""
        body: dict[str, Any] = self.get(RECENT, since, **params).json()
        assert "error" not in body, body
        found: dict[str, Any] = body["recenttracks"]
        return found

    def error(self, since: int | str = START, **params: Any) -> tuple[int, int]:
        answer = self.get(RECENT, since, **params)
        return answer.status_code, answer.json()["error"]

    def fail(self, kind: str, **params: Any) -> None:
        self.model.faults.add(Fault(kind, **params))


@pytest.fixture
def client() -> Client:
    """Pat has played something on each of the first 25 days of 2024."""
    client = Client()
    client.model.add_account(Account("Pat", JOINED, own=tuple(play(day) for day in range(25))))
    return client


def play(day: int, title: str = "", oddity: Oddity = "") -> Play:
    return Play(START + day * DAY, "Kellerassel Quintett", title or f"Take {day}", "Attic Tapes", "", oddity)


def titles(page: dict[str, Any]) -> list[str]:
    return [track["name"] for track in page["track"]]


def claims(page: dict[str, Any]) -> tuple[str, ...]:
    return tuple(page["@attr"][name] for name in ("total", "totalPages", "page", "perPage"))


# Which calls a fault hits


@pytest.mark.parametrize(
    ("chosen", "hit"),
    [
        ({"start": START + 10 * DAY, "end": START + 11 * DAY}, ["all", "day 10"]),
        ({"start": START + 11 * DAY}, ["all", "day 11"]),
        ({"end": START + 11 * DAY}, ["all", "day 10"]),
        ({"longer_than": DAY}, ["all"]),
        ({"longer_than": DAY - 1}, ["all", "day 10", "day 11"]),
        ({"above": 24}, ["all"]),
        ({"above": 25}, []),
        ({"above": 0}, ["all", "day 10", "day 11"]),
        ({"above": 0, "start": START + 11 * DAY}, ["all", "day 11"]),
    ],
)
def test_a_fault_chooses_calls_by_their_time_range_and_by_what_they_would_list(
    client: Client, chosen: dict[str, int], hit: list[str]
) -> None:
    ranges = {
        "all": (START, END),
        "day 10": (START + 10 * DAY, START + 11 * DAY),
        "day 11": (START + 11 * DAY, START + 12 * DAY),
    }
    client.fail("error8", times=None, **chosen)
    answers = {name: client.get(RECENT, start, to=end) for name, (start, end) in ranges.items()}
    assert [name for name, answer in answers.items() if answer.status_code == 500] == hit


def test_a_count_lists_one_play_and_a_profile_none(client: Client) -> None:
    client.fail("error8", above=1, times=None)
    assert claims(client.recent(limit=1)) == ("25", "25", "1", "1")
    assert client.error(limit=2) == (500, 8)
    assert client.get(INFO).status_code == 200


def test_a_fault_at_a_time_is_not_for_a_profile(client: Client) -> None:
    client.fail("error8", start=START, times=None)
    profile = client.session.get("https://lastfm/2.0/", params={"method": INFO, "user": "Pat", "api_key": "a"})
    assert profile.status_code == 200
    assert client.error() == (500, 8)


def test_a_call_with_parameters_that_do_not_exist_is_refused_as_ever(client: Client) -> None:
    client.fail("empty", start=START, above=1, times=None)
    client.fail("other_user", user="NobodyNoel")
    assert client.error("yesterday") == (400, 6)
    assert client.error(user="NobodyNoel") == (404, 6)


def test_a_call_takes_every_lasting_fault_and_one_of_the_others(client: Client) -> None:
    client.fail("short")
    client.fail("grants", amount=10, times=None)
    client.fail("miscounted", amount=5, times=None)
    client.fail("empty")
    pages = [client.recent() for _ in range(3)]
    assert [len(page["track"]) for page in pages] == [9, 0, 10]
    assert {claims(page) for page in pages} == {("30", "3", "1", "10")}


def test_a_fault_may_be_written_as_text() -> None:
    assert Fault.parse("bomb") == Fault("bomb")
    assert Fault.parse("error6,status=400,page=2,user=Pat,times=always,seconds=0.5") == Fault(
        "error6", status=400, page=2, user="Pat", times=None, seconds=0.5
    )
    for text, why in (("quake", "no fault"), ("bomb,x=1", "has no x"), ("bomb,page=two", "invalid literal")):
        with pytest.raises(ValueError, match=why):
            Fault.parse(text)


# What comes


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500, 503])
def test_every_error_comes_with_any_status(client: Client, status: int) -> None:
    for code in API_ERRORS:
        client.fail(f"error{code}", status=status)
        assert client.error() == (status, code)
    assert client.recent()


def test_a_smaller_limit_may_be_granted_than_was_asked_for(client: Client) -> None:
    client.fail("grants", amount=10, times=None)
    pages = [client.recent(page=page) for page in (1, 2, 3)]
    assert [len(page["track"]) for page in pages] == [10, 10, 5]
    assert claims(pages[1]) == ("25", "3", "2", "10")
    assert claims(client.recent(limit=5)) == ("25", "5", "1", "5")


@pytest.mark.parametrize(
    ("kind", "rows", "claimed"),
    [
        ("short", 22, ("25", "1", "1", "1000")),
        ("half", 13, ("25", "1", "1", "1000")),
        ("empty", 0, ("25", "1", "1", "1000")),
        ("nothing", 0, ("0", "0", "1", "1000")),
        ("uncounted", 25, ("0", "0", "1", "1000")),
        ("lost_page", 25, ("25", "0", "1", "1000")),
        ("echo", 25, ("25", "1", "2", "50")),
    ],
)
def test_rows_and_totals_may_disagree_once(client: Client, kind: str, rows: int, claimed: tuple[str, ...]) -> None:
    client.fail(kind)
    wrong, right = client.recent(), client.recent()
    assert (len(wrong["track"]), claims(wrong)) == (rows, claimed)
    assert (len(right["track"]), claims(right)) == (25, ("25", "1", "1", "1000"))


def test_the_track_that_is_playing_stays_on_an_empty_page(client: Client) -> None:
    client.fail("empty")
    (track,) = client.recent(user="HeavyHelen")["track"]
    assert track["@attr"] == {"nowplaying": "true"}


@pytest.mark.parametrize(("amount", "total", "pages"), [(-20, "5", "1"), (-99, "0", "0"), (2000, "2025", "3")])
def test_a_total_may_be_off_for_long_times_only(client: Client, amount: int, total: str, pages: str) -> None:
    client.fail("miscounted", amount=amount, longer_than=10 * DAY, times=None)
    assert claims(client.recent()) == (total, pages, "1", "1000")
    assert claims(client.recent(to=START + 10 * DAY)) == ("10", "1", "1", "1000")


def test_from_and_to_may_be_ignored(client: Client) -> None:
    client.fail("any_time")
    assert len(client.recent(to=START + DAY)["track"]) == 25


def test_another_page_may_come_and_says_so(client: Client) -> None:
    client.fail("next_page")
    page = client.recent(limit=10)
    assert titles(page)[0] == "Take 14"
    assert claims(page) == ("25", "3", "2", "10")


def test_attributes_may_be_missing(client: Client) -> None:
    client.fail("no_attributes")
    assert client.recent().keys() == {"track"}
    for kind, change in (("no_registration", {"registered"}), ("no_playcount", {"playcount"})):
        client.fail(kind)
        wrong, right = (client.get(INFO).json()["user"] for _ in range(2))
        assert {name for name in right if wrong.get(name) != right[name]} == change
        assert wrong.get("playcount") in ("25", "")


@pytest.mark.parametrize(("kind", "written"), [("spaces", " 25 "), ("json_numbers", 25)])
def test_numbers_may_have_another_form(client: Client, kind: str, written: object) -> None:
    client.fail(kind, times=None)
    page = client.recent()
    assert page["@attr"]["total"] == written
    assert type(page["track"][0]["date"]["uts"]) is type(written)
    assert client.get(INFO).json()["user"]["playcount"] == written


# How it comes


def test_a_hang_is_a_timeout_after_as_long_as_the_client_waits(client: Client) -> None:
    client.fail("hang", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        client.get()
    assert client.slept == 20
    client.model.latency = 0.25
    client.fail("hang", seconds=10)
    assert client.recent()["track"]
    assert client.slept == 20 + 10.25


def test_a_dripping_body_takes_a_second_a_byte(client: Client) -> None:
    client.fail("drip", seconds=1)
    answer = client.get()
    assert client.slept == 0
    assert (answer.raw.read1(1000), client.slept) == (b"{", 1)
    assert len(answer.content) == client.slept - 1


def test_a_bomb_is_small_until_it_is_unpacked(client: Client) -> None:
    client.fail("bomb")
    tracemalloc.start()
    answer = client.get(limit=1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * 2**20
    packed = answer.raw.read(decode_content=False)
    assert len(packed) < 2**20
    assert answer.headers["Content-Encoding"] == "gzip"
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert unpacker.decompress(packed).startswith(b'{"recenttracks"')
    assert unpacker.unused_data.count(b"\x1f\x8b\x08") == BOMB_SIZE


def test_a_response_may_be_cut_off(client: Client) -> None:
    client.fail("truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get().json()
    client.fail("cut_json")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.get().json()


def test_the_date_is_that_of_the_clock_or_another(client: Client) -> None:
    client.fail("other_time", seconds=-3600)
    dates = [parsedate_to_datetime(client.get().headers["Date"]) for _ in range(2)]
    assert [(date - NOW).total_seconds() for date in dates] == [-3600, 0]


def test_a_call_that_comes_too_soon_is_error_29(client: Client) -> None:
    client.model.call_log.rate, client.model.call_log.window = 2, 0.5
    assert client.recent()
    client.sleep(0.4)
    assert client.error() == (429, 29)
    client.sleep(0.1)
    assert client.recent()


# Plays that are not handed over


@pytest.mark.parametrize(
    ("oddity", "row"),
    [
        ("date_null", lambda track: (track["name"], track["date"]) == ("Odd", None)),
        ("no_date", lambda track: track["name"] == "Odd" and "date" not in track),
        ("uts_0", lambda track: (track["name"], track["date"]["uts"]) == ("Odd", "0")),
        ("null", lambda track: track is None),
        ("text", lambda track: track == "Odd"),
        ("nameless", lambda track: "name" not in track and int(track["date"]["uts"]) > START),
    ],
)
def test_an_odd_play_is_a_row_that_is_counted(client: Client, oddity: Oddity, row: Callable[[Any], bool]) -> None:
    client.model.add_plays("Pat", [play(30, "Odd", oddity)])
    page = client.recent()
    assert claims(page)[0] == "26"
    assert row(page["track"][0])
    assert titles({"track": page["track"][1:]}) == [f"Take {day}" for day in range(24, -1, -1)]


def test_a_ghost_is_counted_and_never_listed(client: Client) -> None:
    client.model.add_plays("Pat", [play(12, "Ghost", "ghost")])
    pages = [client.recent(limit=13, page=number) for number in (1, 2)]
    assert [claims(page)[0] for page in pages] == ["26", "26"]
    assert titles(pages[0]) + titles(pages[1]) == [f"Take {day}" for day in range(24, -1, -1)]
    assert client.get(INFO).json()["user"]["playcount"] == "26"


def test_an_answer_that_would_list_an_unserved_play_fails_and_every_other_works(client: Client) -> None:
    client.model.add_plays("Pat", [play(12, "Unserved", "unserved")])
    assert client.error() == (500, 8)
    assert client.error(START + 12 * DAY, to=START + 12 * DAY + 1) == (500, 8)
    assert claims(client.recent(limit=1)) == ("26", "26", "1", "1")
    assert client.error(to=START + 12 * DAY + 1, limit=1) == (500, 8), "it is the newest of two in that second"
    assert len(client.recent(START + 13 * DAY)["track"]) == 12
    assert len(client.recent(to=START + 12 * DAY)["track"]) == 12


def test_an_exact_duplicate_is_listed_and_counted_twice(client: Client) -> None:
    client.model.add_plays("Pat", [play(3)])
    page = client.recent()
    assert claims(page)[0] == "26"
    assert [track for track in page["track"] if track["name"] == "Take 3"] == page["track"][21:23]
    assert page["track"][21] == page["track"][22]


def test_thousands_of_plays_in_one_second_keep_their_order_over_pages(client: Client) -> None:
    imported = tuple(play(0, f"Import {number}") for number in range(2500))
    client.model.add_account(Account("Ian", JOINED, own=imported))
    pages = [client.recent(user="Ian", to=START + 1, page=number) for number in (1, 2, 3)]
    assert [claims(page)[0] for page in pages] == ["2500"] * 3
    assert [title for page in pages for title in titles(page)] == [each.title for each in reversed(imported)]


def test_a_renamed_listener_is_found_under_both_names_and_answers_under_the_new_one(client: Client) -> None:
    client.model.accounts.rename("Pat", "Patricia")
    client.model.accounts.rename("Patricia", "Trish")
    for name in ("pat", "patricia", "trish"):
        assert client.get(INFO, user=name).json()["user"]["name"] == "Trish"
        assert client.recent(user=name)["@attr"]["user"] == "Trish"
        assert client.session.head(f"https://lastfm/user/{name}").status_code == 200
    client.model.add_account(Account("Pat", JOINED))
    assert client.recent()["@attr"]["user"] == "Pat", "somebody else has taken the old name"


def test_plays_may_be_older_than_the_account_or_of_1970(client: Client) -> None:
    old = tuple(Play(uts, "A", f"Song {uts}", "", "") for uts in (0, 30, 1_100_000_000))
    client.model.add_account(Account("Old", JOINED, own=old))
    assert titles(client.recent(1, user="Old")) == ["Song 1100000000", "Song 30"]
    assert client.get(INFO, user="Old").json()["user"]["playcount"] == "3"


def test_greta_has_a_gap_and_every_other_kind_of_odd_play_that_a_page_tells_of() -> None:
    greta = next(account for account in ACCOUNTS if account.name == "GappyGreta")
    plays = greta.plays(2024)
    assert {each.oddity for each in plays} == {"", "unserved", "ghost", "date_null", "nameless"}
    assert len(plays) - len(set(plays)) == 6
    assert {each.oddity for each in greta.plays(2023)} == {""}
