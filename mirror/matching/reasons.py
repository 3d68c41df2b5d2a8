"""Reasons why an album, or a song, has no release year."""

from collections.abc import Sequence
from enum import StrEnum

from mirror.matching.match import Trail

MAX_NAME_LENGTH = 1000  # characters of a name that is searched for; the longest titles of albums have 900


class Reason(StrEnum):
    """Why there is no release year, by a code for programs."""

    UNKNOWN_ARTIST = "unknown_artist"
    NO_SUCH_ALBUM = "no_such_album"
    SEVERAL_ALBUMS = "several_albums"
    OTHER_FORMAT = "other_format"
    NO_DATE = "no_date"
    OTHER_NAMES = "other_names"
    UNKNOWN_MBID = "unknown_mbid"
    NO_ALBUM_NAMED = "no_album_named"
    NO_SUCH_SONG = "no_such_song"
    NO_SONGS = "no_songs"
    NO_NAMES = "no_names"
    NAME_TOO_LONG = "name_too_long"
    MALFORMED_MBID = "malformed_mbid"
    UNREADABLE = "unreadable"

    @property
    def sentence(self) -> str:
        """The reason for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.UNKNOWN_ARTIST: "No artist is known by this name or a similar one.",
    Reason.NO_SUCH_ALBUM: "No album by this artist is known under this title or a similar one.",
    Reason.SEVERAL_ALBUMS: "Several albums may be meant, and no rule decides: a wrong year is worse than none.",
    Reason.OTHER_FORMAT: "An album is called so, but it is not of the format or the year that the title names.",
    Reason.NO_DATE: "The album is known, but the year of its release is not.",
    Reason.OTHER_NAMES: "The MBID leads to an album with other names, and these names lead to none.",
    Reason.UNKNOWN_MBID: "The MBID is not known, and there are no names to search for.",
    Reason.NO_ALBUM_NAMED: "No album is named, so only the song's own year is given.",
    Reason.NO_SUCH_SONG: "No album is named, and no release of such a song by this artist is known.",
    Reason.NO_SONGS: "No album is named, and this site knows only the years of albums.",
    Reason.NO_NAMES: "An item needs an artist and an album, an artist and a track, or an MBID.",
    Reason.NAME_TOO_LONG: f"A name has more than {MAX_NAME_LENGTH:,} characters.",
    Reason.MALFORMED_MBID: "The MBID is not a UUID.",
    Reason.UNREADABLE: "The item is not an object whose artist, album and track are text.",
}


def why_not(trail: Trail) -> Reason:
    """Say why a search has ended without a release year."""
    query, mbid, decision = trail.query, trail.mbid, trail.decision
    if decision and decision.candidate:
        return Reason.NO_DATE
    if not query.has_names and not mbid:
        return Reason.UNKNOWN_MBID if query.album.mbid else Reason.NO_NAMES
    found = {candidate.id: candidate.year for one in trail.considered for candidate in one.candidates}
    if mbid:
        found.pop(mbid.candidate.id, None)
    if found:
        return _why_none_of(list(found.values()))
    if mbid:
        return Reason.OTHER_NAMES
    return Reason.NO_SUCH_ALBUM if trail.knows_artist else Reason.UNKNOWN_ARTIST


def _why_none_of(years: Sequence[int | None]) -> Reason:
    """Say why none of the release groups with these years is taken."""
    dated = [year for year in years if year]
    if not dated:
        return Reason.NO_DATE
    return Reason.SEVERAL_ALBUMS if len(dated) > 1 else Reason.OTHER_FORMAT
