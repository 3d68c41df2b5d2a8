"""The commands of the mirror, a group for the project's command line.

Each command receives, as click's `obj`, a function that reads its settings.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from signal import SIGINT, SIGTERM, signal
from threading import Event
from typing import Any, TypeAlias
from uuid import UUID

import click

from mirror.database import connect
from mirror.derived.name_index import usable_state
from mirror.errors import (
    ImportRunning,
    MirrorEmpty,
    MirrorError,
    MirrorOutdated,
    ReplicationRunning,
    SchemaChanged,
)
from mirror.importing.http import HttpOptions
from mirror.importing.leftovers import clear_leftovers, find_leftovers
from mirror.importing.load import ImportOptions, import_export
from mirror.matching.explain import Explanation, explain
from mirror.matching.query import AlbumName
from mirror.matching.search import describe, search
from mirror.progress import ImportDisplay, ReplicationDisplay, open_console
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import ReplicationOptions, is_importing, replicate
from mirror.replication.status import mirror_status, status_lines, status_object
from mirror.tables import DEFAULT_PROFILE, PROFILES

STATUS_TIMEOUT = 10.0  # without a byte from the server of packets: somebody is waiting for the status
MBID_KINDS = {
    "release": "a release",
    "release redirect": "a release that was merged into another",
    "release group": "a release group",
    "release group redirect": "a release group that was merged into another",
}


@dataclass(frozen=True)
class MirrorSettings:
    """Where the mirror is, where its data comes from and who must have signed it, and which role may read it."""

    url: str
    owner_url: str
    dump_url: str
    reader: str | None = None
    user_agent: str = "LastYear.fm"
    packet_url: str = ""
    signing_key: str = ""
    token: str = field(default="", repr=False)
    logs: bool = False
    """Whether the program that these commands are part of has a log, for progress that nobody watches."""

    @property
    def primary(self) -> str:
        """Where imports go. `url` may lead to replicas, which know of no locks and are behind."""
        return self.owner_url or self.url


ReadSettings: TypeAlias = Callable[[], MirrorSettings]


class UpdateNeeded(click.ClickException):
    """Ends the command with an exit status that tells systemd not to start it again."""

    exit_code = 3


class MirrorCommands(click.Group):
    """Commands whose errors are sentences, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MirrorError as error:
            kind = UpdateNeeded if isinstance(error, SchemaChanged) else click.ClickException
            raise kind(str(error)) from error


@click.group("mirror", cls=MirrorCommands)
def mirror_commands() -> None:
    """Import, update and query the copy of MusicBrainz that knows when an album was first released."""


@mirror_commands.command("import")
@click.argument("location", required=False)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default=DEFAULT_PROFILE,
    show_default=True,
    help="What to keep: albums, or recordings too (five times the disk).",
)
@click.option(
    "--when",
    type=click.Choice(["always", "needed"]),
    default="always",
    show_default=True,
    help="needed: only if there is no mirror of this profile yet, or if an import was interrupted.",
)
@click.pass_obj
def import_command(read_settings: ReadSettings, location: str | None, profile: str, when: str) -> None:
    """Import an export of MusicBrainz and swap it in when it is complete.

    LOCATION is a directory, a file: URL or an http(s): URL that contains a LATEST or is itself an export. The
    default is MUSICBRAINZ_DUMP_URL. Whatever goes wrong, the mirror continues to serve what it has.
    """
    settings = read_settings()
    if when == "needed" and (stamp := _usable_export(settings.primary, profile)):
        _clear_leftovers(settings)
        click.echo(f"The export {stamp} is there.")
        return
    http = HttpOptions(user_agent=settings.user_agent)
    with ImportDisplay(open_console(logs=settings.logs)) as display:
        result = import_export(
            settings.owner_url,
            location or settings.dump_url,
            reader=settings.reader,
            options=ImportOptions(profile=profile, http=http, signing_key=settings.signing_key),
            report=display,
            say=display.say,
        )
    groups = result.rows["release_group"]
    click.echo(f"The mirror now serves the export {result.export_stamp}: {groups:,} release groups.")


def _usable_export(url: str, profile: str) -> str | None:
    """Return the stamp of the export that serves, if it has this profile and our rules for names.

    None as well if an import was to replace it and was interrupted: it is made again.
    """
    with connect(url) as connection:
        try:
            state = usable_state(connection)
        except MirrorEmpty:
            return None
        # In this order: an import that ends in between is not taken for an interrupted one.
        importing = is_importing(connection)
        interrupted = [leftover for leftover in find_leftovers(connection) if leftover.is_interrupted]
        if interrupted and not importing:
            click.echo(f"Importing again, since {interrupted[0]}.")
            return None
    return state.export_stamp if state.profile == profile else None


