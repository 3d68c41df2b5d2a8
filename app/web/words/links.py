"""Links to elsewhere, made of names that anybody can have written."""

from urllib.parse import quote, quote_plus, urlencode
from uuid import UUID

LASTFM_HOME = "https://www.last.fm/"
POWERED_BY = "powered by AudioScrobbler"
"""What Last.fm's terms want to be said, with that link, wherever its data is shown or handed on."""
LASTFM = f"{LASTFM_HOME}music"
MUSICBRAINZ = "https://musicbrainz.org"
MAX_LETTERS = 200  # letters of a name that are searched for


def lastfm_album(artist: str, album: str) -> str:
    """Link to an album's page at Last.fm."""
    return f"{LASTFM}/{_lastfm(artist)}/{_lastfm(album)}"


def lastfm_song(artist: str, song: str) -> str:
    """Link to a song's page at Last.fm."""
    return f"{LASTFM}/{_lastfm(artist)}/_/{_lastfm(song)}"


def release_group(mbid: UUID) -> str:
    """Link to an album's page at MusicBrainz."""
    return f"{MUSICBRAINZ}/release-group/{mbid}"


def release(mbid: UUID) -> str:
    """Link to an edition's page at MusicBrainz."""
    return f"{MUSICBRAINZ}/release/{mbid}"


def search_album(artist: str, album: str) -> str:
    """Link to a search for an album at MusicBrainz."""
    return _search(artist, album, "release_group")


def search_song(artist: str, song: str) -> str:
    """Link to a search for a song at MusicBrainz."""
    return _search(artist, song, "recording")


def _search(artist: str, title: str, kind: str) -> str:
    query = {"query": f"{artist[:MAX_LETTERS]} {title[:MAX_LETTERS]}".strip(), "type": kind, "method": "indexed"}
    return f"{MUSICBRAINZ}/search?{urlencode(query, quote_via=quote)}"


def _lastfm(name: str) -> str:
    # Last.fm writes a blank as a plus, and so a plus itself encoded twice.
    return quote_plus(name.replace("+", "%2B"), safe="")
