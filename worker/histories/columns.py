"""Columns: under which names exporters write the artist, the album and the song."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from worker.histories.rows import SHORTEST_PLAY, Play

NAMES: Mapping[str, tuple[str, ...]] = {
    "artist": (
        "artist",
        "artistname",
        "artistnames",
        "artists",
        "artisttitle",
        "trackartist",
        "performer",
        "albumartist",
        "albumartistname",
        "mastermetadataalbumartistname",
    ),
    "album": (
        "album",
        "albumname",
        "albumtitle",
        "release",
        "releasename",
        "releasetitle",
        "mastermetadataalbumalbumname",
    ),
    "mbid": ("albummbid", "releasembid", "releasegroupmbid", "musicbrainzalbumid", "mbalbumid", "albumid"),
    "song": (
        "track",
        "trackname",
        "tracktitle",
        "song",
        "songname",
        "songtitle",
        "title",
        "name",
        "mastermetadatatrackname",
    ),
    "milliseconds": ("msplayed",),
}
"""Names of columns, the preferred one first. Case, spaces and punctuation do not count."""


class Columns(NamedTuple):
    """The names of the columns that say what was played; empty where there is none."""

    artist: str
    album: str
    mbid: str
    song: str
    milliseconds: str

    @classmethod
    def among(cls, names: Iterable[str]) -> Self | None:
        """Find the columns; None unless they tell the artist and the album or the song."""
        plain = {"".join(filter(str.isalnum, name)).casefold(): name for name in reversed(list(names))}
        found = cls(
            **{role: next((plain[one] for one in known if one in plain), "") for role, known in NAMES.items()}
        )
        return found if found.artist and (found.album or found.song) else None


def play_of(artist: str, album: str, mbid: str, song: str) -> Play:
    """Return what was played: an album, or a song without one."""
    album = album.strip()
    return Play(artist.strip(), album, mbid.strip(), "" if album else song.strip())


def is_short(milliseconds: object) -> bool:
    """Tell whether a play of so many milliseconds is too short to count."""
    try:
        return float(str(milliseconds)) < SHORTEST_PLAY
    except ValueError:
        return False
