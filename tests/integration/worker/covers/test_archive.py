"""The Cover Art Archive: a cover comes by way of its redirects; whatever else comes is refused, soon."""

import pytest

from demo.cover_art.drawing import draw_cover
from demo.cover_art.stand_in import COVER_FAULTS, CoverArtStandIn, CoverFault
from demo.musicbrainz.catalogue import CatalogueAlbum, albums
from worker.covers.archive import MAX_REDIRECTS, ArchiveAway, CoverArchive, CoverRefused, NoCover


@pytest.fixture
def client(archive: CoverArtStandIn) -> CoverArchive:
    """Our client."""
    return CoverArchive(archive.url, "tests@lastyear.example")


def with_cover(archive: CoverArtStandIn) -> CatalogueAlbum:
    return next(album for album in albums() if archive.has_cover(album))


def test_a_cover_comes_by_way_of_two_redirects(archive: CoverArtStandIn, client: CoverArchive) -> None:
    album = with_cover(archive)
    assert client.front(album.group_mbid) == draw_cover(album)
    assert [path.split("/")[1] for path, _ in archive.calls] == ["release-group", "download", "items"]
    assert {agent.partition("/")[0] for _, agent in archive.calls} == {"LastYear.fm"}
    assert all("tests@lastyear.example" in agent for _, agent in archive.calls)


def test_an_album_without_a_cover_has_none(archive: CoverArtStandIn, client: CoverArchive) -> None:
    album = next(album for album in albums() if not archive.has_cover(album))
    with pytest.raises(NoCover):
        client.front(album.group_mbid)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("huge", "too_large"),
        ("not_a_picture", "no_picture"),
        ("loop", "redirect"),
        ("internal", "redirect"),
        ("elsewhere", "redirect"),
        ("nowhere", "redirect"),
    ],
)
def test_what_is_no_cover_of_the_archive_is_refused(
    archive: CoverArtStandIn, client: CoverArchive, kind: str, said: str
) -> None:
    archive.faults.append(CoverFault(kind))
    with pytest.raises(CoverRefused) as refused:
        client.front(albums()[0].group_mbid)
    assert refused.value.kind == said
    assert len(archive.calls) == (MAX_REDIRECTS + 1 if kind == "loop" else 1), "nobody else was asked"


@pytest.mark.parametrize(
    ("kind", "said", "seconds"),
    [("busy", "busy", 60), ("500", "http_status", 0), ("hangs_up", "unreachable", 0), ("cut_off", "cut_off", 0)],
)
def test_an_archive_without_an_answer_is_away(
    archive: CoverArtStandIn, client: CoverArchive, kind: str, said: str, seconds: float
) -> None:
    archive.faults.append(CoverFault(kind))
    with pytest.raises(ArchiveAway) as away:
        client.front(with_cover(archive).group_mbid)
    assert (away.value.kind, away.value.seconds) == (said, seconds)


@pytest.mark.parametrize(("kind", "seconds"), [("slow", 600.0), ("drip", 1.0)])
def test_a_cover_that_takes_too_long_is_not_waited_for(
    archive: CoverArtStandIn, kind: str, seconds: float
) -> None:
    impatient = CoverArchive(archive.url, "tests", max_seconds=0.3)
    archive.faults[:] = [CoverFault(kind, seconds=seconds)]
    with pytest.raises(ArchiveAway) as away:
        impatient.front(with_cover(archive).group_mbid)
    assert away.value.kind in ("slow", "cut_off")


def test_an_archive_that_is_not_there_is_away() -> None:
    with pytest.raises(ArchiveAway) as away:
        CoverArchive("http://127.0.0.1:1", "tests").front(albums()[0].group_mbid)
    assert away.value.kind == "unreachable"


@pytest.mark.parametrize(
    ("location", "is_followed"),
    [
        ("https://archive.org/download/mbid-1/front.jpg", True),
        ("https://ia800200.us.archive.org/0/items/front.jpg", True),
        ("https://coverartarchive.org/release/1/front", True),
        ("/release/1/front", True),
        ("http://archive.org/front.jpg", False),
        ("https://archive.org:8443/front.jpg", False),
        ("https://archive.org@127.0.0.1/front.jpg", False),
        ("https://127.0.0.1:8443\\@archive.org/front.jpg", False),
        ("https://127.0.0.1/front.jpg", False),
        ("https://[::1]/front.jpg", False),
        ("https://localhost/front.jpg", False),
        ("https://notarchive.org/front.jpg", False),
        ("https://archive.org.example.net/front.jpg", False),
        ("http://coverartarchive.org.internal/front.jpg", False),
        ("ftp://archive.org/front.jpg", False),
        ("file:///etc/passwd", False),
        ("https://archive.org:port/front.jpg", False),
        ("", False),
    ],
)
def test_redirects_lead_to_the_archives_or_nowhere(location: str, is_followed: bool) -> None:
    real = CoverArchive("https://coverartarchive.org", "tests")
    url = "https://coverartarchive.org/release-group/1/front-250"
    if is_followed:
        assert real._next(url, location).startswith("https://")
        return
    with pytest.raises(CoverRefused):
        real._next(url, location)


def test_every_fault_of_the_stand_in_is_tried() -> None:
    tried = {"huge", "not_a_picture", "loop", "internal", "elsewhere", "nowhere", "busy", "500", "hangs_up"}
    tried |= {"cut_off", "slow", "drip"}
    # What is no picture is found out by the one that scales it: test_wanted.py.
    assert tried | {"truncated", "wrong_type", "bomb"} == COVER_FAULTS
