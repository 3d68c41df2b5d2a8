"""What is taken of what a tier has found, and what an MBID does to it: a table of cases without a database."""

from dataclasses import replace
from uuid import UUID

import pytest

from mirror.matching.candidates import Candidate
from mirror.matching.decision import Considered, Decision, MbidResult, decide
from mirror.matching.query import (
    BY_BARE_TITLE,
    BY_MBID,
    BY_NAMES,
    BY_SIMILAR_TITLE,
    AlbumName,
    Placement,
    Query,
)
from mirror.release_types import ALBUM, LIVE, SINGLE
from mirror.titles.decorations import Rest
from mirror.titles.pieces import Kind, Piece

RUMOURS = Candidate(1, UUID(int=1), "Rumours", "Fleetwood Mac", 1977, ALBUM, ())
TUSK = Candidate(2, UUID(int=2), "Tusk", "Fleetwood Mac", 1979, ALBUM, ())
OTHER_RUMOURS = Candidate(3, UUID(int=3), "Rumours", "Fleetwood Mac", 1997, ALBUM, ())
SINGLE_TUSK = Candidate(4, UUID(int=4), "Tusk", "Fleetwood Mac", 1979, SINGLE, ())
UNDATED = replace(RUMOURS, id=5, release_group=UUID(int=5), year=None)
HITS = Candidate(6, UUID(int=6), "Greatest Hits", "Fleetwood Mac", 1988, ALBUM, ())
NONE_OF_THEM = "none of them"
NEXT_TIER = "next tier"


def asked(title: str = "Rumours", artist: str = "Fleetwood Mac") -> Query:
    return Query.of(0, AlbumName(artist, title))


def decided(
    query: Query, method: str, *found: list[Candidate], mbid: Candidate | None = None, artist_agrees: bool = True
) -> Candidate | str:
    """What is taken, or why nothing is."""
    result = MbidResult(mbid, "release", artist_agrees) if mbid else None
    considered = [Considered(method, candidates) for candidates in found]
    decision = decide(query, method, considered, result, lambda query, candidate: 0.9)
    return NEXT_TIER if decision is None else decision.candidate or NONE_OF_THEM


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([], NEXT_TIER, id="nothing"),
        pytest.param([[RUMOURS]], RUMOURS, id="one"),
        pytest.param([[RUMOURS, OTHER_RUMOURS]], NONE_OF_THEM, id="two of which no rule takes one"),
        pytest.param([[UNDATED]], NONE_OF_THEM, id="one without a year, for which no similar name stands in"),
        pytest.param([[], [RUMOURS]], RUMOURS, id="nothing by the first part of the artist's name"),
        pytest.param([[RUMOURS], [OTHER_RUMOURS]], RUMOURS, id="by the first part of the name before the second"),
        pytest.param([[UNDATED], [RUMOURS]], RUMOURS, id="one without a year by the first part"),
    ],
)
def test_exact_names_end_the_search_if_they_lead_anywhere(
    found: list[list[Candidate]], expected: Candidate | str
) -> None:
    assert decided(asked(), BY_NAMES, *found) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([[TUSK]], TUSK, id="one"),
        pytest.param([[RUMOURS, OTHER_RUMOURS]], NEXT_TIER, id="two of which no rule takes one"),
        pytest.param([[UNDATED]], NEXT_TIER, id="one without a year"),
    ],
)
def test_similar_names_leave_it_to_the_next_tier_if_none_can_be_chosen(
    found: list[list[Candidate]], expected: Candidate | str
) -> None:
    assert decided(asked(), BY_SIMILAR_TITLE, *found) == expected


