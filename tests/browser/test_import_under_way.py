"""A year that was fetched before MusicBrainz was imported: the page says so, and has bars when that is done."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from app.listening_years import year_bounds
from app.redis.event_stream import Topic, drop_snapshot
from app.redis.mirror_note import NOT_IMPORTED, MirrorNote, write_mirror_note
from app.store import albums, connect, listeners
from app.store.albums import Album
from app.store.plays.scrobbles import Scrobble
from tests.browser.conftest import Site
from tests.browser.live.growing import stop_clock
from tests.browser.test_looks import SIZES, is_wider_than_the_screen
from tests.stored_years import store_year

EARLY = Topic("EarlyEd", 2022)


def put_year(connection: Any) -> Album:
    """A whole year whose one album the mirror could not be asked about."""
    listener = listeners.save(
        connection, EARLY.username, available_years=[2022], playcount=1, registered_at=year_bounds(2022)[0]
    )
    album = Album("Kate Bush", "Hounds of Love", None)
    albums.save(connection, [album])
    start, _ = year_bounds(2022)
    plays = [Scrobble(start.replace(hour=at), album.artist, f"Take {at}", album.album, None) for at in range(1, 9)]
    store_year(connection, listener.id, 2022, plays)
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
    write_mirror_note(site.redis, NOT_IMPORTED)
    with connect(site.settings.database_url.get_secret_value()) as connection:
        album = put_year(connection)
        stop_clock(page)  # so that it loads itself again by events alone
        page.goto(f"{site.url}/user/EarlyEd/2022")
        expect(page.locator("#importing")).to_contain_text("8 plays wait for it")
        expect(page.get_by_text("Their release years are still to be looked up")).to_be_visible()
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            assert not is_wider_than_the_screen(page)
        page.screenshot(path=tmp_path / "importing.png", full_page=True)
        expect(page.locator("html.live")).to_be_attached()
        page.clock.run_for(400)
        placed = Album(album.artist, album.album, None, release_year=1985, augmentation_status="matched")
        albums.save(connection, [placed])
    write_mirror_note(site.redis, MirrorNote(release_groups=3_000_000))
    drop_snapshot(site.redis, EARLY)
    expect(page.locator("#b1985 [data-bar]")).to_be_visible()
    expect(page.locator("#importing")).to_have_count(0)
    assert complaints == []
