"""What all years come to is what adding them up one by one says, whether or not their plays are still here."""

from datetime import timedelta
from random import Random

import pytest

from app.events import Event, new_run
from app.insights.standing import MIN_LISTENERS, STEPS
from app.listening_years import year_bounds
from app.store import Connection, albums, listeners, tracks
from app.store.albums import Album
from app.store.plays import counted_years, scrobbles, usual_years
from app.store.plays.scrobbles import Scrobble
from app.store.tracks import Track
from app.web.words.summary import Summary, summarize
from tests.stored_years import store_year

ALBUMS = {
    at: Album("A", str(at), None, None, at, "matched", "names", 1.0, str(at), songs_differ=at == 2000)
    for at in (1960, 1977, 1978, 2000, 2023, 2025)
}
MISSED = Album("A", "missed", None, augmentation_status="not_found")


@pytest.fixture
def installation(connection: Connection) -> Connection:
    """An installation that knows some albums, one of them a compilation."""
    albums.save(connection, [*ALBUMS.values(), MISSED])
    return connection


def put(connection: Connection, name: str, year: int, plays: dict[int, int], *, missed: int = 7) -> int:
    """Makes a listener's year be there and whole, with plays by release year. Returns its job."""
    start, _ = year_bounds(year)
    user = listeners.save(connection, name, available_years=[year], playcount=0, registered_at=start).id
    played = [ALBUMS[at] for at, count in plays.items() for _ in range(count)] + [MISSED] * missed
    store_year(
        connection,
        user,
        year,
        [
            Scrobble(start + timedelta(seconds=n), one.artist, "Song", one.album, None)
            for n, one in enumerate(played)
        ],
    )
    rows = connection.execute(
        "SELECT tracks.id, '', title FROM tracks JOIN albums ON albums.id = tracks.album WHERE songs_differ"
    ).fetchall()
    tracks.save_years(connection, [Track(*row) for row in rows], [1978] * len(rows))
    row = connection.execute(
        """
        INSERT INTO fetch_jobs (username_key, year, run, status, window_end, completed_at)
        VALUES (%s, %s, %s, 'completed', now(), now())
        RETURNING id
        """,
        [name.casefold(), year, new_run()],
    ).fetchone()
    assert row
    return int(row[0])


def remove_plays(connection: Connection, job: int, name: str, year: int) -> None:
    """Makes room: of a year only its counts stay."""
    user = listeners.find(connection, name)
    assert user
    counted_years.keep(connection, job, counted_years.count(connection, user.id, year))
    connection.execute("DELETE FROM stretches WHERE user_id = %s", [user.id])
    connection.execute("UPDATE fetch_jobs SET plays_removed_at = now() WHERE id = %s", [job])


def shown(connection: Connection, name: str, year: int) -> Summary:
    """What the page of a year says."""
    user = listeners.find(connection, name)
    assert user
    counts = scrobbles.count_year(connection, user.id, year)
    return summarize(Event(run=new_run(), phase="completed", **counts.numbers), year)


def test_each_listener_has_the_same_weight(installation: Connection) -> None:
    put(installation, "HeavyHelen", 2024, {1977: 3_000, 2023: 1_000})
    put(installation, "LightLuca", 2024, {2023: 100, 2025: 100})
    put(installation, "LightLisa", 2023, {1960: 150})
    found = usual_years.count(installation).shares
    assert found[2024, False].listeners == 2
    assert found[2024, False].shares == {1977: 0.75, 2023: 0.75, 2025: 0.5}
    assert found[2023, False].shares == {1960: 1}


def test_by_song_the_songs_own_years_count(installation: Connection) -> None:
    put(installation, "HeavyHelen", 2024, {2000: 300, 1960: 100})
    found = usual_years.count(installation).shares
    assert found[2024, False].shares == {2000: 0.75, 1960: 0.25}
    assert found[2024, True].shares == {1978: 0.75, 1960: 0.25}


def test_years_of_a_few_plays_and_parts_of_years_do_not_count(installation: Connection) -> None:
    put(installation, "EmptyEve", 2024, {1977: 99})
    put(installation, "PatientPia", 2024, {1977: 200})
    installation.execute("UPDATE fetch_jobs SET completed_at = NULL WHERE username_key = 'patientpia'")
    found = usual_years.count(installation)
    assert (found.shares, found.ages) == ({}, {})


def test_a_year_whose_plays_were_removed_counts_as_before(installation: Connection) -> None:
    jobs = {
        name: put(installation, name, 2024, plays)
        for name, plays in {"HeavyHelen": {2000: 300, 1960: 100}, "LightLuca": {1977: 100, 2023: 100}}.items()
    }
    before = usual_years.count(installation).shares
    for name, job in jobs.items():
        remove_plays(installation, job, name, 2024)
    assert usual_years.count(installation).shares == before


def test_ages_are_those_that_pages_tell_and_told_only_among_enough_listeners(installation: Connection) -> None:
    rng = Random("ages")
    pages = []
    for number in range(MIN_LISTENERS):
        if number:
            assert usual_years.count(installation).ages == {}
        plays = {at: rng.randrange(30, 90) for at in rng.sample(sorted(ALBUMS), 4)}
        put(installation, f"Listener{number}", 2023, plays)
        pages.append(shown(installation, f"Listener{number}", 2023))
    found = usual_years.count(installation).ages[False]
    assert (found.listeners, found.years) == (MIN_LISTENERS, MIN_LISTENERS)
    for step, average, middle in zip(STEPS, found.average_ages, found.middle_ages, strict=True):
        nth = -(-MIN_LISTENERS * step // 100) - 1
        assert average == pytest.approx(sorted(page.mean_age for page in pages)[nth], abs=1e-6)
        assert middle == sorted(2023 - (page.median or 0) for page in pages)[nth]
