"""The invented listeners: each plays as their habits say, and the same on every run."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.lastfm.accounts import Account, Accounts, Play
from demo.lastfm.cast import ACCOUNTS
from demo.musicbrainz import catalogue

ROOT = Path(__file__).parents[3]
JOINED = datetime(2020, 5, 1, tzinfo=UTC)
PRINT_DIGEST = """
import hashlib
from demo.lastfm.cast import ACCOUNTS
print(hashlib.sha256(repr([listener.plays(2025) for listener in ACCOUNTS]).encode()).hexdigest())
"""


@pytest.fixture
def cast() -> Accounts:
    return Accounts(ACCOUNTS)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def play(uts: int, title: str = "Take 1") -> Play:
    return Play(uts, "Kellerassel Quintett", title, "Attic Tapes", "")


def test_helen_fills_61_pages_in_2024_and_as_many_thousands_in_every_other_year(cast: Accounts) -> None:
    helen = cast["HeavyHelen"]
    assert len(helen.plays(2024)) == 12_100
    assert all(9_000 <= len(helen.plays(year)) <= 13_000 for year in range(2019, 2027))
    assert not helen.plays(2018)


def test_the_other_listeners_play_as_their_habits_say(cast: Accounts) -> None:
    assert all(650 <= len(cast["LightLuca"].plays(year)) <= 750 for year in range(2021, 2027))
    assert [len(cast["SingleSam"].plays(year)) for year in (2022, 2023, 2024)] == [0, 1, 0]
    assert [bool(cast["EmptyEve"].plays(year)) for year in (2021, 2022, 2023)] == [True, False, True]
    assert cast["HiddenHana"].hidden
    assert cast["HeavyHelen"].now_playing
    assert cast["GrowingGus"].now_playing


def test_gus_plays_something_in_every_20_minutes_of_the_day(cast: Accounts) -> None:
    noon, three = at("2026-03-01T12:00"), at("2026-03-01T15:00")
    assert len(cast["GrowingGus"].plays_between(noon, three)) == 9


def test_nobody_plays_before_they_registered(cast: Accounts) -> None:
    for listener in cast:
        first = next(play.uts for play in listener.plays_between(1, at("2026-01-01")))
        assert first >= listener.registered.timestamp()


def test_plays_are_sorted_and_inside_their_year_and_all_different(cast: Accounts) -> None:
    plays = cast["HeavyHelen"].plays(2023)
    assert [play.uts for play in plays] == sorted(play.uts for play in plays)
    assert at("2023-01-01") <= plays[0].uts <= plays[-1].uts < at("2024-01-01")
    assert len(set(plays)) == len(plays)


def test_a_period_includes_its_start_and_excludes_its_end(cast: Accounts) -> None:
    helen = cast["HeavyHelen"]
    whole = helen.plays(2024)
    first, last = whole[100], whole[200]
    inside = helen.plays_between(first.uts, last.uts)
    assert inside[0].uts == first.uts
    assert inside[-1].uts < last.uts
    assert inside == tuple(play for play in whole if first.uts <= play.uts < last.uts)


def test_a_period_may_span_several_years(cast: Accounts) -> None:
    helen = cast["HeavyHelen"]
    assert helen.plays_between(at("2023-01-01"), at("2025-01-01")) == helen.plays(2023) + helen.plays(2024)


@pytest.mark.parametrize("year", [2019, 2024])
def test_no_album_is_played_in_a_year_before_its_release(cast: Accounts, year: int) -> None:
    releases: dict[tuple[str, str], int] = {}
    for album in catalogue.albums():
        name = (album.lastfm_artist, album.lastfm_title)
        releases[name] = min(album.year or 0, releases.get(name, 9999))
    for listener in cast:
        assert all(releases.get((play.artist, play.album), 0) <= year for play in listener.plays(year))


def test_helens_plays_show_two_favourite_periods_and_some_new_music(cast: Accounts) -> None:
    releases = {(album.lastfm_artist, album.lastfm_title): album.year for album in catalogue.albums()}
    years = Counter(releases.get((play.artist, play.album)) for play in cast["HeavyHelen"].plays(2024))
    seventies, eighties, nineties = (
        sum(count for year, count in years.items() if year and start <= year < start + 8)
        for start in (1971, 1983, 1992)
    )
    assert seventies > nineties > 2 * eighties
    assert years[2024] > 300


def test_the_data_is_as_dirty_as_real_histories(cast: Accounts) -> None:
    helen = cast["HeavyHelen"]
    plays = helen.plays(2024)
    albums = {play.album for play in plays}
    assert 0.02 < sum(not play.album for play in plays) / len(plays) < 0.04
    assert 0 < len(plays) - len({play.uts for play in plays}) < 30
    assert any(" feat. " in play.artist for play in plays)
    assert max(len(album) for album in albums) == 255
    assert any(album.startswith("\ufffe") for album in albums)
    assert [play.uts for play in helen.plays_between(0, 1)] == [0, 0]


def test_a_few_percent_of_plays_are_of_albums_that_musicbrainz_does_not_have(cast: Accounts) -> None:
    known = {album.lastfm_title for album in catalogue.albums()}
    plays = cast["HeavyHelen"].plays(2024)
    unknown = [play for play in plays if play.album and play.album not in known]
    assert 0.02 < len(unknown) / len(plays) < 0.08
    assert not any(play.album_mbid for play in unknown)


def test_an_album_never_has_two_ids(cast: Accounts) -> None:
    ids = {(play.artist, play.album, play.album_mbid) for play in cast["HeavyHelen"].plays(2024)}
    with_id = [name[:2] for name in ids if name[2]]
    assert with_id
    assert len(with_id) == len(set(with_id))


@pytest.mark.parametrize("seed", ["1", "2"])
def test_plays_are_the_same_in_every_process(seed: str) -> None:
    other = subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    here = hashlib.sha256(repr([listener.plays(2025) for listener in ACCOUNTS]).encode()).hexdigest()
    assert other.stdout.strip() == here


def test_names_are_found_in_any_case(cast: Accounts) -> None:
    assert cast["heavyhelen"].name == "HeavyHelen"
    assert cast.find("HEAVYHELEN") is cast["HeavyHelen"]
    assert cast.find("nobody") is None


def test_late_plays_are_sorted_in() -> None:
    listeners = Accounts([Account("Late", JOINED, own=(play(100), play(300)))])
    listeners.add_plays("late", [play(200, "Take 2")])
    assert [each.uts for each in listeners["Late"].plays_between(0, 1000)] == [100, 200, 300]


def test_deleted_plays_are_gone_until_they_are_added_again() -> None:
    listeners = Accounts([Account("Editor", JOINED, own=(play(100), play(300)))])
    listeners.remove_plays("Editor", [play(100)])
    assert listeners["Editor"].plays_between(0, 1000) == (play(300),)
    listeners.add_plays("Editor", [play(100)])
    assert listeners["Editor"].plays_between(0, 1000) == (play(100), play(300))


def test_plays_of_a_habit_can_be_deleted_too(cast: Accounts) -> None:
    before = cast["LightLuca"].plays(2024)
    cast.remove_plays("LightLuca", before[:3])
    assert cast["LightLuca"].plays(2024) == before[3:]
