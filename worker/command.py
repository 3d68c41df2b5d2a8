"""The `lastyear` command: an operator's chores, and the processes that systemd and `make run` start."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click
from redis import Redis
from redis.exceptions import RedisError

from app import VERSION, logs, progress, wishes
from app.fetches import QUEUES, QueueAway, ask_for_rematch
from app.settings import WORKER_NEEDS, BadSettings, Settings, read
from app.store import StoreAway, absence, connect, listeners
from app.store.migrate import MigrationChanged, migrate
from mirror.commands import MirrorSettings, mirror_commands
from worker.doctor import examine, unreadable, worst
from worker.doctor.report import EXIT, for_people, for_programs
from worker.pool import serve


class Commands(click.Group):
    """Commands whose foreseeable errors are sentences."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; what an operator can mend ends with its message and exit code 1."""
        try:
            return super().invoke(ctx)
        except (BadSettings, StoreAway, MigrationChanged, QueueAway) as error:
            raise click.ClickException(str(error) or type(error).__doc__ or "") from None
        except RedisError as error:
            raise click.ClickException(
                f"Redis cannot be reached ({type(error).__name__}). Look at REDIS_URL and at Redis itself"
            ) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="lastyear")
def main() -> None:
    """LastYear.fm: what era does your music come from?

    Settings come from the environment; in a checkout also from .env and from what `make run` has started.
    """


@main.command("migrate")
def migrate_command() -> None:
    """Bring the app database's tables up to date."""
    settings = _settings(["DATABASE_URL"])
    _check_for_mix_ups(settings)
    try:
        with connect(settings.migrations_url, "lastyear-migrate") as connection:
            applied = migrate(connection)
    except StoreAway as error:
        name = "DATABASE_DIRECT_URL" if settings.database_direct_url.get_secret_value() else "DATABASE_URL"
        raise StoreAway(f"{name}: {error}") from None
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("The tables are up to date.")


def _check_for_mix_ups(settings: Settings) -> None:
    faults = {
        "DATABASE_URL": absence.mix_up(settings.database_url.get_secret_value()),
        "DATABASE_DIRECT_URL": absence.mix_up(settings.database_direct_url.get_secret_value(), direct=True),
    }
    if lines := [f"{name}: {fault}" for name, fault in faults.items() if fault]:
        raise BadSettings("\n".join(lines))


@main.command()
@click.argument("name")
@click.confirmation_option(prompt="Delete everything that is stored about this listener?")
def forget(name: str) -> None:
    """Delete everything that is stored about the listener NAME."""
    settings = _settings(["DATABASE_URL", "REDIS_URL"])
    with connect(settings.database_url.get_secret_value()) as connection, connection.transaction():
        found = listeners.forget(connection, name)
    wishes.forget(_redis(settings), name)
    progress.forget(_redis(settings), name)
    click.echo(f"{name} is forgotten." if found else f"Nothing was stored about {name}.")


@main.command()
@click.option("--workers", "-n", default=2, show_default=True, help="How many fetch at the same time.")
@click.option("--queue", "queues", multiple=True, type=click.Choice(QUEUES), default=QUEUES, show_default=True)
def work(workers: int, queues: tuple[str, ...]) -> None:
    """Run the workers until SIGTERM."""
    settings = _settings(WORKER_NEEDS)
    logs.configure(settings.secrets(), pretty=sys.stderr.isatty())
    serve(_redis(settings), queues, workers)


@main.command()
def rematch() -> None:
    """Send a worker to ask again for the albums that have no year yet.

    Each is due a day after the first miss, after which the wait doubles up to 32 days; at once when replication
    has brought something by its artist. A song is due 32 days after each miss. Run it once a night.
    """
    sent = ask_for_rematch(_redis(_settings(["REDIS_URL"])))
    click.echo("A worker will look at them." if sent else "A worker is looking at them already.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
def doctor(as_json: bool) -> None:
    """Look at every part this machine needs and say what to do about those that ail.

    Ends with 0 when all is well, with 1 when there are warnings only, with 2 when something is ill.
    """
    try:
        findings = examine(_settings([]))
    except BadSettings as error:
        findings = unreadable(error)
    if as_json:
        click.echo(json.dumps(for_programs(findings), indent=2))
    else:
        for line in for_people(findings):
            click.echo(line)
    sys.exit(EXIT[worst(findings)])


def _mirror_settings() -> MirrorSettings:
    settings = _settings(["MIRROR_URL"])
    return MirrorSettings(
        url=settings.mirror_url.get_secret_value(),
        owner_url=settings.mirror_owner_url.get_secret_value(),
        dump_url=settings.musicbrainz_dump_url,
        reader=settings.mirror_reader,
        agent=f"LastYear.fm/{VERSION} (+{settings.contact})" if settings.contact else f"LastYear.fm/{VERSION}",
        packet_url=settings.musicbrainz_packet_url,
        token=settings.metabrainz_token.get_secret_value(),
    )


main.add_command(mirror_commands(_mirror_settings))


def _settings(needs: Iterable[str]) -> Settings:
    return read(environment(), needs)


def _redis(settings: Settings) -> Redis:
    return Redis.from_url(settings.redis_url.get_secret_value())


def environment() -> dict[str, str]:
    """The process's environment; in a checkout filled up from `.env`, then from what `make run` left."""
    root = Path(__file__).parent.parent
    if not (root / "pyproject.toml").exists():
        return dict(os.environ)
    files = [root / ".env", root / ".local" / "environment"]
    found = [read_env_file(path) for path in files if path.exists()]
    return {name: value for layer in [*reversed(found), dict(os.environ)] for name, value in layer.items()}


def read_env_file(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file; blank lines and lines that begin with # are passed over."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {name.removeprefix("export ").strip(): value.strip().strip("'\"") for name, _, value in pairs}
