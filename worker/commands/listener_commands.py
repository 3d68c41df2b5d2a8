"""Commands about one listener: forget them, let them be shown again, find their lines in the log."""

import click

from app.formatting import counted
from app.jobs.forget import forget_everyone, forget_listener
from app.logs.setup import name_hider
from app.redis import event_stream
from app.redis.client import connect_redis
from app.store import connect, forgetting
from worker.commands.command_settings import command_settings


@click.command()
@click.argument("name", required=False)
@click.option("--for-good", is_flag=True, help="Keep the listener out from now on: of the name, a hash remains.")
@click.option(
    "--all", "everyone", is_flag=True, help="Delete everything that comes from Last.fm, of every listener."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def forget(name: str | None, *, for_good: bool, everyone: bool, yes: bool) -> None:
    """Delete everything that is stored about the listener NAME, or about everyone.

    A fetch under way ends without storing anything more.
    """
    if everyone == bool(name) or (everyone and for_good):
        raise click.UsageError("Give the name of one listener, or --all without --for-good.")
    settings = command_settings("DATABASE_URL", "REDIS_URL")
    whose = f"the listener {name}" if name else "every listener: all plays, names, albums and years"
    if not yes:
        click.confirm(f"Delete everything that is stored about {whose}?", abort=True)
    redis = connect_redis(settings)
    with connect(settings.database_url.get_secret_value()) as connection:
        if name is None:
            click.echo(f"Deleted everything about {counted(forget_everyone(connection, redis), 'listener')}.")
            return
        found = forget_listener(connection, redis, name, for_good=for_good)
    click.echo(f"Deleted everything about {name}." if found else f"Nothing was stored about {name}.")
    if for_good:
        click.echo(f"Nothing about {name} is read again, until `lastyear admit {name}`.")


@click.command()
@click.argument("name")
def admit(name: str) -> None:
    """Let the listener NAME, who was forgotten for good, be shown again."""
    settings = command_settings("DATABASE_URL", "REDIS_URL")
    with connect(settings.database_url.get_secret_value()) as connection:
        was_barred = forgetting.admit(connection, name)
    event_stream.forget_listener(connect_redis(settings), name)
    click.echo(f"{name} can be shown again." if was_barred else f"{name} was not kept out.")


@click.command()
@click.argument("name")
def token(name: str) -> None:
    """Print what stands for the listener NAME in the log, to search it for."""
    settings = command_settings("DATABASE_URL")
    hider = name_hider(settings)
    if hider and not settings.has_lasting_log_tokens:
        raise click.ClickException(
            "DATABASE_URL has no password, so that each process has tokens of its own, which nobody can guess."
            " Search for the id of a request or of a run."
        )
    click.echo(hider.token(name) if hider else name)


listener_commands = (forget, admit, token)
