"""Every state a page can be in, put there without a fetch, so that a picture of it is the same each time."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.progress import End, Event, Failure, MirrorNote, Snapshot, Topic, note_mirror, remember
from app.store import Connection, albums, connect, listeners, scrobbles, tracks
from app.store.albums import Album, names_key
from app.store.scrobbles import Scrobble, year_bounds
from app.store.tracks import Track
from app.wishes import wish
from demo import catalogue
from tests.browser.conftest import Site

THIS_YEAR = datetime.now(UTC).year
LONG = "A-name-as_long.as_Last.fm_allows"


def taste(plays: int, heard: int = 2024, middles: tuple[int, int] = (1975, 1996)) -> dict[str, int]:
    """Plays by release year up to `heard`, with two humps, empty years and something of the year itself."""
    weights = {year: 0 if year in (1958, 1959, 1961) else 1 + year * 37 % 11 for year in range(1957, heard + 1)}
    for middle, weight in zip(middles, (90, 60), strict=True):
        for year in weights:
            weights[year] += max(0, weight - abs(year - middle) * weight // 9)
    weights[heard] += 30
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
    return event(phase="completed", years=years, ends=ends(years), song_ends=ends(years), **fields)


def failed(error: Failure, **fields: Any) -> Event:
    """A year that could not be fetched."""
    return event(phase="failed", error=error, ends=ends(fields.get("years", {})), **fields)


def ends(years: dict[str, int]) -> tuple[End, End] | None:
    """A short name at the one end and a long one at the other."""
    if not years:
        return None
    oldest = {"artist": "Leonard Cohen", "title": "Songs of Leonard Cohen"}
    newest = {"artist": LONG, "title": "A title that goes on and on " * 6}
    return (
        End(release_year=int(min(years)), plays=3, **oldest),
        End(release_year=int(max(years)), plays=1, **newest),
    )


def drifting(year: int) -> dict[str, int]:
    """Somebody's plays of a year: an old love that stays, a taste that moves on, what is new, a stray."""
    middle = 1994 + (year - 2005) * 3 // 4
    weights = {at: 1 + 60 * max(0, 10 - abs(at - middle)) // 10 for at in range(1951, year + 1)}
    for at in range(1966, 1975):
        weights[at] += 18 - (year - 2005) // 2
    weights[year] += 40
    return {str(at): 4 * plays for at, plays in weights.items() if plays > 1} | {"1928": 1}


KNOWN = [one for one in catalogue.albums() if one.lastfm_title and one.year]
BEST = next(one for one in KNOWN if one.secondary == "Compilation")
FAMOUS = (BEST.lastfm_artist, BEST.lastfm_title)
NEARLY = ("An Artist", "A title without an end " * 130)
MISSED = ("Nobody at All", "Nothing to Be Found")

COUNTS = {str(year): 9_000 + year * 97 % 4_000 for year in range(2019, THIS_YEAR + 1)}
FEW = {year: plays for year, plays in COUNTS.items() if int(year) > 2022}

LONG_AGO = {str(year): sum(drifting(year).values()) + 311 for year in range(2005, THIS_YEAR + 1)}

EVENTS: dict[str, tuple[Topic, Event]] = {
    "years counting": (Topic("HeavyHelen"), event(phase="fetching", years=FEW)),
    "years": (Topic("LightLuca"), event(phase="completed", years=COUNTS)),
    "years all fetched": (Topic("MovingMo"), event(phase="completed", years=LONG_AGO)),
    "years being fetched": (Topic("WaitingWil"), event(phase="completed", years=LONG_AGO)),
    "queued": (Topic("HeavyHelen", 2019), event(phase="queued", queued_ahead=0)),
    "fetching": (
        Topic("HeavyHelen", 2024),
        event(phase="fetching", page=7, pages=61, years=taste(1_300), scrobbles=1_400, seconds_left=27),
    ),
    "preview": (
        Topic("LightLuca", 2020),
        event(
            phase="fetching", page=1, pages=61, years=taste(9_000), scrobbles=9_400, seconds_left=88, preview=True
        ),
    ),
    "fetching the first page": (Topic("HeavyHelen", 2023), event(phase="fetching", page=0, pages=61)),
    "augmenting": (
        Topic("HeavyHelen", 2022),
        event(phase="augmenting", page=61, pages=61, years=taste(11_214, 2022), scrobbles=12_100),
    ),
    "by album where songs are known": (
        Topic("HeavyHelen", 2020),
        stored(taste(11_214, 2020), song_years=taste(11_214, 2020, (1968, 1990)), scrobbles=12_100, by_mbid=7_420),
    ),
    "complete": (Topic("HeavyHelen", 2021), stored(taste(11_214, 2021), scrobbles=12_100, by_mbid=7_420)),
    "another's": (Topic("GrowingGus", 2021), stored(taste(2_300, 2021, (2006, 2017)), scrobbles=2_500)),
    "a stray year": (Topic(LONG, 2023), stored({"1889": 3, "1912": 2, **taste(4_000, 2023)}, by_mbid=3_000)),
    "all of one year": (Topic(LONG, 2022), stored({"2022": 3_412})),
    "every year": (Topic(LONG, 2021), stored({str(year): year * 7 for year in range(1922, 2022)}, by_mbid=50)),
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
        failed(Failure.LASTFM_AWAY, years=taste(600, 2023), scrobbles=690),
    ),
    "Last.fm refuses": (Topic("LightLuca", 2022), failed(Failure.LASTFM_REFUSES)),
    "broken": (Topic("LightLuca", 2021), failed(Failure.BROKEN)),
}
PATHS = {
    "by song": "/user/HeavyHelen/2020?of=songs",
    "by song and decade": "/user/HeavyHelen/2020?of=songs&by=decade",
    "bar by song": "/user/SongSue/2021/1968?of=songs",
    "why": f"/album/{names_key(*FAMOUS)}",
    "why nearly": f"/album/{names_key(*NEARLY)}",
    "why not found": f"/album/{names_key(*MISSED)}",
    "by decade": "/user/HeavyHelen/2021?by=decade",
    "a stray year by decade": f"/user/{LONG}/2023?by=decade",
    "compare": "/user/HeavyHelen/2021?with=GrowingGus",
    "compare by decade": "/user/HeavyHelen/2021?with=GrowingGus&by=decade",
    "compare with the longest name": f"/user/{LONG}/2021?with=GrowingGus",
    "compare while one is fetched": "/user/LightLuca/2024?with=HeavyHelen",
    "compare with nobody": "/user/HeavyHelen/2024?with=NobodyNoel",
    "decade": "/user/HeavyHelen/2021/1970-1979",
    "landing": "/",
    "about": "/about",
    "api": "/api",
    "problem": "/user/HeavyHelen/1999",
    "not found": "/nowhere",
    "bar": "/user/HeavyHelen/2021/1977",
    "bar of a long list": "/user/HeavyHelen/2021/1975?page=2",
    "bar that cannot be": "/user/HeavyHelen/2021/77",
    "unknown albums": "/user/HeavyHelen/2021/unknown",
    "no unknown albums": "/user/SingleSam/2021/unknown",
}


