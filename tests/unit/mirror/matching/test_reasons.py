"""Why there is no release year, by what the search has led to: a table of cases without a database."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from mirror.matching.candidates import Candidate
from mirror.matching.decision import Considered, Decision, MbidResult
from mirror.matching.match import Trail
from mirror.matching.query import BY_BARE_TITLE, BY_MBID, BY_NAMES, BY_SIMILAR_TITLE, AlbumName, Query
from mirror.matching.reasons import Reason, why_not
from mirror.release_types import ALBUM

RUMOURS = Candidate(1, UUID(int=1), "Rumours", "Fleetwood Mac", 1977, ALBUM, ())
TUSK = Candidate(2, UUID(int=2), "Tusk", "Fleetwood Mac", 1979, ALBUM, ())
UNDATED = replace(RUMOURS, id=3, release_group=UUID(int=3), year=None)
NAMES = AlbumName("Fleetwood Mac", "Rumours")
BY_MBID_ALONE, BOTH = AlbumName("", "", uuid4()), replace(NAMES, mbid=uuid4())


def trail(
    album: AlbumName,
    *considered: Considered,
    mbid: Candidate | None = None,
    knows_artist: bool = True,
    decision: Decision | None = None,
) -> Trail:
    """A search that has ended without a year."""
    result = MbidResult(mbid, "release", artist_agrees=False) if mbid else None
    return Trail(Query.of(0, album), result, knows_artist, considered, decision)


def by(method: str, *candidates: Candidate) -> Considered:
    return Considered(method, candidates)


@pytest.mark.parametrize(
    ("searched", "reason"),
    [
        (trail(NAMES, knows_artist=False), Reason.UNKNOWN_ARTIST),
        (trail(NAMES), Reason.NO_SUCH_ALBUM),
        (trail(NAMES, by(BY_NAMES)), Reason.NO_SUCH_ALBUM),
        (trail(NAMES, by(BY_NAMES, RUMOURS, TUSK)), Reason.SEVERAL_ALBUMS),
        (trail(NAMES, by(BY_SIMILAR_TITLE, RUMOURS), by(BY_BARE_TITLE, TUSK)), Reason.SEVERAL_ALBUMS),
        (trail(NAMES, by(BY_NAMES, RUMOURS, RUMOURS)), Reason.OTHER_FORMAT),
        (trail(NAMES, by(BY_NAMES, RUMOURS, UNDATED)), Reason.OTHER_FORMAT),
        (trail(NAMES, by(BY_NAMES, UNDATED)), Reason.NO_DATE),
        (trail(NAMES, by(BY_NAMES, UNDATED), knows_artist=False), Reason.NO_DATE),
        (trail(AlbumName("", "")), Reason.NO_NAMES),
        (trail(AlbumName("Fleetwood Mac", "\u200b")), Reason.NO_NAMES),
        (trail(BY_MBID_ALONE), Reason.UNKNOWN_MBID),
        (trail(BY_MBID_ALONE, mbid=UNDATED, decision=Decision(UNDATED, "mbid: release")), Reason.NO_DATE),
        (trail(BOTH, mbid=TUSK), Reason.OTHER_NAMES),
        (trail(BOTH, mbid=TUSK, knows_artist=False), Reason.OTHER_NAMES),
        (trail(BOTH, by(BY_MBID, TUSK), mbid=TUSK), Reason.OTHER_NAMES),
        (trail(BOTH, by(BY_NAMES, RUMOURS, TUSK), mbid=UNDATED), Reason.SEVERAL_ALBUMS),
        (trail(BOTH), Reason.NO_SUCH_ALBUM),
    ],
)
def test_a_search_without_a_year_has_one_reason(searched: Trail, reason: Reason) -> None:
    assert why_not(searched) is reason


def test_every_reason_has_a_sentence_of_its_own() -> None:
    sentences = {reason.sentence for reason in Reason}
    assert len(sentences) == len(Reason)
    for sentence in sentences:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