@pytest.mark.parametrize(
    ("query", "found", "mbid", "artist_agrees", "expected"),
    [
        pytest.param(asked(), [[RUMOURS]], RUMOURS, True, RUMOURS, id="the names agree"),
        pytest.param(asked(), [[RUMOURS, OTHER_RUMOURS]], OTHER_RUMOURS, True, OTHER_RUMOURS, id="it tells which"),
        pytest.param(asked(), [[RUMOURS], [OTHER_RUMOURS]], OTHER_RUMOURS, True, OTHER_RUMOURS, id="of all found"),
        pytest.param(asked(), [[RUMOURS]], TUSK, True, RUMOURS, id="the names lead to another"),
        pytest.param(asked(), [[UNDATED]], TUSK, True, NONE_OF_THEM, id="to another, without a year"),
        pytest.param(asked(), [[RUMOURS, OTHER_RUMOURS]], TUSK, True, NONE_OF_THEM, id="to two others"),
        pytest.param(asked(), [[UNDATED]], UNDATED, True, UNDATED, id="to itself, without a year"),
        pytest.param(asked("Rumors"), [], RUMOURS, False, RUMOURS, id="names that lead nowhere; a similar title"),
        pytest.param(asked("Tango"), [], RUMOURS, True, NEXT_TIER, id="names that lead nowhere; another title"),
        pytest.param(asked("Greatest Hits"), [], HITS, True, HITS, id="a title that anybody has, by the artist"),
        pytest.param(asked("Greatest Hits"), [], HITS, False, NEXT_TIER, id="by somebody else"),
        pytest.param(asked("", ""), [], RUMOURS, False, RUMOURS, id="no names"),
        pytest.param(asked("Tango", ""), [], RUMOURS, False, RUMOURS, id="no artist"),
        pytest.param(asked("\N{ZERO WIDTH SPACE}"), [], RUMOURS, False, RUMOURS, id="no title that shows"),
    ],
)
def test_an_mbid_counts_unless_exact_names_speak_against_it(
    query: Query, found: list[list[Candidate]], mbid: Candidate, artist_agrees: bool, expected: Candidate | str
) -> None:
    assert decided(query, BY_NAMES, *found, mbid=mbid, artist_agrees=artist_agrees) == expected


@pytest.mark.parametrize(
    ("method", "found", "artist_agrees", "expected"),
    [
        pytest.param(BY_SIMILAR_TITLE, [[TUSK]], True, TUSK, id="a similar title comes first"),
        pytest.param(BY_SIMILAR_TITLE, [], True, NEXT_TIER, id="it waits for other titles"),
        pytest.param(BY_MBID, [], True, RUMOURS, id="there is none, and it is by the artist"),
        pytest.param(BY_MBID, [], False, NEXT_TIER, id="there is none, and it is by another"),
    ],
)
def test_an_mbid_with_another_title_counts_after_similar_titles(
    method: str, found: list[list[Candidate]], artist_agrees: bool, expected: Candidate | str
) -> None:
    assert decided(asked("Tango"), method, *found, mbid=RUMOURS, artist_agrees=artist_agrees) == expected


def test_a_decision_says_how_it_was_found_and_how_surely() -> None:
    live = replace(RUMOURS, secondary_types=(LIVE,))
    decision = decide(asked(), BY_SIMILAR_TITLE, [Considered("", [live])], None, lambda *_: 0.87654)
    assert decision == Decision(live, BY_SIMILAR_TITLE, 0.877)
    expected = Placement(live.release_group, "Rumours", "Fleetwood Mac", 1977, BY_SIMILAR_TITLE, 0.877, True)
    assert decision.placement == expected
    by_mbid = decide(asked(), BY_NAMES, [], MbidResult(RUMOURS, "release redirect", True), lambda *_: 0.5)
    assert by_mbid == Decision(RUMOURS, "mbid: release redirect", 1.0)


def test_without_a_year_there_is_no_placement() -> None:
    assert Decision(UNDATED, BY_MBID).placement is None
    assert Decision(None, BY_NAMES).placement is None


def test_what_is_left_of_a_decorated_title_means_no_single() -> None:
    for candidate, expected in ((TUSK, Decision(TUSK, BY_BARE_TITLE, 0.9)), (SINGLE_TUSK, None)):
        considered = [Considered(BY_BARE_TITLE, [candidate], Rest("Tusk", (Piece("1979", Kind.ADDED),)))]
        assert decide(asked("1979 - Tusk"), BY_BARE_TITLE, considered, None, lambda *_: 0.9) == expected
