"""A month, or some days, of a year: all of the page is of that alone, and what is wrong is said by name."""

import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.periods import Period
from app.redis.event_stream import MAX_DERIVED, Topic, drop_snapshot
from app.store import Connection
from app.store.upkeep import room
from demo.lastfm.accounts import Account, Play
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.app.web.conftest import HELEN, NO_DATABASE, Fetched, Publish, SiteWith, event
from tests.integration.app.web.pages.test_by_song import bars_of
from tests.integration.app.web.pages.test_release_year import plays_of, text_of

SURI = "/user/SummerSuri/2024"
API = "/api/v1/users/SummerSuri/years/2024"
SUMMER = "from=2024-06-01&to=2024-08-31"


@pytest.fixture
def suri(lastfm: LastfmStandIn, fetched: Fetched) -> Account:
    """Somebody whose 2024 is there, with a summer of the seventies."""
    fetched("SummerSuri", 2024)
    return lastfm.accounts["SummerSuri"]


def played(suri: Account, period: Period) -> tuple[Play, ...]:
    """What Last.fm has of that time."""
    return suri.plays_between(*period.seconds)


def progress(client: FlaskClient, query: str = "") -> dict[str, object]:
    """The numbers of the year, or of a part of it."""
    answer: dict[str, object] = client.get(f"{SURI}.json{query}").get_json()["progress"]
    return answer


def test_the_months_add_up_to_the_year(suri: Account, client: FlaskClient) -> None:
    whole, added = progress(client), dict[str, int]()
    for month in range(1, 13):
        part = progress(client, f"?month={month}")
        assert part["scrobbles"] == len(played(suri, Period.of_month(2024, month)))
        for released, plays in part["years"].items():  # type: ignore[attr-defined]
            added[released] = added.get(released, 0) + plays
    assert added == whole["years"]


def test_everything_is_of_that_month_alone(suri: Account, client: FlaskClient) -> None:
    years: dict[str, int] = progress(client, "?month=7")["years"]  # type: ignore[assignment]
    page = client.get(f"{SURI}?month=7").text
    assert bars_of(page) == years
    text = text_of(page)
    assert "SummerSuri’s July 2024, by release year" in text
    assert "of the music with a known release year that SummerSuri played in July 2024 came out by 197" in text
    assert f"Plays in July 2024 {len(played(suri, Period.of_month(2024, 7)))}" in text
    released = max(years, key=lambda year: years[year])
    assert sum(plays_of(client.get(f"{SURI}/{released}?month=7").text)) == years[released]
    unplaced = len(played(suri, Period.of_month(2024, 7))) - sum(years.values())
    assert sum(plays_of(client.get(f"{SURI}/unknown?month=7").text)) == unplaced
    lines = client.get(f"{SURI}.csv?month=7").text.splitlines()
    assert len(lines) == len(years) + 2
    assert lines[-1].startswith(f",{unplaced},")
    top = client.get(f"{SURI}/top.json?month=7").get_json()
    assert top.keys() == years.keys()
    assert top != client.get(f"{SURI}/top.json").get_json()
    assert "SummerSuri’s July 2024" in client.get(f"{SURI}.svg?month=7").text
    assert client.get(f"{SURI}.png?month=7").data != client.get(f"{SURI}.png").data


def test_days_are_counted_with_the_last_one(suri: Account, client: FlaskClient) -> None:
    summer = Period(date(2024, 6, 1), date(2024, 8, 31))
    assert progress(client, f"?{SUMMER}")["scrobbles"] == len(played(suri, summer))
    day = max(range(1, 32), key=lambda day: len(played(suri, Period(date(2024, 8, day), date(2024, 8, day)))))
    last = Period(date(2024, 8, day), date(2024, 8, day))
    assert progress(client, f"?from={last.first}&to={last.last}")["scrobbles"] == len(played(suri, last)) > 0
    text = text_of(client.get(f"{SURI}?{SUMMER}").text)
    assert "SummerSuri from 1 June to 31 August 2024, by release year" in text
    half = progress(client, "?from=2024-07-01")["scrobbles"] + progress(client, "?to=2024-06-30")["scrobbles"]  # type: ignore[operator]
    assert half == progress(client)["scrobbles"]