def address(topic: Topic) -> str:
    """The page of a topic."""
    return f"/user/{topic.username}" + (f"/{topic.year}" if topic.year else "")


STATES = {**PATHS, **{state: address(topic) for state, (topic, _) in EVENTS.items()}}
"""What a page can be like -> the path where it is so."""


def put_all(site: Site) -> None:
    """Makes every state be there."""
    for topic, said in EVENTS.values():
        remember(site.redis, topic, Snapshot(at=time.time(), username=topic.username, event=said))
    put_pasts(site)
    note_mirror(site.redis, MirrorNote(release_groups=3_000_000, stamp="20260901-000000"))
    with connect(site.settings.database_url.get_secret_value()) as connection:
        put_albums(connection)
        for name in ("HeavyHelen", "LightLuca", "HiddenHana", "MovingMo", "WaitingWil"):
            since = datetime(2019, 2, 1, tzinfo=UTC)
            years = list(range(THIS_YEAR, 2018, -1))
            listeners.save(connection, name, available_years=years, playcount=1, registered_at=since)
        connection.execute(
            """
            INSERT INTO fetch_jobs (username_key, year, run, status, window_end, expected, completed_at)
            VALUES ('lightluca', 2023, gen_random_uuid(), 'completed', now(), 10231, now())
            """
        )


def put_pasts(site: Site) -> None:
    """Makes MovingMo's years be there; of WaitingWil's the newest, pages of another, and wishes for the rest."""
    for year in range(2005, THIS_YEAR + 1):
        said = {Topic("MovingMo", year): stored(drifting(year), scrobbles=LONG_AGO[str(year)])}
        if year > THIS_YEAR - 4:
            said[Topic("WaitingWil", year)] = stored(drifting(year), scrobbles=LONG_AGO[str(year)])
        if year == THIS_YEAR - 4:
            part = event(phase="fetching", years=drifting(year), page=3, pages=14, preview=True)
            said[Topic("WaitingWil", year)] = part
        for topic, one in said.items():
            remember(site.redis, topic, Snapshot(at=time.time(), username=topic.username, event=one))
    wish(site.redis, "WaitingWil", range(2005, THIS_YEAR - 3))


