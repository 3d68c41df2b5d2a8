"""The dashboard: what it shows, which problems it names, and that it never wakes the app database."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from app.counters.counts import increment
from app.jobs.queues import QUEUES, queue
from app.redis import cover_archive, covers
from app.redis.allowance import PACE_KEY
from app.redis.covers import FolderSize
from mirror.importing.load import import_export
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS
from tests.integration.app.web.operator.conftest import Pages
from tests.integration.mirror.music import publish
from worker.lastfm.limiter import Limiter
from worker.pool import FetchWorker

During = Callable[[Callable[[], object]], None]


@pytest.fixture
def hand(redis: Redis) -> FetchWorker:
    """A worker that has nothing to do."""
    worker = FetchWorker([queue(redis, name) for name in QUEUES], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    return worker


def seen(client: FlaskClient) -> str:
    """The page."""
    answer = client.get("/operator/")
    assert answer.status_code == 200
    return answer.text


def text_of(page: str) -> str:
    """What it says, without its marks."""
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page)).replace("&nbsp;", " ")


def test_all_is_well_where_it_is(operator: FlaskClient, hand: FetchWorker) -> None:
    page = seen(operator)
    assert "<h1>All is well</h1>" in page
    assert hand.name[:8] in page
    assert "lookups, fetches, chores" in page


def test_it_refreshes_itself_without_a_script(operator: FlaskClient, redis: Redis) -> None:
    page = seen(operator)
    assert '<meta http-equiv="refresh" content="10">' in page
    assert "<script" not in page
    assert "style=" not in page


def test_the_queue_is_told_by_its_oldest_job(operator: FlaskClient, redis: Redis, waiting: Job) -> None:
    redis.hset(
        Job.key_for(waiting.id), "enqueued_at", utcformat(datetime.now(UTC) - timedelta(minutes=43, seconds=5))
    )
    page = seen(operator)
    assert "<dd>1 <small>oldest 43 minutes</small></dd>" in page
    assert "A job has waited for 43 minutes" in page
    assert "No worker is running" in page


def test_a_job_at_work_is_told_with_its_worker_and_without_its_listener(
    operator: FlaskClient, during_a_fetch: During
) -> None:
    pages: list[str] = []
    during_a_fetch(lambda: pages.append(seen(operator)))
    row = pages[0].partition("<code>01234567</code>")[2].partition("</tr>")[0]
    assert re.search(r"<td>a year, for [0-9]+ seconds?</td>", row)
    assert "<dd>1 <small>of 1 worker</small></dd>" in pages[0]
    assert "HeavyHelen" not in pages[0]


def test_failed_jobs_are_told_by_the_kind_of_their_exception(
    operator: FlaskClient, hand: FetchWorker, failed: Job
) -> None:
    page = seen(operator)
    assert "A job failed" in page
    assert "<code>RuntimeError</code>" in page
    for secret in ("HeavyHelen", "onerror", failed.id):
        assert secret not in page


def test_the_allowance_is_told_and_what_last_fm_said(
    operator: FlaskClient, redis: Redis, hand: FetchWorker
) -> None:
    assert "<dd>300 <small>of 300 at once</small></dd>" in seen(operator)
    Limiter(redis, 0.01).wait()  # costs a hundred seconds, so that nothing is saved up again during the test
    assert "<dd>0 <small>of 300 at once</small></dd>" in seen(operator)
    limiter = Limiter(redis, 100)
    limiter.pause(600)
    limiter.mark_refused("some key")
    page = seen(operator)
    assert "<dd>0 <small>of 150 at once</small></dd>" in page
    assert "<dt>Last.fm slowed to</dt><dd>0 <small>of 100 a second</small></dd>" in page
    assert re.search(r"Last\.fm told us to wait, for (600|5\d\d|4\d\d)\u00a0s more", page)
    assert re.search(r"Last\.fm refused an API key \d+ (second|minute)s? ago", page)
    assert "try it again by themselves" in page
    redis.hincrbyfloat(PACE_KEY, "grows_from", -600)
    # Half of it, and a tenth more with every minute that this test takes.
    assert re.search(r"slowed to</dt><dd>[5-9]\d(\.\d)? <small>of 100 a second</small></dd>", seen(operator))
    redis.delete(PACE_KEY)
    assert "slowed to" not in seen(operator)


@pytest.fixture
def mirror(empty_database: str, tmp_path: Path) -> str:
    """The URL of a mirror of its own."""
    publish(tmp_path / "fullexport")
    import_export(empty_database, str(tmp_path / "fullexport"))
    return empty_database


def test_the_mirror_is_told_with_its_lag(pages_with: Pages, mirror: str, hand: FetchWorker) -> None:
    client = pages_with(mirror_url=SecretStr(mirror))
    page = seen(client)
    assert "<th>Albums</th><td>8</td>" in page
    assert "from export 20260905-002519" in page
    assert "none since the import" in page
    with psycopg.connect(mirror) as connection:
        connection.execute(
            "UPDATE musicbrainz.mirror_state SET packets = 1200, replication_sequence = 191200,"
            " replicated_to = now() - interval '7 hours', imported_at = now() - interval '7 weeks'"
        )
    page = seen(client)
    assert "The mirror is 7 hours behind" in page
    assert "<dt>Mirror lag</dt><dd>7 hours</dd>" in page
    assert "191200, of <time" in page
    with psycopg.connect(mirror) as connection:
        connection.execute("UPDATE musicbrainz.mirror_state SET last_error = 'Packet <b> is torn'")
    page = seen(client)
    assert "Replication has stopped" in page
    assert "Packet &lt;b&gt; is torn" in page


def test_an_empty_mirror_and_one_that_is_away_are_told(
    pages_with: Pages, empty_database: str, hand: FetchWorker
) -> None:
    assert "Nothing is in the mirror yet" in seen(pages_with(mirror_url=SecretStr(empty_database)))
    assert "The mirror does not answer" in seen(pages_with(mirror_url=NO_DATABASE))


def test_without_redis_the_rest_is_told(pages_with: Pages) -> None:
    page = seen(pages_with(redis_url=NO_REDIS))
    assert "Redis does not answer" in page
    assert "Mirror lag" in page


def test_it_tells_of_covers_what_waits_and_what_each_machine_keeps(
    operator: FlaskClient, hand: FetchWorker, redis: Redis
) -> None:
    page = text_of(seen(operator))
    assert "Waiting 0 Archive answers Kept none yet" in page
    assert "Covers asked of the Cover Art Archive" not in page, "as long as nothing is counted"
    covers.note_folder(redis, FolderSize("web1", 1_234, 21_000_000))
    covers.note_folder(redis, FolderSize("web2", 1, 8_192))
    covers.want(redis, UUID(int=1))
    for outcome, times in (("fetched", 12), ("missing", 3), ("slow", 2)):
        increment(redis, "cover_fetches", outcome, by=times)
    page = text_of(seen(operator))
    assert "All is well" in page
    assert "Waiting 1 Archive answers" in page
    assert "On web1 1,234 covers, 21 of 500 MB On web2 1 cover, 0 of 500 MB" in page
    assert "Covers asked of the Cover Art Archive" in page
    assert "12 fetched, 3 none there, 2 failed" in seen(operator)


def test_an_archive_that_is_away_for_an_hour_and_a_full_disk_are_problems(
    operator: FlaskClient, hand: FetchWorker, redis: Redis
) -> None:
    for _ in range(3):
        cover_archive.note_trouble(redis, "coverartarchive.org: ConnectTimeout")
    assert "All is well" in seen(operator)
    seconds, _ = redis.time()
    redis.hset("lastyear:covers:trouble", "since", seconds - 2 * 3600)
    covers.note_full_disk(redis, "web1")
    page = text_of(seen(operator))
    assert "The Cover Art Archive is away for 2 hours coverartarchive.org: ConnectTimeout." in page
    assert "web1 cannot keep covers" in page


def test_where_covers_are_switched_off_it_says_nothing_of_them(pages_with: Pages) -> None:
    assert "<h2>Covers</h2>" not in seen(pages_with(cover_art_url=""))
