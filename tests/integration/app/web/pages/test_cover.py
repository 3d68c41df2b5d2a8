"""Covers as pages show them: at once or drawn, from our own folder, only of albums that our lists show."""

import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from app.jobs.queues import QueueAway
from app.redis import cover_archive, covers
from app.redis.covers import SIZES
from app.settings import MEGABYTE, Settings
from app.web.context import EXTENSION, Context
from app.web.covers.address import cover_address
from app.web.covers.keeper import CoverKeeper
from demo.cover_art.stand_in import CoverArtStandIn, CoverFault
from demo.musicbrainz.catalogue import albums
from tests.conftest import wait_until
from tests.integration.app.web.conftest import NO_REDIS, Fetched, RunJobs, SiteWith

ALBUM = next(album for album in albums() if album.year == 1977 and album.group_mbid.int % 8)
GROUP = ALBUM.group_mbid
WITHOUT = next(album.group_mbid for album in albums() if album.group_mbid.int % 8 == 0)
PICTURES = {64: b"small", 250: b"large"}
WAITING, FINAL = 'width="2"', 'width="8"'


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, archive: CoverArtStandIn) -> Settings:
    """An installation with covers."""
    folder = tmp_path / "covers"
    return settings.model_copy(update={"covers_folder": str(folder), "cover_art_url": archive.url})


@pytest.fixture
def keeper(app: Flask) -> CoverKeeper:
    """Who keeps the covers of this site."""
    context: Context = app.extensions[EXTENSION]
    assert context.covers
    return context.covers


@pytest.fixture
def look(client: FlaskClient, keeper: CoverKeeper) -> Callable[..., TestResponse]:
    """Asks for a cover, as a page of ours does."""

    def get(group: UUID = GROUP, size: int = 64, **headers: str) -> TestResponse:
        return client.get(cover_address(keeper.secret, group, size, 1977), headers=headers)

    return get


def drawn(answer: TestResponse) -> str:
    assert answer.status_code == 200
    assert answer.content_type == "image/svg+xml"
    return answer.text


