"""Commands for whoever runs the site: fetch a year, pause and resume, look after jobs, tell visitors something.

Each does its work by a function of `app.jobs.admin`, `app.redis.pause` or `app.redis.notice`; so does the
operator’s page.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from redis import Redis

from app.durations import format_duration
from app.events import Event
from app.formatting import counted
from app.jobs import admin
from app.jobs.admin import ForgottenForGood, JobLine, NoSuchJob, RequestedYear
from app.jobs.workers import is_any_alive
from app.listening_years import FIRST_LISTENING_YEAR
from app.redis.client import connect_redis
from app.redis.event_stream import Topic, latest_snapshot
from app.redis.notice import BadNotice, clear_notice, read_notice, write_notice
from app.redis.pause import is_paused, pause, paused_since, resume
from app.settings import Settings
from app.store import connect
from app.usernames import USERNAME
from worker.commands.command_settings import command_settings

LOOK_SECONDS = 0.5
NO_WORKER_SECONDS = 60
"""How long --wait waits for a worker: a deploy starts them anew."""
PAUSED = "Fetching is paused: it goes on after `lastyear resume`."

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")


def _listener(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if not re.fullmatch(USERNAME, name):
        raise click.BadParameter("Last.fm names have letters, digits, dots, dashes and underscores.")
    return name


def _year(_context: click.Context, _parameter: click.Parameter, year: int) -> int:
    latest = datetime.now(UTC).year
    if not FIRST_LISTENING_YEAR <= year <= latest:
        raise click.BadParameter(f"Years go from {FIRST_LISTENING_YEAR} to {latest}.")
    return year


@click.command()
@click.argument("name", callback=_listener)
@click.argument("year", type=int, callback=_year)
@click.option("--anew", is_flag=True, help="Ask for every play once more, not only for what is missing.")
@click.option("--wait", is_flag=True, help="Wait until it has ended. Exits with 1 if it failed.")
@as_json_option
def fetch(name: str, year: int, *, anew: bool, wait: bool, as_json: bool) -> None:
    """Have a worker fetch the YEAR of the listener NAME.

    What is stored of it is shown meanwhile. With --wait it says so and exits with 1 where fetching is
    paused, or no worker is there for a minute.
    """
    settings = command_settings("DATABASE_URL", "REDIS_URL")
    redis = connect_redis(settings)
    with connect(_database(settings)) as connection:
        try:
            asked = admin.ask_for_year(connection, redis, name, year, anew=anew)
        except ForgottenForGood:
            raise click.ClickException(f"{name} was forgotten for good. First: lastyear admit {name}") from None
    whose = f"{asked.username}'s {year}"
    if not as_json:
        click.echo(f"{whose} is queued." if asked.is_new else f"{whose} is on its way already.")
    paused = is_paused(redis)
    if paused:
        click.echo(PAUSED, err=True)
    elif not is_any_alive(redis):
        click.echo("No worker is running: it begins when there is one.", err=True)
    event = _wait(redis, asked) if wait and not paused else None
    _tell_fetch(asked, event, whose, as_json=as_json)
    if wait and (event is None or event.error is not None):
        raise SystemExit(1)


def _wait(redis: Redis, asked: RequestedYear) -> Event | None:
    """Wait for the end of the run, or of a newer one, and return its last event.

    None where waiting is of no use, which is printed, and where the listener is forgotten meanwhile.
    """
    topic, alive_at = Topic(asked.username, asked.year), time.monotonic()
    while True:
        snapshot = latest_snapshot(redis, topic)
        if snapshot is None:
            return None
        if snapshot.event.run >= asked.run and not snapshot.event.is_running:
            return snapshot.event
        if is_paused(redis):
            click.echo(PAUSED, err=True)
            return None
        if is_any_alive(redis):
            alive_at = time.monotonic()
        elif time.monotonic() - alive_at >= NO_WORKER_SECONDS:
            click.echo("No worker is running, so nothing is waited for.", err=True)
            return None
        time.sleep(LOOK_SECONDS)


def _tell_fetch(asked: RequestedYear, event: Event | None, whose: str, *, as_json: bool) -> None:
    if as_json:
        told = {"listener": asked.username, "year": asked.year, "run": str(asked.run), "is_new": asked.is_new}
        ended = {"state": event.phase, "plays": event.scrobbles, "error": event.error} if event else {}
        _print_json({**told, "state": "queued", **ended})
    elif event is not None and event.error is not None:
        click.echo(f"{whose} could not be fetched: {event.error}.", err=True)
    elif event is not None:
        click.echo(f"{whose} is here: {counted(event.scrobbles, 'play')}.")


@click.command("pause")
@as_json_option
def pause_command(*, as_json: bool) -> None:
    """Pause fetching: workers ask Last.fm for nothing, until `lastyear resume`.

    Fetches under way stop after the stretch in hand and go on there. Pages of years that wait say so.
    """
    redis = _redis()
    is_new = pause(redis)
    since = paused_since(redis)
    if as_json:
        _print_json({"paused": True, "since": since.isoformat() if since else None})
    elif is_new:
        click.echo("Fetching is paused. Go on with: lastyear resume")
    else:
        click.echo(f"Fetching was paused already, {_ago(since)}. Go on with: lastyear resume")


@click.command("resume")
@as_json_option
def resume_command(*, as_json: bool) -> None:
    """Resume fetching."""
    was_paused = resume(_redis())
    if as_json:
        _print_json({"paused": False, "was_paused": was_paused})
    else:
        click.echo("Fetching goes on." if was_paused else "Fetching was not paused.")


@click.command()
@click.option("--failed", is_flag=True, help="Only those that have failed; they are kept for a week.")
@click.option(
    "--retry",
    "retried",
    is_flag=False,
    flag_value="",
    metavar="[ID]",
    help="Retry the failed job of this ID; without one, all of them.",
)
@as_json_option
def jobs(*, failed: bool, retried: str | None, as_json: bool) -> None:
    """List the jobs that run, wait or have failed. A job failed because of a bug in this program.

    A listener who is not at Last.fm, or a Last.fm that does not answer, is no failed job: the page says so.
    """
    if retried is not None:
        _retry(retried or None, as_json=as_json)
        return
    found = admin.list_jobs(_redis(), failed_only=failed)
    if as_json:
        _print_json({"jobs": [_described(job) for job in found]})
        return
    for job in found:
        click.echo(_sentence(job))
    if not found:
        click.echo("No job has failed." if failed else "No job runs, waits or has failed.")


def _retry(job_id: str | None, *, as_json: bool) -> None:
    settings = command_settings("DATABASE_URL", "REDIS_URL")
    done = []
    with connect(_database(settings)) as connection:
        try:
            for job in admin.retry(connection, connect_redis(settings), job_id):
                done.append(job)
                if not as_json:
                    click.echo(f"queued again: {_sentence(job)}")
        except NoSuchJob as error:
            raise click.ClickException(str(error.__doc__)) from None
        finally:
            # Also when the queue is full: these were queued by then.
            if as_json:
                _print_json({"retried": [_described(job) for job in done]})
    if not done and not as_json:
        click.echo("No job has failed.")


@click.command()
@click.argument("text", required=False)
@click.option("--clear", is_flag=True, help="Show none any more.")
@as_json_option
def notice(text: str | None, *, clear: bool, as_json: bool) -> None:
    """Show TEXT, of at most 300 characters, to visitors on every page; without TEXT, print what is shown now."""
    if clear and text is not None:
        raise click.UsageError("Give either a text or --clear.")
    redis = _redis()
    if clear:
        clear_notice(redis)
    elif text is not None:
        try:
            write_notice(redis, text)
        except BadNotice as error:
            raise click.ClickException(str(error)) from None
    shown = read_notice(redis)
    if as_json:
        _print_json({"notice": shown})
    else:
        click.echo(f"Every page says: {shown}" if shown else "There is no notice.")


site_commands = (fetch, pause_command, resume_command, jobs, notice)


def _redis() -> Redis:
    return connect_redis(command_settings("REDIS_URL"))


def _database(settings: Settings) -> str:
    return settings.database_url.get_secret_value()


def _described(job: JobLine) -> Mapping[str, Any]:
    return {**asdict(job), "since": job.since.isoformat() if job.since else None}


def _sentence(job: JobLine) -> str:
    about = " ".join(str(part) for part in (job.kind, job.listener, job.year) if part)
    reason = f": {job.reason}" if job.reason else ""
    return f"{job.state:8} {_ago(job.since):>10}  {about}{reason}  ({job.id})"


def _ago(at: datetime | None) -> str:
    return f"{format_duration(max(datetime.now(UTC) - at, timedelta()))} ago" if at else ""


def _print_json(told: Mapping[str, Any]) -> None:
    click.echo(json.dumps(told, indent=2))
