"""What a visitor downloads: a finished year in under 30 KB, any page in under 40, compressed as Caddy does it."""

import gzip
import re
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.redis.event_stream import Snapshot, Topic, save_snapshot
from tests.integration.app.web.conftest import event

FINISHED, MOST = 30_000, 40_000
LONG = "A-name-as_long.as_Last.fm_allows"
EVERY_YEAR = dict.fromkeys(range(1924, 2024), 12345)


@pytest.fixture
def weight(client: FlaskClient) -> Callable[[str], int]:
    """Bytes of a page with its style, its scripts and its icon, each compressed."""

    def weigh(path: str) -> int:
        page = client.get(path)
        assert page.status_code == 200
        parts = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert len(parts) >= 2
        bodies = (page.data, *(client.get(part, buffered=True).data for part in parts))
        return sum(len(gzip.compress(body, 5)) for body in bodies)

    return weigh


@pytest.mark.parametrize("phase", ["completed", "fetching"])
def test_a_chart_of_a_hundred_years_is_light(weight: Callable[[str], int], redis: Redis, phase: str) -> None:
    plays = sum(EVERY_YEAR.values())
    said = event(phase=phase, scrobbles=plays + 9, matched=plays, not_found=9, years=EVERY_YEAR, by_mbid=5)
    for name in (LONG, "LightLuca"):
        save_snapshot(redis, Topic(name, 2023), Snapshot(at=time.time(), username=name, event=said))
    most = FINISHED if phase == "completed" else MOST
    for way in ("", "?by=decade", "?with=LightLuca", "?with=LightLuca&by=decade"):
        assert weight(f"/user/{LONG}/2023{way}") < most, way


def test_two_with_the_longest_names_are_light_by_song_too(weight: Callable[[str], int], redis: Redis) -> None:
    plays = sum(EVERY_YEAR.values())
    said = event(phase="completed", scrobbles=plays, matched=plays, years=EVERY_YEAR, song_years=EVERY_YEAR)
    for name in (LONG, LONG[::-1]):
        save_snapshot(redis, Topic(name, 2023), Snapshot(at=time.time(), username=name, event=said))
    assert weight(f"/user/{LONG}/2023?of=songs&with={LONG[::-1]}") < FINISHED


@pytest.mark.parametrize("path", ["/", "/about", "/user/LightLuca"])
def test_every_other_page_is_light(weight: Callable[[str], int], path: str) -> None:
    assert weight(path) < MOST
