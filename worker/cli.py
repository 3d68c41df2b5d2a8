"""The `lastyear` command: what an operator runs, and what systemd and `make run` start."""

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click
from redis.exceptions import RedisError

from app import VERSION
from app.jobs import canary as canaries
from app.jobs.enqueue import enqueue_rematch
from app.jobs.queues import QUEUES, QueueAway
from app.logs.lines import log_uncaught_errors
from app.logs.setup import configure_logs
from app.redis.client import connect_redis
from app.settings import WORKER_NEEDS, BadSettings, Settings, read_settings
from app.store import StoreAway, StoreConflict, connect, outage
from app.store.forgetting import TablesBusy
from app.store.migrate import MigrationChanged, UnfitDatabase, migrate, outstanding
from app.store.upkeep.backup import BackupFailed
from app.store.upkeep.opt_outs import OtherKey
from mirror.commands import MirrorSettings, mirror_commands
from mirror.errors import MirrorError
from worker.commands.backups import backup_command, restore_command
from worker.commands.command_settings import provide
from worker.commands.listener_commands import listener_commands
from worker.commands.opt_outs import opt_outs_commands
from worker.commands.site_commands import site_commands
from worker.doctor import examine, unreadable_settings, worst
from worker.doctor.report import EXIT, for_people, for_programs
from worker.doctor.telling import take_turn
from worker.histories.commands import years_command
from worker.lastfm.limiter import Limiter
from worker.pool import run_workers


class Commands(click.Group):
    """Commands that report foreseeable errors in a sentence."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. An error that an operator can mend is printed, with exit code 1."""
        try:
            return super().invoke(ctx)
        except (
            BadSettings,
            StoreAway,
            StoreConflict,
            TablesBusy,
            MigrationChanged,
            UnfitDatabase,
            OtherKey,
            BackupFailed,
            MirrorError,
            QueueAway,
        ) as error:
            raise click.ClickException(str(error) or type(error).__doc__ or "") from None
        except RedisError as error:
            raise click.ClickException(
                f"Redis cannot be reached ({type(error).__name__}). Look at REDIS_URL and at Redis itself"
            ) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="lastyear")
@click.pass_context
def main(context: click.Context) -> None:
    """LastYear.fm: what era does your music come from?

    Settings are read from the environment; in a checkout, also from .env and from what `make run` has started.
    """
    context.obj = _mirror_settings
    provide(_settings)


@main.command("migrate")
@click.option("--dry-run", is_flag=True, help="Only say what would be applied.")
def migrate_command(*, dry_run: bool) -> None:
    """Bring the app database's tables up to date."""
    settings = _settings(["DATABASE_URL"])
    _check_neon_urls(settings)
    try:
        with connect(settings.migrations_url, "lastyear-migrate", silence=None) as connection:
            applied = outstanding(connection) if dry_run else migrate(connection)
    except StoreAway as error:
        name = "DATABASE_DIRECT_URL" if settings.database_direct_url.get_secret_value() else "DATABASE_URL"
        raise StoreAway(f"{name}: {error}") from None
    for name in applied:
        click.echo(f"{'would apply' if dry_run else 'applied'} {name}")
    if not applied:
        click.echo("The tables are up to date.")


def _check_neon_urls(settings: Settings) -> None:
    faults = {
        "DATABASE_URL": outage.neon_fault(settings.database_url.get_secret_value()),
        "DATABASE_DIRECT_URL": outage.neon_fault(settings.database_direct_url.get_secret_value(), direct=True),
    }
    if lines := [f"{name}: {fault}" for name, fault in faults.items() if fault]:
        raise BadSettings("\n".join(lines))


@main.command()
@click.option("--workers", "-n", default=2, show_default=True, help="How many jobs to run at the same time.")
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice(QUEUES),
    default=QUEUES,
    show_default=True,
    help="A queue to take jobs from. May be repeated; the first one goes first.",
)
def work(workers: int, queues: tuple[str, ...]) -> None:
    """Run workers until SIGTERM or Ctrl-C."""
    # Once here, and not in the process of every job while somebody waits.
    import worker.jobs  # noqa: F401

    settings = _settings(WORKER_NEEDS)
    configure_logs(settings)
    log_uncaught_errors()
    redis = connect_redis(settings)
    with suppress(RedisError):  # the workers wait for it
        Limiter(redis, settings.lastfm_requests_per_second).forget_other_key(
            settings.lastfm_api_key.get_secret_value()
        )
    run_workers(redis, (canaries.queue_name(), *queues), workers)


