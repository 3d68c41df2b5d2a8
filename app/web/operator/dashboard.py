"""The dashboard: queues, workers, Last.fm and the mirror at a glance, read anew for every request."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template
from redis.exceptions import RedisError

from app.durations import format_duration
from app.jobs.queue_status import LONG_WAIT, RECENT_FAILURE, Overview, read_queues
from app.redis.allowance import Allowance, read_allowance
from app.redis.cover_archive import LONG_AWAY
from app.redis.pause import paused_since
from app.web.context import Context, context
from app.web.operator.activity import Activity, read_activity
from app.web.operator.covers import Covers, read_covers
from mirror import web_queries
from mirror.web_queries import MirrorError, MirrorState, Remedy

blueprint = Blueprint("dashboard", __name__)

REFRESH_SECONDS = 10


@dataclass(frozen=True)
class Note:
    """Something that the operator should look at, and what to do about it."""

    headline: str
    advice: str


@dataclass(frozen=True)
class Dashboard:
    """What the page shows. What did not answer is None, and a note says so."""

    at: datetime
    queues: Overview | None
    allowance: Allowance | None
    activity: Activity | None
    covers: Covers | None
    mirror: MirrorState | None
    mirror_error: str = ""
    """Why the mirror did not answer."""
    paused: datetime | None = None
    """Since when fetching is paused."""

    @property
    def lag(self) -> timedelta | None:
        """How far the mirror is behind MusicBrainz."""
        as_of = self.mirror.as_of if self.mirror else None
        return self.at - as_of if as_of else None

    def current_job(self, worker: str) -> str:
        """Describe the job that a worker is running; empty while it is idle."""
        found = [job for job in (self.queues.running if self.queues else ()) if job.worker == worker]
        return ", ".join(
            f"{job.kind}, for {format_duration(job.running_for)}" if job.running_for else job.kind for job in found
        )

    def notes(self) -> Iterator[Note]:
        """Name every problem, the worst first."""
        if self.paused:
            long = format_duration(max(self.at - self.paused, timedelta()))
            yield Note(f"Fetching has been paused for {long}", "`lastyear resume`, or the button under Changes")
        if self.queues is None:
            yield Note("Redis does not answer", "Nothing can be fetched. `systemctl status valkey-server`")
        else:
            yield from _queue_notes(self.queues, is_paused=self.paused is not None)
        if self.allowance:
            yield from _lastfm_notes(self.allowance)
        yield from self._mirror_notes()
        if self.covers:
            yield from _cover_notes(self.covers)

    def _mirror_notes(self) -> Iterator[Note]:
        if self.mirror_error:
            yield Note("The mirror does not answer", f"{self.mirror_error}. `systemctl status 'postgresql@*'`")
        elif self.mirror is None:
            yield Note("Nothing is in the mirror yet", "Its import may be running: `lastyear doctor` tells.")
        elif self.mirror.last_error:
            yield Note("Replication has stopped", self.mirror.last_error)
        else:
            yield from self._judgement()

    def _judgement(self) -> Iterator[Note]:
        remedy = web_queries.remedy(self.mirror) if self.mirror else Remedy.NOTHING
        if remedy == Remedy.IMPORT:
            start = "`systemctl start --no-block lastyear-mirror-import@always`"
            yield Note("The mirror was imported by another version of LastYear.fm", start)
        elif remedy and self.lag:
            start = "`systemctl start lastyear-mirror-replicate`"
            yield Note(f"The mirror is {format_duration(self.lag)} behind", start)


@blueprint.get("/operator/")
def show() -> str:
    """Show the dashboard."""
    dashboard = read(context())
    notes = list(dashboard.notes())
    return render_template(
        "dashboard.html",
        dashboard=dashboard,
        notes=notes,
        refresh=REFRESH_SECONDS,
        format_duration=format_duration,
    )


@blueprint.get("/operator/tables")
def tables() -> str:
    """Show as tables what the dashboard's charts show."""
    try:
        activity = read_activity(context().redis, context().settings, datetime.now(UTC))
    except RedisError:
        activity = None
    return render_template("tables.html", activity=activity)


def read(context: Context) -> Dashboard:
    """Read everything but the app database."""
    now = datetime.now(UTC)
    found, allowed, activity, covers, mirror, mirror_error, paused = None, None, None, None, None, "", None
    try:
        paused = paused_since(context.redis)
        found = read_queues(context.redis)
        activity = read_activity(context.redis, context.settings, now)
        covers = read_covers(context.redis, context.settings)
        allowed = read_allowance(context.redis, context.settings.lastfm_requests_per_second)
    except RedisError:
        pass  # a note says so, since both are missing
    try:
        mirror = web_queries.state(context.settings.mirror_url.get_secret_value())
    except MirrorError as error:
        mirror_error = type(error.__cause__).__name__
    return Dashboard(now, found, allowed, activity, covers, mirror, mirror_error, paused)


def _queue_notes(found: Overview, *, is_paused: bool) -> Iterator[Note]:
    start = "`systemctl restart lastyear.target`, or `lastyear work`"
    if not found.workers:
        yield Note("No worker is running", f"Nothing is fetched. {start}")
    elif found.unserved:
        yield Note(f"No worker serves {' and '.join(found.unserved)}", start)
    if found.oldest and found.oldest >= LONG_WAIT and not is_paused:
        yield Note(
            f"A job has waited for {format_duration(found.oldest)}", "`journalctl -u 'lastyear-worker@*' -n 100`"
        )
    ago = found.failed[0].ago if found.failed else None
    if ago is not None and ago < RECENT_FAILURE:
        yield Note(
            f"A job failed {format_duration(ago)} ago", "It is a bug in this program: see below, and the log."
        )


def _lastfm_notes(allowed: Allowance) -> Iterator[Note]:
    if allowed.refused is not None:
        yield Note(
            f"Last.fm refused an API key {format_duration(allowed.refused)} ago",
            "Workers try it again by themselves: after 30 seconds, then after pauses that double up to an hour."
            " Check LASTFM_API_KEY; if you change it, restart the workers.",
        )
    if allowed.seconds_to_wait:
        yield Note(
            f"Last.fm told us to wait, for {allowed.seconds_to_wait}\u00a0s more",
            "Workers resume by themselves. If this happens often, lower LASTFM_REQUESTS_PER_SECOND.",
        )


def _cover_notes(covers: Covers) -> Iterator[Note]:
    if covers.full_disks:
        yield Note(
            f"{', '.join(covers.full_disks)} cannot keep covers",
            "The disk is full, or COVERS_FOLDER is not to be written to. `df -h /var/cache`,"
            " `journalctl -u lastyear-web | grep -i cover`",
        )
    if covers.trouble and covers.trouble.lasts >= LONG_AWAY:
        yield Note(
            f"The Cover Art Archive is away for {format_duration(covers.trouble.lasts)}",
            f"{covers.trouble.reason}. Workers try again by themselves; pages draw something in place of covers.",
        )
