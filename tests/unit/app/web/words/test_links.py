"""Links to elsewhere lead there, whatever the names in them are."""

from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.words import links

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)


@given(names, names)
def test_a_name_cannot_leave_its_place_in_a_link(artist: str, title: str) -> None:
    for link, kind in ((links.search_album, "release_group"), (links.search_song, "recording")):
        parsed = urlsplit(link(artist, title))
        asked = parse_qs(parsed.query, keep_blank_values=True)
        assert (parsed.scheme, parsed.netloc, parsed.path) == ("https", "musicbrainz.org", "/search")
        assert asked == {"query": [f"{artist} {title}".strip()], "type": [kind], "method": ["indexed"]}
    for address, parts in ((links.lastfm_album(artist, title), 4), (links.lastfm_song(artist, title), 5)):
        parsed = urlsplit(address)
        assert (parsed.scheme, parsed.netloc, parsed.query, parsed.fragment) == ("https", "www.last.fm", "", "")
        assert len(parsed.path.split("/")) == parts
        assert address.isascii()
        assert not set(address) & set("<>\"' ")


@pytest.mark.parametrize(
    ("artist", "album", "path"),
    [
        ("Pink Floyd", "Animals", "Pink+Floyd/Animals"),
        ("AC/DC", "T.N.T.", "AC%2FDC/T.N.T."),
        ("+44", "When Your Heart Stops Beating", "%252B44/When+Your+Heart+Stops+Beating"),
        ("فيروز", "100%", "%D9%81%D9%8A%D8%B1%D9%88%D8%B2/100%25"),
    ],
)
def test_names_are_written_as_lastfm_writes_them(artist: str, album: str, path: str) -> None:
    assert links.lastfm_album(artist, album) == f"https://www.last.fm/music/{path}"


def test_a_song_is_found_under_its_artist() -> None:
    assert links.lastfm_song("Pink Floyd", "Dogs") == "https://www.last.fm/music/Pink+Floyd/_/Dogs"


def test_a_title_as_long_as_a_page_is_searched_for_by_its_beginning() -> None:
    link = links.search_album("Somebody", "ß" * 3000)
    assert unquote(link).count("ß") == links.MAX_LETTERS


def test_a_release_group_is_linked_by_its_mbid() -> None:
    assert links.release_group(UUID(int=1)) == f"https://musicbrainz.org/release-group/{UUID(int=1)}"
