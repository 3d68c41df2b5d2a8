"""A year that was fetched before MusicBrainz was imported: the page says so, and has bars when that is done."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from app.progress import NOT_IMPORTED, MirrorNote, Topic, note_mirror, outdate
from app.store import albums, connect, listeners, scrobbles
from app.store.albums import Album
from app.store.scrobbles import Scrobble, year_bounds
from tests.browser.conftest import Site
from tests.browser.test_looks import SIZES, is_wider_than_the_screen

EARLY = Topic("EarlyEd", 2022)


def put_year(connection: Any) -> Album:
    """A whole year whose one album the mirror could not be asked about."""
    listener = listeners.save(
        connection, EARLY.username, available_years=[2022], playcount=1, registered_at=year_bounds(2022)[0]
    )
    album = Album("Kate Bush", "Hounds of Love", None)
    albums.keep(connection, [album])
    start, end = year_bounds(2022)
    plays = [Scrobble(start.replace(hour=at), album.artist, f"Take {at}", album.album, None) for at in range(1, 9)]
    scrobbles.replace(connection, listener.id, plays, after=start, before=end)
    connection.execute(
        """
        INSERT INTO fetch_jobs (username_key, year, run, status, window_end, expected, completed_at)
        VALUES ('earlyed', 2022, gen_random_uuid(), 'completed', now(), 8, now())
        """
    )
    return album


def test_an_open_page_gets_its_bars_when_the_import_is_done(
    site: Site, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    note_mirror(site.redis, NOT_IMPORTED)
    with connect(site.settings.database_url.get_secret_value()) as connection:
        album = put_year(connection)
        page.goto(f"{site.url}/user/EarlyEd/2022")
        expect(page.locator("#importing")).to_contain_text("8 plays wait for that")
        expect(page.get_by_text("Their release years are on the way")).to_be_visible()
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            assert not is_wider_than_the_screen(page)
        page.screenshot(path=tmp_path / "importing.png", full_page=True)
        page.wait_for_function("performance.getEntriesByType('resource').length > 0")
        placed = Album(album.artist, album.album, None, release_year=1985, augmentation_status="matched")
        albums.keep(connection, [placed])
    note_mirror(site.redis, MirrorNote(release_groups=3_000_000, stamp="20260901-000000"))
    outdate(site.redis, EARLY)
    expect(page.locator("#b1985 [data-bar]")).to_be_visible(timeout=10_000)
    expect(page.locator("#importing")).to_have_count(0)
    assert complaints == []
