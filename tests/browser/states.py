"""Every state a page can be in, put there without a fetch, so that a picture of it is the same each time."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from app.progress import Event, Failure, MirrorNote, Snapshot, Topic, note_mirror, remember
from app.store import connect, listeners
from tests.browser.conftest import Site

THIS_YEAR = datetime.now(UTC).year
LONG = "A-name-as_long.as_Last.fm_allows"


def taste(plays: int) -> dict[str, int]:
    """Plays by release year, with two humps, empty years and something of the year itself."""
    weights = {year: 0 if year in (1958, 1959, 1961) else 1 + year * 37 % 11 for year in range(1957, 2025)}
    for middle, weight in ((1975, 90), (1996, 60)):
        for year in weights:
            weights[year] += max(0, weight - abs(year - middle) * weight // 9)
    weights[2024] += 30
    whole = sum(weights.values())
    return {str(year): plays * weight // whole for year, weight in weights.items()}


def event(**fields: Any) -> Event:
    """An event whose plays are all found or not."""
    placed = sum(fields.get("years", {}).values())
    scrobbles = fields.get("scrobbles", placed)
    found = {"scrobbles": scrobbles, "expected": scrobbles, "matched": placed, "not_found": scrobbles - placed}
    return Event(**{"run": uuid4(), **found, **fields})


def stored(years: dict[str, int], **fields: Any) -> Event:
    """A year that is complete."""
    return event(phase="completed", years=years, **fields)


def failed(error: Failure, **fields: Any) -> Event:
    """A year that could not be fetched."""
    return event(phase="failed", error=error, **fields)


COUNTS = {str(year): 9_000 + year * 97 % 4_000 for year in range(2019, THIS_YEAR + 1)}
FEW = {year: plays for year, plays in COUNTS.items() if int(year) > 2022}

EVENTS: dict[str, tuple[Topic, Event]] = {
    "years counting": (Topic("HeavyHelen"), event(phase="fetching", years=FEW)),
    "years": (Topic("LightLuca"), event(phase="completed", years=COUNTS)),
    "queued": (Topic("HeavyHelen", 2019), event(phase="queued", queued_ahead=0)),
    "fetching": (
        Topic("HeavyHelen", 2024),
        event(phase="fetching", page=7, pages=61, years=taste(1_300), scrobbles=1_400, seconds_left=27),
    ),
    "fetching the first page": (Topic("HeavyHelen", 2023), event(phase="fetching", page=0, pages=61)),
    "augmenting": (
        Topic("HeavyHelen", 2022),
        event(phase="augmenting", page=61, pages=61, years=taste(11_214), scrobbles=12_100),
    ),
    "complete": (Topic("HeavyHelen", 2021), stored(taste(11_214), scrobbles=12_100)),
    "complete with remarks": (
        Topic(LONG, 2024),
        stored({"1985": 123_456, "1999": 4_321}, scrobbles=150_000, expected=150_003, not_found=20_000),
    ),
    "a few plays": (Topic("EmptyEve", 2024), stored({"1967": 3, "1969": 1}, scrobbles=7)),
    "one play": (Topic("SingleSam", 2023), stored({"1985": 1})),
    "one play that is not placed": (Topic("SingleSam", 2022), stored({}, scrobbles=1)),
    "empty": (Topic("EmptyEve", 2022), stored({})),
    "unknown": (Topic("NobodyNoel", 2024), failed(Failure.NO_SUCH_USER)),
    "years of an unknown": (Topic("NobodyNoel"), failed(Failure.NO_SUCH_USER)),
    "hidden": (Topic("HiddenHana", 2024), failed(Failure.LISTENING_HIDDEN)),
    "years of a hidden": (Topic("HiddenHana"), failed(Failure.LISTENING_HIDDEN)),
    "Last.fm down": (Topic("LightLuca", 2024), failed(Failure.LASTFM_AWAY)),
    "Last.fm down and something stored": (
        Topic("LightLuca", 2023),
        failed(Failure.LASTFM_AWAY, years=taste(600), scrobbles=690),
    ),
    "Last.fm refuses": (Topic("LightLuca", 2022), failed(Failure.LASTFM_REFUSES)),
    "broken": (Topic("LightLuca", 2021), failed(Failure.BROKEN)),
}
PATHS = {"landing": "/", "about": "/about", "problem": "/user/HeavyHelen/1999", "not found": "/nowhere"}


def address(topic: Topic) -> str:
    """The page of a topic."""
    return f"/user/{topic.username}" + (f"/{topic.year}" if topic.year else "")


STATES = {**PATHS, **{state: address(topic) for state, (topic, _) in EVENTS.items()}}
"""What a page can be like -> the path where it is so."""


def put_all(site: Site) -> None:
    """Makes every state be there."""
    for topic, said in EVENTS.values():
        remember(site.redis, topic, Snapshot(at=time.time(), username=topic.username, event=said))
    note_mirror(site.redis, MirrorNote(release_groups=3_000_000, stamp="20260901-000000"))
    with connect(site.settings.database_url.get_secret_value()) as connection:
        for name in ("HeavyHelen", "LightLuca", "HiddenHana"):
            since = datetime(2019, 2, 1, tzinfo=UTC)
            years = list(range(THIS_YEAR, 2018, -1))
            listeners.save(connection, name, available_years=years, playcount=1, registered_at=since)
        connection.execute(
            """
            INSERT INTO fetch_jobs (username_key, year, run, status, window_end, expected, completed_at)
            VALUES ('lightluca', 2023, gen_random_uuid(), 'completed', now(), 10231, now())
            """
        )


def small_mirror(site: Site) -> None:
    """Makes the mirror one that knows few albums."""
    note_mirror(site.redis, MirrorNote(release_groups=638, stamp="20260901-000000"))