GROUP = UUID(int=1977)
NAMES = [
    ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
    ("فيروز", "أنا لحبيبي (رحلة)"),
    ("javascript:alert(1)", "\u202etxet desrever"),
    ("An Artist", "A title without an end " * 130),
    ("AnArtistWithoutABlank" * 10, "TitleWithoutABlank" * 20),
]
"""As hostile as names get."""


def placed(artist: str, album: str, year: int, **answer: Any) -> Album:
    """An album with its year."""
    given = {"method": "names", "score": 1.0, "release_group_title": album, **answer}
    return Album(artist, album, None, GROUP, year, "matched", **given)


def put_albums(connection: Connection) -> None:
    """Makes HeavyHelen's 2021 be there album by album, some of SingleSam's and of GrowingGus's."""
    names = {one.lastfm_artist: one.lastfm_title for one in catalogue.albums() if one.lastfm_title}
    famous = list(names.items())
    near: dict[str, Any] = {
        "method": "artist and title nearly",
        "score": 0.91,
        "release_group_title": "Otherwise Named",
    }
    found = [placed(*names, 1977) for names in famous[:40]]
    found += [placed(*names, 1977, **near) for names in [*famous[40:44], *NAMES]]
    found += [placed(artist, f"{album} Vol. {n}", 1975) for n in range(5) for artist, album in famous[:50]]
    missed = [Album(*names, None, augmentation_status="not_found") for names in famous[44:60]]
    missed += [Album(artist, f"{album} ", None, augmentation_status="not_found") for artist, album in NAMES]
    missed += [Album(*names, None) for names in famous[60:64]]
    songs = [Album(artist, "", None, augmentation_status="not_found") for artist, _ in [*NAMES, *famous[:2]]]
    put_plays(connection, "HeavyHelen", [*found, *missed, *songs])
    put_plays(connection, "SingleSam", found[:1])
    put_plays(connection, "GrowingGus", [*found[47:49], *found[50:60]])
    rows = connection.execute("SELECT id, '', title FROM tracks WHERE title = 'First Song'").fetchall()
    tracks.keep_years(connection, [Track(*row) for row in rows], [1977] * len(rows))
    put_songs(connection)


def put_songs(connection: Connection) -> None:
    """Makes SongSue's 2021 be there: compilations with songs of another year, and an album that is not found."""
    hits = replace(
        placed(*FAMOUS, BEST.year or 0, songs_differ=True),
        release_group=BEST.group_mbid,
        album_mbid=BEST.lastfm_mbid,
        method="mbid: release",
    )
    more = [placed(artist, f"{album} Live", 1999, songs_differ=True) for artist, album in NAMES]
    whole = [placed(one.lastfm_artist, one.lastfm_title, 1968) for one in KNOWN[:3]]
    put_plays(connection, "SongSue", [hits, *more, *whole, Album(*MISSED, None, augmentation_status="not_found")])
    query = "SELECT tracks.id, '', title FROM tracks JOIN albums ON albums.id = tracks.album WHERE songs_differ"
    rows = connection.execute(query.encode()).fetchall()
    tracks.keep_years(connection, [Track(*row) for row in rows], [1968] * len(rows))


def put_plays(connection: Connection, name: str, played: list[Album]) -> None:
    """Makes somebody's 2021 hold these albums, the first most often; songs where one has no name."""
    start, end = year_bounds(2021)
    user = listeners.save(connection, name, available_years=[2021], playcount=1, registered_at=start).id
    albums.keep(connection, played)
    each = [
        (one, title)
        for rank, one in enumerate(reversed(played))
        for title in (["Title"] if one.album else ["First Song", "Second Song", one.artist])
        for _ in range(1 + rank // 20)
    ]
    plays = [
        Scrobble(start + timedelta(minutes=minute), one.artist, title, one.album, None)
        for minute, (one, title) in enumerate(each)
    ]
    scrobbles.replace(connection, user, plays, after=start - timedelta(seconds=1), before=end)


def small_mirror(site: Site) -> None:
    """Makes the mirror one that knows few albums."""
    note_mirror(site.redis, MirrorNote(release_groups=638, stamp="20260901-000000"))