def test_a_cover_is_drawn_until_a_worker_has_brought_it(
    look: Callable[..., TestResponse], run_jobs: RunJobs, archive: CoverArtStandIn, redis: Redis
) -> None:
    first = look()
    assert WAITING in drawn(first)
    assert first.headers["Cache-Control"] == "private, max-age=3"
    assert archive.calls == [], "no page waits for the archive"
    wait_until(lambda: redis.llen("rq:queue:covers"))
    run_jobs()
    found = look()
    assert found.content_type == "image/webp"
    assert found.headers["Cache-Control"] == "public, max-age=2592000"
    assert found.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert look(size=250).content_length > found.content_length
    assert archive.asked_for(GROUP) == 1
    again = look(**{"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_what_was_brought_is_kept_without_another_look(
    look: Callable[..., TestResponse], redis: Redis, keeper: CoverKeeper
) -> None:
    look()
    covers.hand_over(redis, GROUP, PICTURES)
    wait_until(lambda: keeper.folder.read(GROUP, 250))
    redis.flushdb()
    assert look().data == b"small"
    wait_until(lambda: keeper.folder.bytes)


def test_a_page_that_was_open_while_the_databases_password_changed_shows_the_covers_that_are_here(
    client: FlaskClient, keeper: CoverKeeper, redis: Redis
) -> None:
    """Its addresses have another key."""
    before = cover_address(b"of another password", GROUP, 64, 1977)
    assert client.get(before).status_code == 404
    keeper.folder.write(GROUP, PICTURES)
    answer = client.get(before)
    assert (answer.status_code, answer.data) == (200, PICTURES[64])
    assert not covers.is_any_wanted(redis)


def test_how_many_are_kept_is_noted_where_none_is_awaited(
    look: Callable[..., TestResponse], redis: Redis, keeper: CoverKeeper
) -> None:
    """As after a restart, or when Redis has lost what it was told."""
    keeper.folder.write(GROUP, PICTURES)
    assert look().data == PICTURES[64]
    assert wait_until(lambda: covers.read_folders(redis))[0].covers == 1


def test_what_is_kept_while_the_folder_is_looked_after_is_looked_after_as_well(
    look: Callable[..., TestResponse], redis: Redis, keeper: CoverKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, take_over = list[bool](), keeper.take_over

    def show_another_meanwhile() -> None:
        take_over()
        looked.append(True)
        if len(looked) == 1:
            assert look(WITHOUT).data == PICTURES[64]

    monkeypatch.setattr(keeper, "take_over", show_another_meanwhile)
    for group in (GROUP, WITHOUT):
        covers.hand_over(redis, group, PICTURES)
    look(GROUP)
    wait_until(lambda: len(looked) == 2)


def test_a_list_has_the_covers_of_its_albums_and_their_places(
    client: FlaskClient, keeper: CoverKeeper, fetched: Fetched
) -> None:
    fetched("LightLuca", 2024)
    year = re.findall(r'href="/user/LightLuca/2024/(\d{4})', client.get("/user/LightLuca/2024").text)[0]
    page = client.get(f"/user/LightLuca/2024/{year}").text
    pictures = re.findall(r'<img class="cover" src="([^"]+)" srcset="([^" ]+) 2x" ([^>]+)>', page)
    assert pictures
    assert {more for _, _, more in pictures} == {'width="64" height="64" alt="" loading="lazy" decoding="async"'}
    for small, large, _ in pictures:
        assert f"year={year}" in small
        assert client.get(unescape(small)).status_code == client.get(unescape(large)).status_code == 200
    album = re.findall(r'href="(/album/[^"]+)"', page)[0]
    assert 'width="250" height="250" alt=""' in client.get(album).text
    assert "Cover Art Archive" in client.get("/about").text
    assert 'class="cover"' not in client.get("/user/LightLuca/2024/unknown").text


def test_the_most_played_of_a_bar_come_with_addresses_of_covers(
    client: FlaskClient, keeper: CoverKeeper, fetched: Fetched, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2024)
    told = client.get("/user/LightLuca/2024/top.json").get_json()
    addresses = [album[3] for albums in told.values() for album in albums if len(album) > 3]
    assert len(addresses) > 10
    assert {client.get(address).content_type for address in addresses[:5]} == {"image/svg+xml"}
    other = site_with()  # whose addresses are others, though it finds the same in Redis
    address = other.get("/user/LightLuca/2024/top.json").get_json().popitem()[1][0][3]
    assert other.get(address).status_code == 200
    bare = site_with(cover_art_url="")
    albums = bare.get("/user/LightLuca/2024/top.json").get_json().values()
    assert {len(album) for some in albums for album in some} == {3}


def test_without_an_archive_or_a_folder_nothing_speaks_of_covers(
    site_with: SiteWith, keeper: CoverKeeper, client: FlaskClient, fetched: Fetched
) -> None:
    fetched("LightLuca", 2024)
    year = re.findall(r'href="/user/LightLuca/2024/(\d{4})', client.get("/user/LightLuca/2024").text)[0]
    for changes in ({"cover_art_url": ""}, {"covers_folder": ""}):
        bare = site_with(**changes)
        page = bare.get(f"/user/LightLuca/2024/{year}").text
        assert "MusicBrainz" in page
        assert not re.search(r"cover", page.partition("<body")[2], re.IGNORECASE)
        assert "covers.js" not in page
        assert "Cover Art Archive" not in bare.get("/about").text
        assert bare.get(cover_address(keeper.secret, GROUP, 64, 1977)).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        f"/cover/{GROUP}",
        f"/cover/{GROUP}?size=64",
        f"/cover/{GROUP}?size=64&key=",
        f"/cover/{GROUP}?size=64&key=é",
        f"/cover/{GROUP}?size=64&key={'x' * 3000}",
        f"/cover/{WITHOUT}?size=64&key=AAAAAAAAAAAA",
        "/cover/none?size=64",
        "/cover/../../etc/passwd",
    ],
)
def test_nobody_has_covers_fetched_that_no_list_shows(
    client: FlaskClient, keeper: CoverKeeper, redis: Redis, address: str
) -> None:
    assert client.get(address).status_code == 404
    assert not covers.is_any_wanted(redis)


