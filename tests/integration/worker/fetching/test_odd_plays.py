"""Names and ids that are hostile to databases: they are stored as far as possible, and never stop a fetch."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.lastfm.accounts import Play
from demo.lastfm.habits import BYTE_SWAPPED, CUT_OFF
from demo.musicbrainz import catalogue
from tests.integration.worker.conftest import Stage, second

MORNING = second("2023-04-01")
LONG = "la " * 1000
PLACED = next(album for album in catalogue.albums() if album.has_usable_mbid and album.year)
MBID = str(PLACED.lastfm_mbid)


def titles(stage: Stage, name: str) -> list[str]:
    return [row[2] for row in stage.rows(name, 2023)]


TITLES = {
    "plain": "plain",
    "nul\0 inside": "nul inside",
    "\0": "",
    "": "",
    "half \ud83d a pair": "half \ufffd a pair",
    "\udfff": "\ufffd",
    "whole \U0001f3b5 pair": "whole \U0001f3b5 pair",
    BYTE_SWAPPED: BYTE_SWAPPED,
    "\ufefftitle": "\ufefftitle",
    "e\u0301 is not \u00e9": "e\u0301 is not \u00e9",
    "'; DROP TABLE scrobbles; --": "'; DROP TABLE scrobbles; --",
    "%s {} \\N \\": "%s {} \\N \\",
    "&amp; <b>": "&amp; <b>",
    CUT_OFF: CUT_OFF,
}
MBIDS = {
    MBID: PLACED.year,
    MBID.upper(): PLACED.year,
    "": None,
    "not an mbid": None,
    MBID[:-1]: None,
    MBID + "0": None,
    "00000000-0000-0000-0000-000000000000": None,
    "\0" * 36: None,
}


def test_text_is_kept_as_far_as_a_database_takes_it(stage: Stage) -> None:
    stage.take_in("OddOlga", [Play(MORNING + at, text, text, text, "") for at, text in enumerate(TITLES)])
    assert stage.fetch("OddOlga", 2023).status == "completed"
    kept = [(MORNING + at, text, text, text) for at, text in enumerate(TITLES.values())]
    assert stage.rows("OddOlga", 2023) == kept


def test_titles_of_three_thousand_letters_that_differ_at_the_end_are_two(stage: Stage) -> None:
    ends = [LONG + end for end in ("one", "other")]
    stage.take_in("LongLiv", [Play(MORNING, end, end, end, "") for end in ends])
    assert stage.fetch("LongLiv", 2023).expected == 2
    assert titles(stage, "LongLiv") == ends
    stage.fetch("LongLiv", 2023, refresh=True)
    assert titles(stage, "LongLiv") == ends


def test_names_that_run_together_alike_are_still_different_albums(stage: Stage) -> None:
    names = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")]
    stage.take_in("MixedMo", [Play(MORNING, artist, "Title", album, "") for artist, album in names])
    stage.fetch("MixedMo", 2023)
    assert {(row[1], row[3]) for row in stage.rows("MixedMo", 2023)} == set(names)


def test_an_mbid_leads_to_a_year_or_to_none_but_never_to_an_end(stage: Stage) -> None:
    stage.take_in(
        "OddOlga", [Play(MORNING, PLACED.artist, "Title", f"no. {at}", mbid) for at, mbid in enumerate(MBIDS)]
    )
    assert stage.fetch("OddOlga", 2023).status == "completed"
    found = stage.connection.execute("SELECT album, release_year FROM albums WHERE release_year IS NOT NULL")
    assert dict(found.fetchall()) == {f"no. {at}": year for at, year in enumerate(MBIDS.values()) if year}
    counts = stage.counts("OddOlga", 2023)
    assert (counts.matched, counts.not_found) == (2, len(MBIDS) - 2)


def test_a_play_without_an_album_is_stored_and_counted_as_not_found(stage: Stage) -> None:
    stage.take_in("OddOlga", [Play(MORNING, "Somebody", "Title", "", "")])
    stage.fetch("OddOlga", 2023)
    assert stage.rows("OddOlga", 2023) == [(MORNING, "Somebody", "Title", "")]
    assert stage.counts("OddOlga", 2023).not_found == 1


@pytest.mark.parametrize("mbid_comes_first", [True, False])
def test_one_mbid_among_an_albums_plays_is_enough(stage: Stage, mbid_comes_first: bool) -> None:
    plays = [Play(MORNING + number, PLACED.artist, f"Title {number}", PLACED.title, "") for number in range(401)]
    at = 0 if mbid_comes_first else 400
    plays[at] = Play(MORNING + at, PLACED.artist, "With it", PLACED.title, MBID)
    stage.take_in("OddOlga", plays)
    stage.grant(200)
    stage.fetch("OddOlga", 2023)
    assert stage.counts("OddOlga", 2023).years == {PLACED.year: 401}


@settings(max_examples=10)
@given(names=st.lists(st.text(alphabet=st.characters(codec=None), max_size=40), min_size=1, max_size=30))
def test_any_text_comes_in_once(stage: Stage, names: list[str]) -> None:
    stage.take_in("AnyAnn", [Play(MORNING + at, name, name, name, "") for at, name in enumerate(names)])
    job = stage.fetch("AnyAnn", 2023, refresh=True)
    assert (job.status, job.expected) == ("completed", len(names))
    assert [row[0] for row in stage.rows("AnyAnn", 2023)] == [MORNING + at for at in range(len(names))]