@main.command()
@click.argument("canary", required=False)
@click.option("--send", is_flag=True, help="Only send one, and print what to follow it by.")
@click.option("--seconds", default=180, show_default=True, help="How long to wait for it.")
def canary(canary: str | None, *, send: bool, seconds: int) -> None:
    """Send a job the way of every fetch, and say which step fails.

    A worker of this machine takes it before all others, calls Last.fm, asks the mirror, and stores a year in a
    transaction that is taken back. With CANARY, follow one that was sent. Exits with 1 if a step fails; that
    Last.fm is away, or that nothing is imported yet, is only told.
    """
    settings = _settings(["REDIS_URL"])
    redis = connect_redis(settings)
    canary = canary or canaries.send(redis)
    if send:
        click.echo(canary)
        return
    failed = False
    for step in canaries.follow(redis, canary, seconds):
        seen = step.seen
        if step.name == canaries.WORKER and step.passed:
            ours = seen == sys.prefix
            step = step.model_copy(update={"passed": ours})
            seen = (
                "took the job" if ours else f"is one of another release ({Path(seen).name}): it was not restarted"
            )
        failed |= step.passed is False
        state = {True: "well", None: "warning", False: "FAILED"}[step.passed]
        click.echo(f"{step.name}: {state}: {seen}")
    sys.exit(failed)


@main.command()
def rematch() -> None:
    """Have a worker look for missing release years again.

    It also takes over years that were corrected at MusicBrainz. An album is due a day after its first miss, then
    after twice as long each time, up to 32 days, and at once when replication has changed an album by its artist.
    A song is due 32 days after each miss. Meant to be run every night.
    """
    sent = enqueue_rematch(connect_redis(_settings(["REDIS_URL"])))
    click.echo("A worker will look them up." if sent else "This is already queued or running.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
@click.option(
    "--tell",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="For the timer: print and post to OPERATOR_WEBHOOK_URL only what has changed since the last two turns, "
    "which this folder remembers.",
)
def doctor(as_json: bool, folder: Path | None) -> None:
    """Check every part of the installation.

    Says what to do about each part that is not well. Exits with 0 if all are well, with 1 if there are only
    warnings, with 2 if something is ill. With --tell it exits with 0 whatever it finds.
    """
    if folder:
        for line in take_turn(lambda: _settings([]), folder):
            click.echo(line, err=True)
        return
    try:
        findings = examine(_settings([]))
    except BadSettings as error:
        findings = unreadable_settings(error)
    if as_json:
        click.echo(json.dumps(for_programs(findings), indent=2))
    else:
        for line in for_people(findings):
            click.echo(line)
    sys.exit(EXIT[worst(findings)])


def _mirror_settings() -> MirrorSettings:
    settings = _settings(["MIRROR_URL"])
    configure_logs(settings)
    return MirrorSettings(
        url=settings.mirror_url.get_secret_value(),
        owner_url=settings.mirror_owner_url.get_secret_value(),
        dump_url=settings.musicbrainz_dump_url,
        reader=settings.mirror_reader,
        user_agent=f"LastYear.fm/{VERSION}" + (f" (+{settings.contact})" if settings.contact else ""),
        packet_url=settings.musicbrainz_packet_url,
        signing_key=settings.musicbrainz_signing_key,
        token=settings.metabrainz_token.get_secret_value(),
        logs=True,
    )


for command in (
    *listener_commands,
    *site_commands,
    mirror_commands,
    years_command,
    opt_outs_commands,
    backup_command,
    restore_command,
):
    main.add_command(command)


def _settings(needs: Iterable[str]) -> Settings:
    """Read the settings. Commands say themselves what they do: of the log they show what is wrong."""
    settings = read_settings(environment(), needs)
    configure_logs(settings, level="error" if settings.log_level == "error" else "warning")
    return settings


def environment() -> dict[str, str]:
    """Return the environment; in a checkout, completed from `.env` and then from what `make run` wrote."""
    root = Path(__file__).parent.parent
    if not (root / "pyproject.toml").exists():
        return dict(os.environ)
    files = [root / ".env", root / ".local" / "environment"]
    found = [read_env_file(path) for path in files if path.exists()]
    return {name: value for layer in [*reversed(found), dict(os.environ)] for name, value in layer.items()}


def read_env_file(path: Path) -> dict[str, str]:
    """Read the `NAME=value` lines of a file. Blank lines and lines that begin with # are skipped."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {name.removeprefix("export ").strip(): value.strip().strip("'\"") for name, _, value in pairs}
