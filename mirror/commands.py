"""The commands of the mirror, for the project's command line to mount."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGTERM, signal
from threading import Event
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.filesize import decimal

from mirror import match
from mirror.database import connect
from mirror.errors import (
    ImportRunning,
    MirrorEmpty,
    MirrorError,
    MirrorOutdated,
    ReplicationRunning,
    SchemaChanged,
)
from mirror.explain import Explanation, explain
from mirror.feed import Feed
from mirror.index import check_rules
from mirror.load import PROFILE, Options, import_export
from mirror.meter import meter
from mirror.pace import pace
from mirror.question import Wanted
from mirror.replicate import replicate
from mirror.search import told
from mirror.state import mirror_state
from mirror.status import TIMEOUT, Status, for_people, for_programs, mirror_status
from mirror.tables import PROFILES
from mirror.web import Manners

KINDS = {
    "release": "a release",
    "release redirect": "a release that was merged into another",
    "release group": "a release group",
    "release group redirect": "a release group that was merged into another",
}


@dataclass(frozen=True)
class MirrorSettings:
    """Where the mirror is, where its data comes from, and which role may read it."""

    url: str
    owner_url: str
    dump_url: str
    reader: str | None = None
    agent: str = "LastYear.fm"
    packet_url: str = ""
    token: str = field(default="", repr=False)

    @property
    def feed(self) -> Feed:
        """Where packets come from, for one quick question."""
        return Feed(self.packet_url, self.token, self.agent, timeout=TIMEOUT)


class UpdateNeeded(click.ClickException):
    """A service that ends with this exit status is not to be started again."""

    exit_code = 3


class MirrorCommands(click.Group):
    """Commands whose errors are sentences, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MirrorError as error:
            kind = UpdateNeeded if isinstance(error, SchemaChanged) else click.ClickException
            raise kind(str(error)) from error


def mirror_commands(settings: Callable[[], MirrorSettings]) -> click.Group:
    """The group `mirror`; the settings are asked for when a command runs."""

    @click.group("mirror", cls=MirrorCommands)
    def mirror() -> None:
        """Keep the part of MusicBrainz that answers in which year an album came out."""

    @mirror.command("import")
    @click.argument("location", required=False)
    @click.option(
        "--profile",
        type=click.Choice(list(PROFILES)),
        default=PROFILE,
        show_default=True,
        help="What to keep: albums, or recordings too (five times the disk).",
    )
    @click.option(
        "--when",
        type=click.Choice(["always", "needed"]),
        default="always",
        show_default=True,
        help="needed: only where there is no mirror of this profile yet.",
    )
    @click.option("--verify-first", is_flag=True, help="Fetch the whole archive and check it before loading it.")
    @click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where --verify-first fetches it to [default: the user's cache].",
    )
    def import_(location: str | None, profile: str, when: str, verify_first: bool, folder: Path | None) -> None:
        """Import an export of MusicBrainz and swap it in when it is whole.

        LOCATION is a directory, a file: or an http(s): URL that has a LATEST or is an export itself. Without it,
        MUSICBRAINZ_DUMP_URL is used. Whatever goes wrong, the mirror goes on serving what it has.
        """
        site = settings()
        if when == "needed" and (there := serves(site.url, profile)):
            click.echo(there)
            return
        verify_in = (folder or cache()) if verify_first else None
        options = Options(profile=profile, verify_in=verify_in, manners=Manners(agent=site.agent))
        run_import(site, location, options)

    @mirror.command("replicate")
    @click.option("--follow", is_flag=True, help="Go on as new packets are published, until SIGTERM or Ctrl-C.")
    @click.option("--limit", type=click.IntRange(min=1), help="End after so many packets.")
    @click.option("--profile", type=click.Choice(list(PROFILES)), help="Stop unless the mirror has this profile.")
    def replicate_(follow: bool, limit: int | None, profile: str | None) -> None:
        """Apply the packets that MusicBrainz has published since; about one an hour comes.

        Needs METABRAINZ_TOKEN. Packets are CC BY-NC-SA 3.0, so from then on the mirror is not for commercial use.
        A packet has only what has changed: a mirror that shall hold more tables is to be imported anew.

        Ends well, with a sentence, where nothing was imported yet or where an import or another replication is at
        work; with status 3 when MusicBrainz has changed its schema, so that trying again is of no use.
        """
        try:
            run_replication(settings(), follow=follow, limit=limit, profile=profile)
        except (MirrorEmpty, ImportRunning, ReplicationRunning) as error:
            # The hourly timer comes again: no reason for an alarm.
            if follow or isinstance(error, MirrorOutdated):
                raise
            click.echo(f"Nothing to do now. {error}")

    @mirror.command()
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
    def status(as_json: bool) -> None:
        """Tell what is in the mirror, how old and how large it is (rows are PostgreSQL's estimate)."""
        show_status(settings(), as_json)

    @mirror.command()
    @click.argument("mbid", type=click.UUID)
    def lookup(mbid: UUID) -> None:
        """Tell what the MBID of a release or release group leads to, which year it gets and why."""
        show_lookup(settings(), mbid)

    @mirror.command()
    @click.argument("artist")
    @click.argument("album")
    @click.option("--mbid", type=click.UUID, help="The MBID that comes with it, of a release or a release group.")
    def search(artist: str, album: str, mbid: UUID | None) -> None:
        """Tell what ALBUM by ARTIST, spelled as a scrobble has it, is taken for, out of what, and why."""
        show_search(settings(), Wanted(artist, album, mbid))

    return mirror