@pytest.mark.parametrize("size", ["63", "640", "", "64.0", "-64", "²"])
def test_there_are_two_sizes(client: FlaskClient, keeper: CoverKeeper, redis: Redis, size: str) -> None:
    address = cover_address(keeper.secret, GROUP, 64, None).replace("size=64", f"size={size}")
    answer = client.get(address)
    assert answer.status_code == 404
    assert "64 or 250 pixels" in answer.text
    assert not covers.is_any_wanted(redis)


@pytest.mark.parametrize("year", ["", "77", "<svg>", "-100", "99999", "²²²²"])
def test_a_year_that_is_none_only_has_no_colour(client: FlaskClient, keeper: CoverKeeper, year: str) -> None:
    answer = client.get(cover_address(keeper.secret, GROUP, 64, 1977), query_string=None)
    address = cover_address(keeper.secret, GROUP, 64, None)
    odd = client.get(f"{address}&year={year}")
    assert answer.data != odd.data == client.get(address).data


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Googlebot/2.1"},
        {"Sec-Purpose": "prefetch"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"},
    ],
)
def test_robots_prefetches_and_other_sites_have_nothing_fetched(
    look: Callable[..., TestResponse], redis: Redis, headers: dict[str, str]
) -> None:
    assert WAITING in drawn(look(**headers))
    assert not covers.is_any_wanted(redis)
    look(**{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"})
    assert covers.is_any_wanted(redis)


def test_an_address_that_has_many_covers_fetched_gets_drawings(
    look: Callable[..., TestResponse], client: FlaskClient, keeper: CoverKeeper, redis: Redis
) -> None:
    groups = [uuid4() for _ in range(301)]
    answers = [look(group) for group in groups]
    assert {answer.status_code for answer in answers} == {200}
    wanted = {member.decode() for member in redis.zrange("lastyear:covers:wanted", 0, -1)}  # type: ignore[union-attr]
    assert wanted == {str(group) for group in groups[:300]}


def test_an_album_without_a_cover_is_not_asked_for_again(
    look: Callable[..., TestResponse], redis: Redis, run_jobs: RunJobs, archive: CoverArtStandIn
) -> None:
    look(WITHOUT)
    wait_until(lambda: redis.llen("rq:queue:covers"))
    run_jobs()
    answer = look(WITHOUT)
    assert FINAL in drawn(answer)
    assert answer.headers["Cache-Control"] == "private, max-age=86400"
    assert archive.asked_for(WITHOUT) == 1
    assert not covers.is_any_wanted(redis)


@pytest.mark.parametrize("kind", ["slow", "500", "busy", "huge", "not_a_picture", "internal", "truncated", "bomb"])
def test_whatever_the_archive_does_a_page_gets_its_drawing(
    look: Callable[..., TestResponse],
    redis: Redis,
    run_jobs: RunJobs,
    archive: CoverArtStandIn,
    kind: str,
) -> None:
    archive.faults.append(CoverFault(kind, times=None, seconds=1))
    assert WAITING in drawn(look())
    wait_until(lambda: redis.llen("rq:queue:covers"))
    run_jobs()
    assert drawn(look()) if kind != "slow" else look().content_type == "image/webp"
    if kind == "busy":
        assert cover_archive.is_away(redis)


def test_without_redis_what_is_kept_is_shown_and_the_rest_is_drawn(
    site_with: SiteWith, keeper: CoverKeeper
) -> None:
    keeper.folder.write(GROUP, PICTURES)
    bare = site_with(redis_url=NO_REDIS)
    secret = bare.application.extensions[EXTENSION].covers.secret
    there, missing = (bare.get(cover_address(secret, group, 64, 1977)) for group in (GROUP, WITHOUT))
    assert there.data == b"small"
    assert WAITING in drawn(missing)


def test_an_outage_of_redis_is_told_once_however_long_it_lasts(
    keeper: CoverKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter(range(3))

    def take_over() -> None:
        if next(turns, None) is not None:
            raise QueueAway
        keeper._awaited.clear()

    monkeypatch.setattr("app.web.covers.keeper.LOOK_SECONDS", 0.0)
    monkeypatch.setattr(keeper, "take_over", take_over)
    keeper._awaited[GROUP] = 0.0
    with capture_logs() as lines:
        keeper._collect()
    assert [line["event"] for line in lines] == ["Covers wait for Redis"]


def test_covers_are_taken_over_again_after_an_error_of_our_own(
    look: Callable[..., TestResponse], keeper: CoverKeeper, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> None:
        raise ValueError("unforeseen")

    keeper._has_collector = True
    with monkeypatch.context() as patched:
        patched.setattr(keeper, "take_over", break_down)
        with pytest.raises(ValueError, match="unforeseen"):
            keeper._collect()
    look()
    covers.hand_over(redis, GROUP, PICTURES)
    wait_until(lambda: keeper.folder.read(GROUP, 250))


def test_a_full_disk_shows_covers_while_redis_has_them_and_asks_for_no_more(
    look: Callable[..., TestResponse], keeper: CoverKeeper, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeper.folder, "_write", no_room)
    covers.hand_over(redis, GROUP, PICTURES)
    assert look().data == b"small"
    assert look(size=250).data == b"large"
    assert covers.read_full_disks(redis) != []
    assert WAITING in drawn(look(WITHOUT))
    assert not covers.is_any_wanted(redis)


def test_a_cover_that_gave_way_is_fetched_again(
    look: Callable[..., TestResponse], keeper: CoverKeeper, redis: Redis
) -> None:
    keeper.folder.write(GROUP, PICTURES)
    redis.set(f"lastyear:cover:{GROUP}", covers.Fate.FETCHED)
    look()
    assert not covers.is_any_wanted(redis)
    keeper.folder.drop(GROUP, SIZES)
    assert WAITING in drawn(look())
    assert covers.is_any_wanted(redis)


def test_a_cover_of_half_a_year_ago_is_shown_and_fetched_again(
    look: Callable[..., TestResponse], keeper: CoverKeeper, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.folder.write(GROUP, PICTURES)
    assert look().data == b"small"
    assert not covers.is_any_wanted(redis), "it was shown just now"
    monkeypatch.setattr(keeper.folder, "_clock", lambda: 4_000_000_000.0)
    assert look().data == b"small"
    assert covers.is_any_wanted(redis)
    covers.hand_over(redis, GROUP, {64: b"newer", 250: b"newer, too"})
    wait_until(lambda: look().data == b"newer")


def test_a_machine_that_shows_covers_says_every_day_that_it_is_there(
    look: Callable[..., TestResponse], keeper: CoverKeeper, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.folder.write(GROUP, PICTURES)
    redis.set(f"lastyear:cover:{GROUP}", covers.Fate.FETCHED)
    look()
    assert covers.read_folders(redis) == []
    monkeypatch.setattr("app.web.covers.keeper.NOTED_SECONDS", -1.0)
    for day in range(1, 3):
        monkeypatch.setattr(keeper.folder, "_clock", lambda day=day: time.time() + day * 24 * 3600)
        look()
        wait_until(lambda: covers.read_folders(redis))
        redis.delete("lastyear:covers:folders")
    assert not covers.is_any_wanted(redis)


def test_a_cover_that_is_gone_at_the_archive_goes_here(
    look: Callable[..., TestResponse], keeper: CoverKeeper, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.folder.write(GROUP, PICTURES)
    monkeypatch.setattr(keeper.folder, "_clock", lambda: 4_000_000_000.0)
    look()
    covers.mark_missing(redis, GROUP)
    wait_until(lambda: keeper.folder.read(GROUP, 64) is None)
    assert FINAL in drawn(look())


def test_more_than_may_be_kept_gives_way_and_is_counted(
    look: Callable[..., TestResponse], keeper: CoverKeeper, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper.folder, "_most", MEGABYTE)
    groups = [uuid4() for _ in range(40)]
    for group in groups:
        covers.hand_over(redis, group, {64: b"s" * 4000, 250: b"l" * 30_000})
        look(group)
    wait_until(lambda: keeper.folder.bytes and keeper.folder.bytes <= MEGABYTE)
    [noted] = wait_until(lambda: [one for one in covers.read_folders(redis) if one.bytes <= MEGABYTE])
    assert noted.covers < 40