def test_every_link_keeps_the_month_and_some_lead_away_from_it(suri: Account, client: FlaskClient) -> None:
    page = unescape(client.get(f"{SURI}?month=7&by=decade").text)
    links = set(re.findall(rf'(?:href|content|data-top)="(?:http://localhost)?({SURI}[^"]*|2024/[^"]*)"', page))
    away = {f"{SURI}?by=decade", f"{SURI}?by=decade&month=6", f"{SURI}?by=decade&month=8"}
    assert away < links
    assert f"{SURI}/1970-1979?month=7" in links
    assert {link for link in links - away if "month=7" not in link} <= {
        f"{SURI}/months?by=decade",
        *(f"{SURI}?by=decade&month={month}" for month in range(1, 13)),
    }
    assert '<input type="hidden" name="month" value="7">' in page, "a comparison is of the month, too"
    behind = unescape(client.get(f"{SURI}/1970-1979?month=7").text)
    assert f'href="{SURI}?by=decade&month=7"' in behind
    assert all(link.endswith("?month=7") for link in re.findall(r'rel="(?:prev|next)" href="([^"]+)"', behind))
    assert "SummerSuri’s July 2024: music from the 1970s" in text_of(behind)
    january = client.get(f"{SURI}?month=1").text
    assert "December 2023" not in january, "nobody has counted that year"


def test_a_comparison_is_of_the_month_on_both_sides(suri: Account, fetched: Fetched, client: FlaskClient) -> None:
    fetched("LightLuca", 2024)
    page = client.get(f"{SURI}?with=LightLuca&month=7").text
    text = text_of(page)
    assert "SummerSuri and LightLuca in July 2024" in text
    july = progress(client, "?month=7")["scrobbles"]
    assert f"Plays in July 2024 {july} " in text
    assert f'href="{SURI}?with=LightLuca&amp;month=8"' in page
    assert f'href="{SURI}?with=LightLuca"' in page
    assert "in July 2024" in client.get(f"{SURI}.svg?with=LightLuca&month=7").text


def test_the_api_tells_which_part_it_is(suri: Account, client: FlaskClient) -> None:
    july = client.get(f"{API}?month=7").get_json()
    assert july["period"] == {"first": "2024-07-01", "last": "2024-07-31", "month": 7}
    assert july["plays"] == len(played(suri, Period.of_month(2024, 7)))
    assert july["plays_at_lastfm"] is None
    summer = client.get(f"{API}?{SUMMER}").get_json()
    assert summer["period"]["month"] is None
    bar = july["released"][0]
    albums = client.get(f"{API}/albums?released={bar['released']}&month=7").get_json()
    assert albums["plays"] == bar["plays"]
    assert albums["period"] == july["period"]
    assert client.get(API).get_json()["period"] is None


def test_what_is_no_part_of_the_year_is_refused_and_leads_back(suri: Account, client: FlaskClient) -> None:
    for query, told in {
        "month=13": "There is no month “13”",
        "month=": "There is no month “”",
        "month=7&from=2024-07-01": "A month or days, not both",
        "from=2024-02-30": "There is no day “2024-02-30”",
        "from=2024-08-31&to=2024-06-01": "31 August 2024 is after 1 June 2024",
        "to=2025-01-01": "1 January 2025 is not in 2024",
        "month=%3Cb%3E": "There is no month “<b>”",
    }.items():
        for form in ("", ".svg", ".png", ".csv", "/1977", "/unknown", "?with=LightLuca"):
            answer = client.get(f"{SURI}{form}{'&' if '?' in form else '?'}{query}")
            assert answer.status_code == 400
            assert told in text_of(answer.text)
            assert f'<a class="button" href="{SURI}">Back to the chart</a>' in answer.text
        assert client.get(f"{SURI}.json?{query}").get_json()["error"] == told
        refused = client.get(f"{API}?{query}")
        assert refused.status_code == 400
        assert refused.get_json()["error"]["code"] == "bad_request"
        assert told in refused.get_json()["error"]["message"]


def test_a_form_may_leave_a_day_open(suri: Account, client: FlaskClient) -> None:
    assert "from 1 June to 31 December 2024" in text_of(client.get(f"{SURI}?from=2024-06-01&to=").text)
    assert "SummerSuri’s 2024, by release year" in text_of(client.get(f"{SURI}?from=&to=").text)


def test_a_month_that_was_looked_at_wakes_the_database_no_more(
    suri: Account, client: FlaskClient, site_with: SiteWith, redis: Redis
) -> None:
    forms = [f"{SURI}{form}?month=7" for form in ("", ".svg", ".csv", ".json", "/top.json")]
    seen = [client.get(form).text for form in forms]
    asleep = site_with(database_url=NO_DATABASE)
    assert [asleep.get(form).text for form in forms] == seen
    assert asleep.get(f"{SURI}?month=8").status_code == 503
    for day in range(1, 32):
        for month in (1, 3):
            visitor = {"X-Forwarded-For": f"2001:db8:{100 * month + day:x}::1"}
            assert client.get(f"{SURI}?from=2024-{month:02}-{day:02}", headers=visitor).status_code == 200
    assert redis.hlen(Topic("SummerSuri", 2024).derived) <= MAX_DERIVED


