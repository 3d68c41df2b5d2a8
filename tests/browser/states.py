"""Every state a page can be in, put there without a fetch, so that a picture of it is the same each time."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rq.job import Job

from app.events import Event, Failure, Gap, TopAlbum, new_run
from app.insights.standing import STEPS, CountedAges
from app.insights.year_albums import MAX_NAME_LENGTH, PlayedAlbum, YearAlbums
from app.jobs.backlog import add_years
from app.jobs.job_status import job_id, listener_job_id
from app.listening_years import year_bounds
from app.redis.event_stream import Snapshot, Topic, save_derived, save_snapshot
from app.redis.mirror_note import MirrorNote, write_mirror_note
from app.redis.usual_years import write_usual_years
from app.redis.year_albums import keep_year_albums
from app.store import Connection, albums, connect, listeners, tracks
from app.store.albums import Album, names_key
from app.store.plays.scrobbles import Scrobble
from app.store.tracks import Track
from demo.musicbrainz import catalogue
from tests.browser.conftest import Site
from tests.stored_years import store_year

RUN = new_run()
THIS_YEAR = datetime.now(UTC).year
LONG = "A-name-as_long.as_Last.fm_allows"


def taste(plays: int, heard: int = 2024, middles: tuple[int, int] = (1975, 1996)) -> dict[int, int]:
    """Plays by release year up to `heard`, with two humps, empty years and something of the year itself."""
    weights = {year: 0 if year in (1958, 1959, 1961) else 1 + year * 37 % 11 for year in range(1957, heard + 1)}
    for middle, weight in zip(middles, (90, 60), strict=True):
        for year in weights:
            weights[year] += max(0, weight - abs(year - middle) * weight // 9)
    weights[heard] += 30
    whole = sum(weights.values())
    return {year: plays * weight // whole for year, weight in weights.items()}


def event(**fields: Any) -> Event:
    """An event whose plays are all found or not."""
    placed = sum(fields.get("years", {}).values())
    scrobbles = fields.get("scrobbles", placed)
    found = {"scrobbles": scrobbles, "expected": scrobbles, "matched": placed, "not_found": scrobbles - placed}
    return Event(**{"run": RUN, **found, **fields})


def stored(years: dict[int, int], **fields: Any) -> Event:
    """A year that is complete."""
    return event(
        phase="completed", years=years, oldest_and_newest=ends(years), song_oldest_and_newest=ends(years), **fields
    )


def failed(error: Failure, **fields: Any) -> Event:
    """A year that could not be fetched."""
    return event(phase="failed", error=error, oldest_and_newest=ends(fields.get("years", {})), **fields)


def ends(years: dict[int, int]) -> tuple[TopAlbum, TopAlbum] | None:
    """A short name at the one end and a long one at the other."""
    if not years:
        return None
    oldest: dict[str, Any] = {"artist": "Leonard Cohen", "title": "Songs of Leonard Cohen"}
    newest: dict[str, Any] = {"artist": LONG, "title": "A title that goes on and on " * 6}
    return (
        TopAlbum(release_year=min(years), plays=3, **oldest),
        TopAlbum(release_year=max(years), plays=1, **newest),
    )


def drifting(year: int) -> dict[int, int]:
    """Somebody's plays of a year: an old love that stays, a taste that moves on, what is new, a stray."""
    middle = 1994 + (year - 2005) * 3 // 4
    weights = {at: 1 + 60 * max(0, 10 - abs(at - middle)) // 10 for at in range(1951, year + 1)}
    for at in range(1966, 1975):
        weights[at] += 18 - (year - 2005) // 2
    weights[year] += 40
    return {at: 4 * plays for at, plays in weights.items() if plays > 1} | {1928: 1}


GROUPS = {(one.lastfm_artist, one.lastfm_title): one.group_mbid for one in catalogue.albums()}
KNOWN = [one for one in catalogue.albums() if one.lastfm_title and one.year]
BEST = next(one for one in KNOWN if one.secondary_type == "Compilation")
FAMOUS = (BEST.lastfm_artist, BEST.lastfm_title)
NEARLY = ("An Artist", "A title without an end " * 130)
MISSED = ("Nobody at All", "Nothing to Be Found")

COUNTS = {year: 9_000 + year * 97 % 4_000 for year in range(2019, THIS_YEAR + 1)}
FEW = {year: plays for year, plays in COUNTS.items() if year > 2022}

LONG_AGO = {year: sum(drifting(year).values()) + 311 for year in range(2005, THIS_YEAR + 1)}

FETCHING: dict[str, Any] = {"phase": "fetching", "expected": 12_100}
PART: dict[str, Any] = {"years": taste(2_500, 2023), "scrobbles": 2_756, "expected": 9_756}
AWAY: dict[str, Any] = {"error": Failure.LASTFM_AWAY, "next_try_at": 900}
"""When Last.fm is asked again is told in seconds after `put_all`."""


def gap(start: str, end: str, plays: int | None) -> Gap:
    """A time with plays that Last.fm does not hand over."""
    times = [datetime.fromisoformat(f"{at}+00:00").timestamp() for at in (start, end)]
    return Gap(start=int(times[0]), end=int(times[1]), plays=plays)


WITH_GAPS: dict[str, Any] = {
    "scrobbles": 12_100,
    "expected": 12_163,
    "gaps": (
        gap("2018-05-03 14:03", "2018-05-03 14:41", 3),
        gap("2018-06-09 22:10", "2018-06-10 01:20", None),
        gap("2018-08-28", "2018-09-03", 12),
        gap("2018-10-01 10:00", "2018-10-01 10:15", 1),
        gap("2018-11-01 10:00", "2018-11-01 10:15", 4),
    ),
    "duplicates": 41,
    "undated": 2,
    "read_at": datetime(2026, 11, 3, tzinfo=UTC).timestamp(),
    "added": 3,
    "removed": 1,
}

EVENTS: dict[str, tuple[Topic, Event]] = {
    "years counting": (Topic("HeavyHelen"), event(phase="fetching", years=FEW)),
    "years": (Topic("LightLuca"), event(phase="completed", years=COUNTS)),
    "years all fetched": (Topic("MovingMo"), event(phase="completed", years=LONG_AGO)),
    "years being fetched": (Topic("WaitingWil"), event(phase="completed", years=LONG_AGO)),
    "queued": (Topic("HeavyHelen", 2019), event(phase="queued", queued_ahead=0)),
    "fetching": (
        Topic("HeavyHelen", 2024),
        event(**FETCHING, done=7, years=taste(1_200), scrobbles=1_300, seconds_left=27),
    ),
    "preview": (
        Topic("LightLuca", 2020),
        event(**FETCHING, done=1, years=taste(9_000), scrobbles=9_400, seconds_left=88, preview=True),
    ),
    "fetching the first page": (Topic("HeavyHelen", 2023), event(**FETCHING, done=0)),
    "augmenting": (
        Topic("HeavyHelen", 2022),
        event(phase="augmenting", done=61, years=taste(11_214, 2022), scrobbles=12_100),
    ),
    "by album where songs are known": (
        Topic("HeavyHelen", 2020),
        stored(taste(11_214, 2020), song_years=taste(11_214, 2020, (1968, 1990)), scrobbles=12_100, by_mbid=7_420),
    ),
    "complete": (Topic("HeavyHelen", 2021), stored(taste(11_214, 2021), scrobbles=12_100, by_mbid=7_420)),
    "another's": (Topic("GrowingGus", 2021), stored(taste(2_300, 2021, (2006, 2017)), scrobbles=2_500)),
    "another's 2023": (Topic("GrowingGus", 2023), stored(taste(2_300, 2023, (2006, 2017)), scrobbles=2_500)),
    "mostly new music": (Topic("GrowingGus", 2020), stored({**taste(2_300, 2019), 2020: 4_321})),
    "a stray year": (Topic(LONG, 2023), stored({1889: 3, 1912: 2, **taste(4_000, 2023)}, by_mbid=3_000)),
    "all of one year": (Topic(LONG, 2022), stored({2022: 3_412})),
    "every year": (Topic(LONG, 2021), stored({year: year * 7 for year in range(1922, 2022)}, by_mbid=50)),
    "complete with remarks": (
        Topic(LONG, 2024),
        stored({1985: 123_456, 1999: 4_321}, scrobbles=150_000, expected=150_003, not_found=20_000),
    ),
    "a few plays": (Topic("EmptyEve", 2024), stored({1967: 3, 1969: 1}, scrobbles=7)),
    "one play": (Topic("SingleSam", 2023), stored({1985: 1})),
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
    "interrupted": (Topic("PatientPia", 2023), event(phase="failed", **PART, **AWAY)),
    "interrupted before the first play": (Topic("PatientPia", 2022), event(phase="failed", **AWAY)),
    "interrupted and nothing placed": (
        Topic("PatientPia", 2021),
        event(phase="failed", **{**PART, "years": {}}, **AWAY),
    ),
    "a worker waits for Last.fm": (
        Topic("HeavyHelen", 2015),
        event(phase="fetching", **PART, done=2_756, next_try_at=40),
    ),
    "a worker waits for Last.fm before the first play": (
        Topic("HeavyHelen", 2014),
        event(phase="fetching", next_try_at=40),
    ),
    "years interrupted": (Topic("PatientPia"), event(phase="completed", years={**COUNTS, 2023: 9_756})),
    "with gaps": (Topic("HeavyHelen", 2018), stored(taste(11_214, 2018), **WITH_GAPS)),
    "read again": (
        Topic("HeavyHelen", 2017),
        event(**FETCHING, was_whole=True, years=taste(11_214, 2017), read_at=WITH_GAPS["read_at"]),
    ),
    "read again and interrupted": (
        Topic("HeavyHelen", 2016),
        event(phase="failed", was_whole=True, years=taste(11_214, 2016), read_at=WITH_GAPS["read_at"], **AWAY),
    ),
    "a worker waits for the database": (
        Topic("HeavyHelen", 2013),
        event(phase="fetching", **PART, done=2_756, waiting_for="database"),
    ),
    "waits for the mirror": (
        Topic("HeavyHelen", 2012),
        stored(taste(2_500, 2012), scrobbles=2_756, not_found=0),
    ),
    "only counted": (Topic("HeavyHelen", 2011), stored(taste(11_214, 2011), scrobbles=12_100, only_counted=True)),
    "what stands out": (Topic("HeavyHelen", 2010), stored(taste(11_214, 2010), scrobbles=12_100, by_mbid=7_420)),
    "forgotten for good": (Topic("BarredBea", 2021), failed(Failure.BARRED)),
    "years of one forgotten for good": (Topic("BarredBea"), failed(Failure.BARRED)),
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
    "compare with an interrupted": "/user/GrowingGus/2023?with=PatientPia",
    "compare with mostly new music": "/user/GrowingGus/2020?with=HeavyHelen",
    "compare with nobody": "/user/HeavyHelen/2024?with=NobodyNoel",
    "together": f"/user/HeavyHelen/2021?with=GrowingGus,{LONG}",
    "together while one is fetched": "/user/GrowingGus/2023?with=HeavyHelen,NobodyNoel,PatientPia",
    "without a connection": "/offline",
    "decade": "/user/HeavyHelen/2021/1970-1979",
    "the months": "/user/HeavyHelen/2021/months",
    "the months by decade": "/user/HeavyHelen/2021/months?by=decade",
    "a month": "/user/HeavyHelen/2021?month=7",
    "a month without plays": "/user/HeavyHelen/2021?month=8",
    "a month that is waited for": "/user/HeavyHelen/2024?month=7",
    "a month that is none": "/user/HeavyHelen/2021?month=13",
    "removal": "/user/HeavyHelen/remove",
    "landing": "/",
    "about": "/about",
    "api": "/api",
    "problem": "/user/HeavyHelen/1999",
    "not found": "/nowhere",
    "bar": "/user/HeavyHelen/2021/1977",
    "bar of a long list": "/user/HeavyHelen/2021/1975?page=2",
    "bar that cannot be": "/user/HeavyHelen/2021/77",
    "bar of spellings": "/user/SpellingSia/2021/1969",
    "unknown spellings": "/user/SpellingSia/2021/unknown",
    "eras": "/user/MovingMo/eras",
    "eras while years are fetched": "/user/WaitingWil/eras",
    "from a decade": "/user/MovingMo/released/1970-1979",
    "from a year that is none": "/user/MovingMo/released/3000",
    "unknown albums": "/user/HeavyHelen/2021/unknown",
    "no unknown albums": "/user/SingleSam/2021/unknown",
}


def address(topic: Topic) -> str:
    """The page of a topic."""
    return f"/user/{topic.username}" + (f"/{topic.year}" if topic.year else "")


AHEAD = {
    "not counted": "/user/CuriousCleo/2021",
    "years not counted": "/user/CuriousCleo",
    "compare with one not counted": "/user/HeavyHelen/2021?with=CuriousCarl",
}
"""What a page is like that was loaded ahead of a visit, or by a robot."""

STATES = {**PATHS, **{state: address(topic) for state, (topic, _) in EVENTS.items()}}
"""What a page can be like -> the path where it is so."""


def put_all(site: Site) -> None:
    """Makes every state be there."""
    for state in EVENTS:
        put_again(site, state)
    put_pasts(site)
    put_months(site)
    put_insights(site)
    write_mirror_note(site.redis, MirrorNote(release_groups=3_000_000))
    with connect(site.settings.database_url.get_secret_value()) as connection:
        put_albums(connection)
        for name in ("HeavyHelen", "LightLuca", "HiddenHana", "MovingMo", "WaitingWil", "PatientPia"):
            since = datetime(2019, 2, 1, tzinfo=UTC)
            years = list(range(THIS_YEAR, 2018, -1))
            listeners.save(connection, name, available_years=years, playcount=1, registered_at=since)
        connection.execute(
            """
            INSERT INTO fetch_jobs (username_key, year, run, status, window_end, expected, completed_at)
            VALUES ('lightluca', 2023, gen_random_uuid(), 'completed', now(), 10231, now())
            """
        )


def put_again(site: Site, state: str) -> None:
    """Makes a state be there, whatever workers have done with it meanwhile."""
    if state not in EVENTS:
        return
    topic, said = EVENTS[state]
    if said.next_try_at is not None:
        said = said.model_copy(update={"next_try_at": time.time() + said.next_try_at})
    save_snapshot(site.redis, topic, Snapshot(at=time.time(), username=topic.username, event=said))
    if said.is_running and topic.year:
        begin(site, said.run)
    elif said.is_running:
        site.redis.hset(Job.key_for(listener_job_id(topic.username)), "status", "started")


def begin(site: Site, run: UUID) -> None:
    """Makes there be a job of this run, or after ten seconds a page takes it for lost, and asks for another."""
    site.redis.hset(Job.key_for(job_id(run)), "status", "started")


def show(site: Site, topic: Topic, said: Event) -> None:
    """Makes this the latest that is known, of a run of its own."""
    said = said.model_copy(update={"run": new_run()})
    if said.is_running:
        begin(site, said.run)
    save_snapshot(site.redis, topic, Snapshot(at=time.time(), username=topic.username, event=said))


def put_pasts(site: Site) -> None:
    """Makes MovingMo's years be there; of WaitingWil's the newest, pages of another, and a backlog of the rest."""
    for year in range(2005, THIS_YEAR + 1):
        said = {Topic("MovingMo", year): stored(drifting(year), scrobbles=LONG_AGO[year])}
        if year > THIS_YEAR - 4:
            said[Topic("WaitingWil", year)] = stored(drifting(year), scrobbles=LONG_AGO[year])
        if year == THIS_YEAR - 4:
            part = event(phase="fetching", years=drifting(year), done=3, expected=LONG_AGO[year], preview=True)
            said[Topic("WaitingWil", year)] = part
        for topic, one in said.items():
            save_snapshot(site.redis, topic, Snapshot(at=time.time(), username=topic.username, event=one))
    add_years(site.redis, "WaitingWil", range(2005, THIS_YEAR - 3))


def put_months(site: Site) -> None:
    """Makes the months of HeavyHelen's 2021 be counted, with an old July and an empty August."""
    topic, said = EVENTS["complete"]
    middles = {month: (1968, 1974) if month == 7 else (1975, 1990 + month) for month in range(1, 13) if month != 8}
    months = {month: taste(300 + 90 * month, 2021, both) for month, both in middles.items()}
    counted = {month: event(phase="completed", years=years).numbers for month, years in months.items()}
    save_derived(site.redis, topic, said, "months", json.dumps(counted))
    july = {**counted[7], "oldest_and_newest": [one.model_dump() for one in ends(months[7]) or ()]}
    save_derived(site.redis, topic, said, "in 2021-07", json.dumps(july))
    save_derived(site.redis, topic, said, "in 2021-08", "{}")


def put_insights(site: Site) -> None:
    """Makes many years be counted here, and the albums of HeavyHelen's 2010 be known, some with hostile names."""
    ages = CountedAges(
        listeners=3_411,
        years=41_004,
        average_ages=tuple(4 + step / 5 for step in STEPS),
        middle_ages=tuple(2 + step / 6 for step in STEPS),
    )
    write_usual_years(site.redis, {}, {False: ages, True: ages})
    topic, said = EVENTS["what stands out"]
    titles = ("The Dark Side of the Moon", "Wish You Were Here", "Animals", "Meddle")
    albums = (
        PlayedAlbum(
            released=1976, artist=LONG, title=("A title that goes on and on " * 3)[:MAX_NAME_LENGTH], plays=1_411
        ),
        *(PlayedAlbum(released=1973, artist="Pink Floyd", title=title, plays=300) for title in titles),
        *(PlayedAlbum(released=1997, artist=f"Artist {n}", title="Title", plays=200) for n in range(4)),
        PlayedAlbum(released=1960, artist=NAMES[1][0], title=NAMES[1][1], plays=190),
        PlayedAlbum(
            released=1996, artist=NAMES[0][0], title=NAMES[0][1], plays=112, months=(0, 0, 112, *(9 * (0,)))
        ),
        PlayedAlbum(released=1985, artist=NAMES[2][0], title=NAMES[2][1], plays=41),
    )
    keep_year_albums(site.redis, topic, said, YearAlbums(albums=albums), by_song=False)


NAMES = [
    ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
    ("فيروز", "أنا لحبيبي (رحلة)"),
    ("javascript:alert(1)", "\u202etxet desrever"),
    ("An Artist", "A title without an end " * 130),
    ("AnArtistWithoutABlank" * 10, "TitleWithoutABlank" * 20),
]
"""As hostile as names get."""


def placed(artist: str, album: str, year: int, **answer: Any) -> Album:
    """An album with its year; one of the catalogue may have a cover."""
    group = {"release_group": GROUPS.get((artist, album), names_key(artist, album)), "release_group_title": album}
    given = {"method": "names", "score": 1.0, **group, **answer}
    return Album(artist, album, None, release_year=year, augmentation_status="matched", **given)


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
    tracks.save_years(connection, [Track(*row) for row in rows], [1977] * len(rows))
    put_songs(connection)
    put_spellings(connection)
    put_decade(connection)


SPELLINGS = [
    ("The Beatles", "Abbey Road (Remastered)"),
    ("The Beatles", "Abbey Road"),
    ("The Beatles", "Abbey Road (Super Deluxe Edition)"),
    ("Beatles", "Abbey Road"),
    ("The Beatles", "[1969] Abbey Road"),
    ("ビートルズ", "アビイ・ロード"),
]


def put_spellings(connection: Connection) -> None:
    """Makes SpellingSia's 2021 be there: albums under six spellings, 130 artists, and hostile names."""
    album: dict[str, Any] = {"release_group": UUID(int=69), "release_group_title": "Abbey Road"}
    mix: dict[str, Any] = {"release_group": UUID(int=70), "release_group_title": "Nuggets", "artists_differ": True}
    hostile: dict[str, Any] = {"release_group": UUID(int=71), "release_group_title": "One of These"}
    artists = sorted({one.artist for one in KNOWN})[:130]
    played = [placed(*names, 1969, **album) for names in SPELLINGS]
    played += [placed(artist, "Nuggets", 1969, **mix) for artist in artists]
    played.append(placed("Various Artists", "Nuggets", 1969, **mix))
    played += [placed(artist, f"{title} 2", 1969, **hostile) for artist, title in NAMES]
    played += [placed("The Band", "The Band", 1969)]
    missed = (("Nobody at All", "Attic Tapes"), ("nobody at all", "ATTIC TAPES!"))
    played += [Album(*names, None, augmentation_status="not_found") for names in missed]
    put_plays(connection, "SpellingSia", played)


def put_decade(connection: Connection) -> None:
    """Makes some of MovingMo's plays be there that the seventies brought, of every other year or so."""
    seventies = [one for one in KNOWN if 1970 <= (one.year or 0) <= 1979][:12]
    played = [placed(one.lastfm_artist, one.lastfm_title, one.year or 0) for one in seventies]
    played += [placed(*names, 1977) for names in NAMES]
    user = listeners.save(connection, "MovingMo", available_years=[2021], playcount=1, registered_at=None).id
    albums.save(connection, played)
    for year in range(2005, THIS_YEAR, 2):
        start, _ = year_bounds(year)
        each = [one for nth, one in enumerate(played) if (year + nth) % 3 for _ in range(1 + year * nth % 7)]
        plays = [
            Scrobble(start + timedelta(minutes=minute), one.artist, "Title", one.album, None)
            for minute, one in enumerate(each)
        ]
        store_year(connection, user, year, plays)


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
    tracks.save_years(connection, [Track(*row) for row in rows], [1968] * len(rows))


def put_plays(connection: Connection, name: str, played: list[Album]) -> None:
    """Makes somebody's 2021 hold these albums, the first most often; songs where one has no name."""
    start, _ = year_bounds(2021)
    user = listeners.save(connection, name, available_years=[2021], playcount=1, registered_at=start).id
    albums.save(connection, played)
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
    store_year(connection, user, 2021, plays)


def small_mirror(site: Site) -> None:
    """Makes the mirror one that knows few albums."""
    write_mirror_note(site.redis, MirrorNote(release_groups=638))
