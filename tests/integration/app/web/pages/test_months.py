"""The months of a year side by side: drawn once, kept beside the year, and one click away from its page."""

import re
from datetime import UTC, datetime

from flask.testing import FlaskClient
from redis import Redis

from app.redis.event_stream import Topic, drop_snapshot
from app.store import Connection
from app.store.upkeep import room
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.app.web.conftest import NO_DATABASE, Fetched, Publish, SiteWith, event
from tests.integration.app.web.pages.test_release_year import text_of

SURI = "/user/SummerSuri/2024"


def rows(page: str) -> dict[str, tuple[int, int]]:
    """The plays and the middle year of each month, as who does not see the strips is told."""
    found = re.findall(r'aria-label="(\w+): ([\d,]+) plays?, middle year (\d+)"', page)
    return {month: (int(plays.replace(",", "")), int(middle)) for month, plays, middle in found}


def test_a_seventies_summer_is_seen(
    fetched: Fetched, client: FlaskClient, lastfm: LastfmStandIn, site_with: SiteWith
) -> None:
    fetched("SummerSuri", 2024)
    page = client.get(f"{SURI}/months").text
    found = rows(page)
    assert len(found) == 12
    assert sum(plays for plays, _ in found.values()) == len(lastfm.accounts["SummerSuri"].plays(2024))
    summer = {month for month, (_, middle) in found.items() if middle < 1980}
    assert summer == {"June", "July", "August"}
    text = text_of(page)
    oldest = r"The oldest music with a known release year was played in (June|July|August)"
    assert re.search(rf"{oldest}, half of it from 197\d or before", text)
    assert page.count('class="middle"') == 12
    # Each month's page counts the same, and another visit wakes no database.
    july = client.get(f"{SURI}?month=7").text
    assert f"Plays in July 2024 {found['July'][0]} Middle year {found['July'][1]} " in text_of(july)
    assert 'aria-current="true"><b>Jul' in july
    assert site_with(database_url=NO_DATABASE).get(f"{SURI}/months").text == page
    assert rows(client.get(f"{SURI}/months?by=decade").text) == found


def test_the_page_of_the_year_leads_to_each_month_without_a_script(fetched: Fetched, client: FlaskClient) -> None:
    fetched("SummerSuri", 2024)
    page = client.get(SURI).text
    assert all(f'href="{SURI}?month={month}"' in page for month in range(1, 13))
    assert f'href="{SURI}/months">all of them drawn on one scale</a>' in page
    assert f'data-from="{SURI}/months"' in page
    assert 'type="date" name="from" min="2024-01-01" max="2024-12-31"' in page
    assert "<svg viewBox" not in page.partition('id="months"')[2], "which would make it heavier"
    by_decade = client.get(f"{SURI}?by=decade").text
    assert f'href="{SURI}?by=decade&amp;month=7"' in by_decade
    assert f'data-from="{SURI}/months?by=decade"' in by_decade
    assert '<input type="hidden" name="by" value="decade">' in by_decade


def test_while_plays_come_in_the_months_have_their_place_and_lead_nowhere(
    client: FlaskClient, publish: Publish
) -> None:
    publish(event(expected=12_100, done=600, scrobbles=600, matched=600, years={1975: 600}))
    page = client.get("/user/HeavyHelen/2024").text
    assert "The months are drawn once all plays are in." in text_of(page)
    assert page.count('<li><a id="month') == 12
    assert "?month=" not in page
    assert "data-from" not in page
    assert client.get("/user/HeavyHelen/2024/months").location == "/user/HeavyHelen/2024"


def test_of_a_running_year_no_month_is_shown_that_has_not_begun(fetched: Fetched, client: FlaskClient) -> None:
    today = datetime.now(UTC)
    fetched("LightLuca", today.year)
    page = client.get(f"/user/LightLuca/{today.year}/months").text
    assert page.count('<li><a id="month') == today.month
    assert f"LightLuca’s {today.year} so far, month by month" in text_of(page)


def test_a_listener_who_began_in_june_has_no_plays_before(fetched: Fetched, client: FlaskClient) -> None:
    fetched("LightLuca", 2021)
    page = client.get("/user/LightLuca/2021/months").text
    assert 'aria-label="May: no plays"' in page
    assert rows(page).keys() == {"June", "July", "August", "September", "October", "November", "December"}


def test_of_a_year_whose_plays_were_removed_the_months_are_still_drawn(
    fetched: Fetched, client: FlaskClient, connection: Connection, redis: Redis
) -> None:
    fetched("SummerSuri", 2024)
    before = rows(client.get(f"{SURI}/months").text)
    for stored in room.longest_unseen(connection):
        with connection.transaction():
            assert room.remove_plays(connection, stored)
    drop_snapshot(redis, Topic("SummerSuri", 2024))
    assert rows(client.get(f"{SURI}/months").text) == before
