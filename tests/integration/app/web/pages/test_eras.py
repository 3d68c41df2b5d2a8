"""The eras of a listener: the same numbers on the page and as data, also while years are missing."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Event, Failure
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from tests.integration.app.web.conftest import (
    NO_DATABASE,
    NO_REDIS,
    SAME_ORIGIN,
    Fetched,
    Jobs,
    RunJobs,
    SiteWith,
    event,
)

THIS_YEAR = datetime.now(UTC).year
Say = Callable[..., None]


@pytest.fixture
def say(redis: Redis, known: Callable[[str], None]) -> Say:
    """Makes Redis know of a listener's years, or of one of them."""
    known("SingleSam")

    def put(year: int | None = None, *, at: Event | None = None, **fields: object) -> None:
        said = at or event(**{"phase": "completed", **fields})
        now = datetime.now(UTC).timestamp()
        save_snapshot(redis, Topic("SingleSam", year), Snapshot(at=now, username="SingleSam", event=said))

    return put


def whole(years: dict[int, int], **fields: object) -> Event:
    plays = sum(years.values())
    known = {"scrobbles": plays, "expected": plays, "matched": plays, **fields}
    return event(phase="completed", years=years, **known)


def text_of(page: str) -> str:
    """What a page reads as, its blanks made one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split())


def table(client: FlaskClient, name: str) -> list[dict[str, str]]:
    """The same as data."""
    return list(csv.DictReader(io.StringIO(client.get(f"/user/{name}/eras.csv").text)))


def columns(page: str) -> list[int]:
    """The listening years that are drawn, from left to right."""
    return [int(year) for year in re.findall(r'<a id="b(\d+)"', page)]


def test_page_and_table_tell_the_same_as_the_years_themselves(client: FlaskClient, fetched: Fetched) -> None:
    for year in (2022, 2024):
        fetched("LightLuca", year)
    answer = client.get("/user/LightLuca/eras")
    assert answer.status_code == 200
    assert columns(answer.text) == [2022, 2024]
    rows = {
        row["listening_year"]: row
        for row in csv.DictReader(io.StringIO(client.get("/user/LightLuca/eras.csv").text))
    }
    assert list(rows) == ["2022", "2024"]
    for listened, row in rows.items():
        progress = client.get(f"/user/LightLuca/{listened}.json").get_json()["progress"]
        placed = sum(progress["years"].values())
        new = sum(plays for released, plays in progress["years"].items() if int(released) >= int(listened) - 1)
        assert (int(row["plays"]), int(row["placed"]), int(row["new"])) == (progress["scrobbles"], placed, new)
        median = re.search(r"Middle year</dt><dd>(\d+)", client.get(f"/user/LightLuca/{listened}").text)
        assert median
        assert row["median"] == median[1]
        half = f"{listened}: middle half from {row['first_quartile']} to {row['third_quartile']}"
        assert half in text_of(answer.text)
    told = "In 2022 half of the music with a known release year that LightLuca played came out by"
    assert f"{told} {rows['2022']['median']}, " in text_of(answer.text)
    told_to_programs = client.get("/api/v1/users/LightLuca/eras").get_json()
    names = {"listening_year": "year", "median": "median_released", "state": ""}
    for row, era in zip(rows.values(), told_to_programs["eras"], strict=True):
        same = {names.get(name, name): int(text) for name, text in row.items() if text.isdigit()}
        assert era == {**same, "whole": True}


def test_nothing_of_it_needs_the_database_once_the_years_are_known(
    client: FlaskClient, fetched: Fetched, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2024)
    before = client.get("/user/LightLuca/eras").text
    assert columns(before) == [2024]
    asleep = site_with(database_url=NO_DATABASE)
    assert columns(asleep.get("/user/lightluca/eras").text) == [2024]
    answer = asleep.get("/user/lightluca/eras.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="LightLuca-eras.csv"'


def test_it_follows_the_listener_while_missing_years_come_in_and_comes_back_to_itself(
    client: FlaskClient, run_jobs: RunJobs
) -> None:
    client.get("/user/LightLuca/eras")
    run_jobs()
    page = client.get("/user/LightLuca/eras").text
    assert "No year is drawn yet." in page
    assert '<svg class="chart eras"' in page, "its place is kept"
    answer = client.post("/user/LightLuca/missing", data={"page": "eras"}, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (303, "/user/LightLuca/eras")
    page = client.get("/user/LightLuca/eras").text
    assert 'data-live="/user/LightLuca"' in page
    assert "years to go," in page
    run_jobs()
    page = client.get("/user/LightLuca/eras").text
    assert len(columns(page)) > 3
    assert "data-live" not in page


def test_years_that_are_missing_or_not_whole_or_not_over_say_so(client: FlaskClient, say: Say) -> None:
    say(years={2019: 40, 2020: 0, 2021: 40, 2022: 300, THIS_YEAR: 40})
    say(2019, at=whole({1977: 40}))
    say(2021, at=whole({1979: 40}))
    say(
        2022,
        at=event(
            phase="failed", error=Failure.LASTFM_AWAY, scrobbles=60, matched=60, expected=300, years={2022: 60}
        ),
    )
    say(THIS_YEAR, at=whole({1981: 40}))
    page = client.get("/user/SingleSam/eras").text
    assert columns(page) == [2019, 2021, 2022, THIS_YEAR]
    assert page.count("so far: middle half") == 2
    assert f"{THIS_YEAR} so far: middle half" in page
    assert len(re.findall(r"<path d=", page)) >= 3, "with a gap after 2019"
    assert (
        f"In 2019 half of the music SingleSam played came out by 1977, 42 years before; in {THIS_YEAR} so far"
        in page
    )
    rows = list(csv.DictReader(io.StringIO(client.get("/user/SingleSam/eras.csv").text)))
    assert [row["state"] for row in rows] == ["whole", "whole", "so far", "so far"]


def test_where_songs_make_no_difference_they_are_not_offered(client: FlaskClient, say: Say) -> None:
    say(years={2023: 40})
    say(2023, at=whole({1977: 40}))
    page = client.get("/user/SingleSam/eras?of=songs").text
    assert "of-song" not in page
    assert 'href="/user/SingleSam/2023"' in page
    assert "SingleSam-eras.csv" in client.get("/user/SingleSam/eras.csv?of=songs").headers["Content-Disposition"]


def test_without_a_known_release_year_there_is_a_sentence_and_no_chart(client: FlaskClient, say: Say) -> None:
    say(years={2023: 40, 2024: 0})
    say(2023, at=whole({}, scrobbles=40, expected=40, matched=0, not_found=40))
    page = client.get("/user/SingleSam/eras").text
    assert "Of nothing that SingleSam played the release year is known." in page
    assert "<svg class" not in page
    answer = client.get("/user/SingleSam/eras.csv")
    assert (answer.status_code, answer.location) == (302, "/user/SingleSam/eras")


def test_names_that_are_unknown_hidden_or_no_names_are_told_as_elsewhere(
    client: FlaskClient, run_jobs: RunJobs
) -> None:
    for name in ("NobodyNoel", "HiddenHana"):
        client.get(f"/user/{name}/eras")
    run_jobs()
    unknown, hidden = (client.get(f"/user/{name}/eras") for name in ("NobodyNoel", "HiddenHana"))
    assert unknown.status_code == 404
    assert "Last.fm knows no listener called NobodyNoel" in unknown.text
    assert hidden.status_code == 403
    assert "HiddenHana hides recent listening" in hidden.text
    assert client.get("/user/<script>/eras").status_code == 404


def test_a_robot_has_nothing_counted(client: FlaskClient, jobs: Jobs) -> None:
    answer = client.get("/user/LightLuca/eras", headers={"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"})
    assert answer.status_code == 200
    assert "These years are not counted yet" in answer.text
    assert jobs() == 0


def test_with_a_part_of_the_site_away_what_is_known_is_shown(
    client: FlaskClient, fetched: Fetched, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2024)
    answer = site_with(redis_url=NO_REDIS).get("/user/LightLuca/eras")
    assert answer.status_code == 200
    assert columns(answer.text) == [2024]
    assert "Nothing new can be read right now" in answer.text
    assert site_with(redis_url=NO_REDIS, database_url=NO_DATABASE).get("/user/LightLuca/eras").status_code == 503


def test_the_picture_says_what_the_page_says(client: FlaskClient, say: Say) -> None:
    say(years={2021: 40, 2022: 40, 2023: 40, 2024: 0})
    for year, median in ((2021, 2019), (2022, 1969), (2023, 2021)):
        say(year, at=whole({median: 40}))
    drawn = client.get("/user/SingleSam/eras.svg")
    half = "half of the music SingleSam played came out by"
    told = f"In 2021 {half} 2019, 2 years before; in 2023 by 2021, 2 years before."
    assert drawn.content_type == "image/svg+xml"
    assert told in drawn.text
    assert told in " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", drawn.text)), "in lines"
    assert "In between it was oldest in 2022, when half came out by 1969, 53 years before." in drawn.text
    assert drawn.text.count("<circle") == 3
    png = client.get("/user/SingleSam/eras.png")
    assert png.data.startswith(b"\x89PNG")
    again = client.get("/user/SingleSam/eras.png", headers={"If-None-Match": png.headers["ETag"]})
    assert again.status_code == 304
    page = client.get("/user/SingleSam/eras").text
    assert told in text_of(page)
    assert '<meta property="og:image" content="http://localhost/user/SingleSam/eras.png">' in page


def test_of_nobody_there_is_no_picture(client: FlaskClient, run_jobs: RunJobs) -> None:
    assert "Not counted yet." not in client.get("/user/NobodyNoel/eras.svg").text
    run_jobs()
    assert client.get("/user/NobodyNoel/eras.svg").status_code == 404
    robot = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    assert "Not counted yet." in client.get("/user/LightLuca/eras.svg", headers=robot).text


def test_the_pages_of_a_year_and_of_all_years_lead_to_the_eras(client: FlaskClient, say: Say) -> None:
    say(years={2023: 40, 2024: 0})
    say(2023, at=whole({1977: 40}))
    for path in ("/user/SingleSam", "/user/SingleSam/2023"):
        assert 'id="eras" href="/user/SingleSam/eras"' in client.get(path).text
