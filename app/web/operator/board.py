"""The board: the operator's page at a glance, drawn anew from Redis and the mirror at every look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template
from redis.exceptions import RedisError

from app.allowance import Allowance, allowance
from app.queues import LONG, Queues, queues
from app.spans import span
from app.store.replication import LATE, MirrorSilent, Replication, replication
from app.web.operator.desk import Desk, at_desk

blueprint = Blueprint("board", __name__)

REFRESH = 10  # seconds
RECENT = timedelta(days=1)  # failed jobs are kept for a week, and speak up for a day


@dataclass(frozen=True)
class Note:
    """Something the operator should look at, and what to do about it."""

    headline: str
    advice: str


@dataclass(frozen=True)
class Board:
    """All there is to see at one moment. What did not answer is None, and there is a note about it."""

    at: datetime
    queues: Queues | None
    allowance: Allowance | None
    mirror: Replication | None
    silent: str = ""
    """Why the mirror did not answer."""

    @property
    def lag(self) -> timedelta | None:
        """How long ago MusicBrainz was as the mirror is."""
        as_of = self.mirror.as_of if self.mirror else None
        return self.at - as_of if as_of else None

    def doing(self, worker: str) -> str:
        """What a worker is at."""
        found = [job for job in (self.queues.at_work if self.queues else ()) if job.worker == worker]
        return ", ".join(f"{job.kind}, for {span(job.since)}" if job.since else job.kind for job in found)

    def notes(self) -> Iterator[Note]:
        """What ails, the worst first."""
        if self.queues is None:
            yield Note("Redis does not answer", "Nothing can be fetched. `systemctl status valkey-server`")
        else:
            yield from _about_queues(self.queues)
        if self.allowance:
            yield from _about_lastfm(self.allowance)
        yield from self._about_the_mirror()

    def _about_the_mirror(self) -> Iterator[Note]:
        if self.silent:
            yield Note("The mirror does not answer", f"{self.silent}. `systemctl status postgresql`")
        elif self.mirror is None:
            yield Note("Nothing is in the mirror yet", "Its import may be at work: `lastyear doctor` knows.")
        elif self.mirror.last_error:
            yield Note("Replication has stopped", self.mirror.last_error)
        elif self.mirror.packets and self.lag and self.lag > LATE:
            yield Note(f"The mirror is {span(self.lag)} behind", "`systemctl start lastyear-mirror-replicate`")


@blueprint.get("/operator/")
def show() -> str:
    """The board."""
    board = look(at_desk())
    return render_template("board.html", board=board, notes=list(board.notes()), refresh=REFRESH, span=span)


def look(desk: Desk) -> Board:
    """Looks at everything but the app database."""
    found, allowed, mirror, silent = None, None, None, ""
    try:
        found = queues(desk.redis)
        allowed = allowance(desk.redis, desk.settings.lastfm_requests_per_second)
    except RedisError:
        pass  # told by what is missing
    try:
        mirror = replication(desk.settings.mirror_url.get_secret_value())
    except MirrorSilent as error:
        silent = str(error)
    return Board(datetime.now(UTC), found, allowed, mirror, silent)


def _about_queues(found: Queues) -> Iterator[Note]:
    start = "`systemctl restart lastyear.target`, or `lastyear work`"
    if not found.workers:
        yield Note("No worker is alive", f"Nothing is fetched. {start}")
    elif found.unserved:
        yield Note(f"No worker looks at {' and '.join(found.unserved)}", start)
    if found.oldest and found.oldest >= LONG:
        yield Note(f"Somebody has waited for {span(found.oldest)}", "`journalctl -u 'lastyear-worker@*' -n 100`")
    ago = found.failed[0].ago if found.failed else None
    if ago is not None and ago < RECENT:
        yield Note(f"A job has failed {span(ago)} ago", "A fault of ours: see below, and in the log.")


def _about_lastfm(allowed: Allowance) -> Iterator[Note]:
    if allowed.refused is not None:
        yield Note(
            f"Last.fm refused an API key {span(allowed.refused)} ago",
            "Nothing is called with it for an hour. Look at LASTFM_API_KEY, then restart the workers.",
        )
    if allowed.seconds_to_wait:
        yield Note(
            f"Last.fm has told us to wait, {allowed.seconds_to_wait}\u00a0s more",
            "Workers go on by themselves. If it happens often, lower LASTFM_REQUESTS_PER_SECOND.",
        )