def _clear_leftovers(settings: MirrorSettings) -> None:
    """Drop what earlier imports have left, where there is anything."""
    with connect(settings.primary) as connection:
        if not find_leftovers(connection) or is_importing(connection):
            return
    for leftover in clear_leftovers(settings.owner_url):
        click.echo(f"Dropped what was left over: {leftover}.")


@mirror_commands.command("replicate")
@click.option("--follow", is_flag=True, help="Continue as new packets are published, until SIGTERM or Ctrl-C.")
@click.option("--profile", type=click.Choice(list(PROFILES)), help="Stop unless the mirror has this profile.")
@click.pass_obj
def replicate_command(read_settings: ReadSettings, follow: bool, profile: str | None) -> None:
    """Apply the packets that MusicBrainz has published since; it publishes about one an hour.

    Needs METABRAINZ_TOKEN. Packets are CC BY-NC-SA 3.0: once one is applied, the mirror is not for commercial use.
    A packet contains only what has changed. To keep more tables, import again.

    Succeeds, with a sentence, if nothing has been imported yet or if an import or another replication is running.
    Exits with status 3 if MusicBrainz has changed its schema, since trying again does not help.
    """
    settings = read_settings()
    source = PacketSource(settings.packet_url, settings.token, settings.user_agent)
    options = ReplicationOptions(follow=follow, profile=profile)
    try:
        with _stop_on_signals() as stop, ReplicationDisplay(open_console(logs=settings.logs)) as display:
            result = replicate(settings.owner_url, source, options, report=display, stop=stop)
    except (MirrorEmpty, ImportRunning, ReplicationRunning) as error:
        # Not a failure: the hourly timer tries again.
        if follow or isinstance(error, MirrorOutdated):
            raise
        click.echo(f"Nothing to do now. {error}")
        return
    _clear_leftovers(settings)
    counts = f"{result.packets:,} applied, {result.kept:,} changes kept"
    click.echo(f"The mirror is at packet {result.sequence}: {counts}.")


@contextmanager
def _stop_on_signals() -> Iterator[Event]:
    """Give an event that SIGTERM and SIGINT set."""
    stop = Event()
    before = {number: signal(number, lambda *_: stop.set()) for number in (SIGTERM, SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal(number, handler)


@mirror_commands.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
@click.pass_obj
def status_command(read_settings: ReadSettings, as_json: bool) -> None:
    """Show what the mirror holds, how old and how large it is (rows are PostgreSQL's estimate)."""
    settings = read_settings()
    source = PacketSource(settings.packet_url, settings.token, settings.user_agent, timeout=STATUS_TIMEOUT)
    status = mirror_status(settings.url, source)
    if as_json:
        click.echo(json.dumps(status_object(status), default=str, indent=2))
    else:
        click.echo("\n".join(status_lines(status)))


@mirror_commands.command("lookup")
@click.argument("mbid", type=click.UUID)
@click.pass_obj
def lookup_command(read_settings: ReadSettings, mbid: UUID) -> None:
    """Show what the MBID of a release or release group leads to, which year it gets and why."""
    with connect(read_settings().url) as connection:
        explanation = explain(connection, mbid)
    if explanation is None:
        raise click.ClickException(f"MusicBrainz has no release and no release group {mbid} (any more).")
    click.echo(_lookup_text(explanation))


@mirror_commands.command("search")
@click.argument("artist")
@click.argument("album")
@click.option("--mbid", type=click.UUID, help="The MBID scrobbled with it, of a release or a release group.")
@click.pass_obj
def search_command(read_settings: ReadSettings, artist: str, album: str, mbid: UUID | None) -> None:
    """Show what ALBUM by ARTIST, spelled as scrobbled, is taken for, out of which candidates, and why."""
    with connect(read_settings().url) as connection:
        usable_state(connection)
        trail = search(connection, AlbumName(artist, album, mbid))
    for line in describe(trail):
        click.echo(line)


def _lookup_text(explanation: Explanation) -> str:
    result = explanation.result
    facts = {
        "title": explanation.source.title,
        "artist": explanation.source.artist,
        "MBID": f"{result.mbid}, {MBID_KINDS[result.kind]}",
        "leads to release": explanation.release,
        "release group": result.release_group,
        "year": result.year or "not known",
        "why": _why(explanation),
    }
    return "\n".join(f"{name:22}{value}" for name, value in facts.items() if value)


def _why(explanation: Explanation) -> str:
    source, year = explanation.source, explanation.result.year
    counted = source.releases - source.cancelled
    besides = f"; {source.cancelled} cancelled, not counted" if source.cancelled else ""
    if source.year is None:
        return f"none of its {counted} releases has a date{besides}"
    first = f"{source.date}, {source.first_title} ({source.first_release})"
    return f"{'' if year else 'no plausible year: '}the first of its {counted} releases is {first}{besides}"