def test_a_month_without_plays_says_so_and_leads_on(
    lastfm: LastfmStandIn, fetched: Fetched, client: FlaskClient
) -> None:
    start = datetime(2023, 6, 30, 23, 59, 59, tzinfo=UTC)
    own = tuple(Play(int(start.timestamp()) + n, "Pink Floyd", "Time", "Animals", "") for n in range(2))
    lastfm.add_account(Account("JuneJon", start, own=own))
    fetched("JuneJon", 2023)
    page = client.get("/user/JuneJon/2023?month=5").text
    assert "JuneJon played nothing in May 2023, as far as Last.fm knows." in text_of(page)
    assert '<a class="button" href="/user/JuneJon/2023">See all of 2023</a>' in page
    # The month ends between two plays.
    assert "Plays in June 2023 1 " in text_of(client.get("/user/JuneJon/2023?month=6").text)
    assert "Plays in July 2023 1 " in text_of(client.get("/user/JuneJon/2023?month=7").text)
    assert client.get("/user/JuneJon/2023/1977?month=5").location == "/user/JuneJon/2023?month=5"


def test_gaps_are_those_of_the_month(fetched: Fetched, client: FlaskClient) -> None:
    fetched("GappyGreta", 2024)
    may = text_of(client.get("/user/GappyGreta/2024?month=5").text)
    assert "on 3 May (UTC)" in may
    assert "2 October" not in may
    assert "does not hand over" not in text_of(client.get("/user/GappyGreta/2024?month=6").text)


def test_while_the_year_comes_in_its_page_waits_for_all_of_it(client: FlaskClient, publish: Publish) -> None:
    publish(event(expected=12_100, done=600, scrobbles=600, matched=600, years={1975: 600}))
    waiting = client.get("/user/HeavyHelen/2024?month=7")
    text = text_of(waiting.text)
    assert "600 of 12,100 plays checked" in text
    assert "July 2024 is counted when all plays of 2024 are in. See 2024 grow" in text
    assert 'data-live="/user/HeavyHelen/2024"' in waiting.text, "and follows it"
    assert 'class="chart"' not in waiting.text
    assert client.get("/user/HeavyHelen/2024.csv?month=7").location == "/user/HeavyHelen/2024?month=7"
    answer = client.get("/api/v1/users/HeavyHelen/years/2024?month=7")
    assert (answer.status_code, answer.get_json()["plays"]) == (202, 0)


def test_while_a_whole_year_is_read_again_its_month_stays(
    fetched: Fetched, client: FlaskClient, publish: Publish, site_with: SiteWith
) -> None:
    fetched(HELEN.username, 2024)
    text_of(client.get("/user/HeavyHelen/2024?month=7").text)
    publish(event(was_whole=True, expected=12_100, done=200, scrobbles=12_099, matched=9_000, years={1975: 9_000}))
    asleep = site_with(database_url=NO_DATABASE)
    again = asleep.get("/user/HeavyHelen/2024?month=7")
    assert again.status_code == 200
    assert "Plays in July 2024" in text_of(again.text)


def test_of_a_year_whose_plays_were_removed_the_months_stay(
    suri: Account, client: FlaskClient, connection: Connection, redis: Redis
) -> None:
    july = progress(client, "?month=7")
    for stored in room.longest_unseen(connection):
        with connection.transaction():
            assert room.remove_plays(connection, stored)
    drop_snapshot(redis, Topic("SummerSuri", 2024))
    kept = progress(client, "?month=7")
    assert [kept[name] for name in ("scrobbles", "years")] == [july[name] for name in ("scrobbles", "years")]
    page = client.get(f"{SURI}?month=7").text
    assert "The counts of its months were kept. A click on a bar reads them from Last.fm again." in text_of(page)
    assert client.get(f"{SURI}/top.json?month=7").get_json() == {}
    days = client.get(f"{SURI}?{SUMMER}")
    assert days.status_code == 400
    assert "Single days of this year are not counted any more" in text_of(days.text)
    assert client.get(f"{API}?{SUMMER}").get_json()["error"]["code"] == "not_counted"
    assert client.get(f"{API}?month=7").get_json()["matched_by_mbid"] is None, "which was kept of the year alone"
    assert client.get(API).get_json()["matched_by_mbid"] is not None
    behind = client.get(f"{SURI}/1974?month=7").text
    assert "SummerSuri’s July 2024: music from 1974" in text_of(behind)
    assert "are being read from Last.fm again" in text_of(behind)
