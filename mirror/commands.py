"""The commands of the mirror, for the project's command line to mount."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.filesize import decimal

from mirror.database import connect
from mirror.errors import MirrorEmpty, MirrorError
from mirror.explain import Explanation, explain
from mirror.load import import_export
from mirror.meter import meter
from mirror.state import State, TableSize, mirror_state, table_sizes

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


class MirrorCommands(click.Group):
    """Commands whose errors are sentences, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MirrorError as error:
            raise click.ClickException(str(error)) from error


def mirror_commands(settings: Callable[[], MirrorSettings]) -> click.Group:
    """The group `mirror`; the settings are asked for when a command runs."""

    @click.group("mirror", cls=MirrorCommands)
    def mirror() -> None:
        """Keep the part of MusicBrainz that answers in which year an album came out."""

    @mirror.command("import")
    @click.argument("location", required=False)
    def import_(location: str | None) -> None:
        """Import an export of MusicBrainz and swap it in when it is whole.

        LOCATION is a directory or file: URL that has a LATEST or is an export itself. Without it,
        MUSICBRAINZ_DUMP_URL is used. Whatever goes wrong, the mirror goes on serving what it has.
        """
        run_import(settings(), location)

    @mirror.command()
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
    def status(as_json: bool) -> None:
        """Tell what is in the mirror: from which export, and how large (rows are PostgreSQL's estimate)."""
        show_status(settings(), as_json)

    @mirror.command()
    @click.argument("mbid", type=click.UUID)
    def lookup(mbid: UUID) -> None:
        """Tell what the MBID of a release or release group leads to, which year it gets and why."""
        show_lookup(settings(), mbid)

    return mirror


def run_import(settings: MirrorSettings, location: str | None) -> None:
    """Import, showing how far it is."""
    with meter(Console(stderr=True)) as report:
        loaded = import_export(
            settings.owner_url, location or settings.dump_url, reader=settings.reader, report=report
        )
    click.echo(
        f"The mirror now serves the export {loaded.export_stamp}: {loaded.rows['release_group']:,} release groups."
    )


def show_status(settings: MirrorSettings, as_json: bool) -> None:
    """Print what the mirror holds, for people or for programs."""
    with connect(settings.url) as connection:
        state, sizes = mirror_state(connection), table_sizes(connection)
    if state is None:
        raise MirrorEmpty
    click.echo(_status_json(state, sizes) if as_json else _status_text(state, sizes))


def show_lookup(settings: MirrorSettings, mbid: UUID) -> None:
    """Print what an MBID leads to."""
    with connect(settings.url) as connection:
        explanation = explain(connection, mbid)
    if explanation is None:
        raise click.ClickException(f"MusicBrainz knows no release and no release group {mbid}, or no longer.")
    click.echo(_lookup_text(explanation))


def _status_json(state: State, sizes: list[TableSize]) -> str:
    return json.dumps(asdict(state) | {"tables": [asdict(size) for size in sizes]}, default=str, indent=2)


def _status_text(state: State, sizes: list[TableSize]) -> str:
    facts = {
        "profile": state.profile,
        "export": state.export_stamp,
        "imported": f"{state.imported_at:%Y-%m-%d %H:%M %Z}",
        "schema sequence": state.schema_sequence,
        "replication sequence": "none" if state.replication_sequence is None else state.replication_sequence,
        "release groups": f"{state.release_groups:,}",
        "size": decimal(sum(size.bytes for size in sizes)),
    }
    tables = [f"  {size.table:36}{size.rows:>14,} rows{decimal(size.bytes):>12}" for size in sizes]
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
