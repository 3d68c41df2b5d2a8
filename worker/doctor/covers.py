"""Check album covers: whether the archive answers, how many are kept, and how many of those asked for are here."""

from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError

from app.counters.counts import totals
from app.durations import format_duration
from app.formatting import counted, number, rough_share
from app.redis.client import connect_redis
from app.redis.cover_archive import LONG_AWAY, Trouble, read_trouble
from app.redis.covers import read_folders, read_full_disks
from app.settings import MEGABYTE, Settings
from worker.doctor.finding import CheckContext, Finding, unknown, warning, well

PART = "covers"
PARTS = (PART,)


def check_covers(context: CheckContext) -> Iterator[Finding]:
    """Check what workers and pages have noted of covers. Calls nobody."""
    if not context.settings.cover_art_url:
        yield well(PART, "switched off")
        return
    try:
        with connect_redis(context.settings) as redis:
            yield _covers(redis, context.settings)
    except (RedisError, ValueError):
        yield unknown(PART, "unknown without Redis", "fix Redis first")


def _covers(redis: Redis, settings: Settings) -> Finding:
    if machines := read_full_disks(redis):
        seen = f"{', '.join(machines)} cannot keep any: the disk is full, or the folder is not to be written to"
        return warning(PART, seen, "`df -h /var/cache`, `journalctl -u lastyear-web | grep -i cover`")
    trouble = read_trouble(redis)
    if trouble is not None and trouble.lasts >= LONG_AWAY:
        return warning(
            PART, _away(trouble), f"`curl -sI {settings.cover_art_url}`; workers try again by themselves"
        )
    return well(PART, "; ".join([*_kept(redis, settings), *([_away(trouble)] if trouble else [])]))


def _away(trouble: Trouble) -> str:
    return f"the Cover Art Archive is away for {format_duration(trouble.lasts)} ({trouble.reason})"


def _kept(redis: Redis, settings: Settings) -> Iterator[str]:
    folders = read_folders(redis)
    if not folders:
        yield "none are kept yet"
    for folder in folders:
        where = f" on {folder.machine}" if len(folders) > 1 else ""
        megabytes = number(round(folder.bytes / MEGABYTE))
        yield f"{counted(folder.covers, 'cover')}, {megabytes} of {number(settings.covers_mb)} MB{where}"
    counts = totals(redis)
    views = {outcome: counts.get(("cover_views", outcome), 0) for outcome in ("shown", "missing", "waiting")}
    if asked := views["shown"] + views["waiting"]:
        yield f"{rough_share(views['shown'], asked)} of those asked for were here"