def cache() -> Path:
    """Where a service, or else a user, may keep what can be fetched again."""
    if service := os.environ.get("CACHE_DIRECTORY"):
        return Path(service)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "lastyear"


def serves(url: str, profile: str) -> str:
    """A sentence that names the export, if a mirror of this profile and our rules of names serves; or nothing."""
    with connect(url) as connection:
        try:
            check_rules(connection)
        except MirrorEmpty:
            return ""
        state = mirror_state(connection)
    return f"The export {state.export_stamp} is there." if state and state.profile == profile else ""


def run_import(settings: MirrorSettings, location: str | None, options: Options) -> None:
    """Import, showing how far it is."""
    console = Console(stderr=True)
    with meter(console) as report:
        loaded = import_export(
            settings.owner_url,
            location or settings.dump_url,
            reader=settings.reader,
            options=options,
            report=report,
            tell=lambda sentence: console.print(sentence, markup=False, highlight=False, soft_wrap=True),
        )
    click.echo(
        f"The mirror now serves the export {loaded.export_stamp}: {loaded.rows['release_group']:,} release groups."
    )


def run_replication(settings: MirrorSettings, *, follow: bool, limit: int | None, profile: str | None) -> None:
    """Replicate, showing how far it is; a signal ends it between two packets."""
    with until_signalled() as stop, pace(Console(stderr=True)) as report:
        done = replicate(
            settings.owner_url,
            settings.packet_url,
            settings.token,
            follow=follow,
            limit=limit,
            profile=profile,
            agent=settings.agent,
            report=report,
            stop=stop,
        )
    click.echo(f"The mirror is at packet {done.sequence}: {done.packets:,} applied, {done.kept:,} changes for us.")


@contextmanager
def until_signalled() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    before = {number: signal(number, lambda *_: stop.set()) for number in (SIGTERM, SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal(number, handler)


def show_status(settings: MirrorSettings, as_json: bool) -> None:
    """Print what the mirror holds, for people or for programs."""
    status = mirror_status(settings.url, settings.feed)
    if as_json:
        click.echo(json.dumps(for_programs(status), default=str, indent=2))
    else:
        click.echo(_status_text(status))


def show_lookup(settings: MirrorSettings, mbid: UUID) -> None:
    """Print what an MBID leads to."""
    with connect(settings.url) as connection:
        explanation = explain(connection, mbid)
    if explanation is None:
        raise click.ClickException(f"MusicBrainz knows no release and no release group {mbid}, or no longer.")
    click.echo(_lookup_text(explanation))


def show_search(settings: MirrorSettings, wanted: Wanted) -> None:
    """Print what an album is taken for."""
    with connect(settings.url) as connection:
        check_rules(connection)
        question = match.search(connection, wanted)
    for line in told(question):
        click.echo(line)


def _status_text(status: Status) -> str:
    facts = {**for_people(status), "size": decimal(sum(size.bytes for size in status.tables))}
    tables = [f"  {size.table:36}{size.rows:>14,} rows{decimal(size.bytes):>12}" for size in status.tables]
    return "\n".join([_facts(facts), "", *tables])


def _lookup_text(explanation: Explanation) -> str:
    answer = explanation.answer
    facts = {
        "title": explanation.reason.title,
        "artist": explanation.reason.artist,
        "MBID": f"{answer.mbid}, {KINDS[answer.method]}",
        "leads to release": explanation.release,
        "release group": answer.release_group,
        "year": answer.year or "not known",
        "why": _why(explanation),
    }
    return _facts({name: value for name, value in facts.items() if value})


def _why(explanation: Explanation) -> str:
    reason, year = explanation.reason, explanation.answer.year
    counted = reason.releases - reason.cancelled
    besides = f"; {reason.cancelled} cancelled, not counted" if reason.cancelled else ""
    if reason.year is None:
        return f"none of its {counted} releases has a date{besides}"
    first = f"{reason.date}, {reason.first_title} ({reason.first_release})"
    return f"{'' if year else 'no plausible year: '}the first of its {counted} releases is {first}{besides}"


def _facts(facts: dict[str, object]) -> str:
    return "\n".join(f"{name:22}{value}" for name, value in facts.items())
