"""The settings of a command, where it is in a module of its own: `worker.cli` says how they are read."""

from collections.abc import Callable, Iterable

import click

from app.settings import Settings

_READ = "lastyear.settings"

Reader = Callable[[Iterable[str]], Settings]


def provide(read: Reader) -> None:
    """Let the command that runs in this context read its settings so."""
    click.get_current_context().meta[_READ] = read


def command_settings(*needs: str) -> Settings:
    """Read the settings, of which these are needed. Raises BadSettings."""
    read: Reader = click.get_current_context().meta[_READ]
    return read(needs)
