"""A streaming replica of the mirror: look-ups go on from it, through imports, and while the primary is away."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from demo import services
from demo.musicbrainz import catalogue
from mirror import web_queries
from mirror.answering.answers import Question
from mirror.answering.process import MatchingProcess
from mirror.database import Connection
from mirror.importing.load import import_export
from mirror.matching.lookup import years_by_mbid
from mirror.state import mirror_state
from tests.conftest import database_folder, wait_until
from worker.fetching.mirror_client import MirrorClient

ALBUM = next(album for album in catalogue.albums() if album.has_usable_mbid and album.year)


@dataclass
class Servers:
    """A primary that has a mirror, its replica, and how both are reached."""

    primary: str
    replica: str
    owner: str
    export: str
    stop_primary: ExitStack

    def url(self, *admins: str) -> str:
        """The URL of the mirror at these servers."""
        hosts = ",".join(str(conninfo_to_dict(admin)["host"]) for admin in admins)
        name = f"postgresql://{services.MIRROR_READER}@/musicbrainz"
        return f"{name}?host={hosts}&target_session_attrs=any"

    def import_again(self) -> None:
        """Import MusicBrainz anew, and wait until the replica has all of it."""
        import_export(self.owner, self.export, reader=services.MIRROR_READER, report=lambda _: None)
        with psycopg.connect(self.primary) as primary, psycopg.connect(self.replica, autocommit=True) as replica:
            row = primary.execute("SELECT pg_current_wal_lsn()::text").fetchone()
            position = row[0] if row else ""
            query = "SELECT FROM pg_stat_wal_receiver WHERE pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait_until(lambda: replica.execute(query, [position]).rowcount)


@pytest.fixture
def servers(demo_export: str) -> Iterator[Servers]:
    with database_folder() as folder, ExitStack() as stack, ExitStack() as primary_runs:
        primary = primary_runs.enter_context(services.postgres(folder / "primary"))
        _, owner = services.create_mirror_database(primary)
        copy = folder / "replica"
        command = [
            str(services.POSTGRES_PROGRAM.parent / "pg_basebackup"),
            "--write-recovery-conf",
            "--checkpoint=fast",
        ]
        subprocess.run([*command, f"--dbname={primary}", f"--pgdata={copy}"], check=True, capture_output=True)
        with (copy / "postgresql.auto.conf").open("a") as settings:
            settings.write("max_standby_streaming_delay = 0\n")  # what is in the way of the primary's changes goes
        give_to_owner_of(folder / "primary", copy)
        replica = stack.enter_context(services.postgres(copy))
        made = Servers(primary, replica, owner, demo_export, primary_runs)
        made.import_again()
        yield made


def give_to_owner_of(model: Path, folder: Path) -> None:
    """Give a folder to the user as whom the server runs, where that is not us."""
    (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # of the server that was copied while it ran
    owner = model.stat()
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def years(connection: Connection) -> list[int | None]:
    mbid = UUID(str(ALBUM.lastfm_mbid))
    return [found.year for found in years_by_mbid(connection, [mbid]).values()]


def test_a_replica_answers_through_an_import_and_what_was_in_its_way_is_asked_again(servers: Servers) -> None:
    interrupted = list[bool]()

    def in_the_way(connection: Connection) -> list[int | None]:
        with connection.transaction():
            found = years(connection)
            if not interrupted:
                interrupted.append(True)
                servers.import_again()  # the replica drops the tables that this transaction reads
            assert years(connection) == found
        return found

    with MirrorClient(servers.url(servers.replica)) as mirror:
        assert mirror.ask(years) == [ALBUM.year]
        before = mirror.ask(mirror_state)
        servers.import_again()
        assert mirror.ask(years) == [ALBUM.year], "the same connection, with what it has prepared"
        after = mirror.ask(mirror_state)
        assert before is not None
        assert after is not None
        assert after.imported_at > before.imported_at
        assert mirror.ask(in_the_way) == [ALBUM.year]
        assert interrupted
        assert not mirror.is_away


def test_look_ups_go_on_from_the_replica_while_the_primary_is_away(servers: Servers) -> None:
    both = servers.url(servers.primary, servers.replica)
    matching = MatchingProcess(both)
    question = Question(ALBUM.lastfm_artist, ALBUM.lastfm_title)
    with MirrorClient(both) as mirror:
        assert mirror.ask(serving) == conninfo_to_dict(servers.primary)["host"]
        (known,) = matching.ask([question])
        servers.stop_primary.close()
        assert mirror.ask(years) == [ALBUM.year], "the job that asks does not notice"
        assert mirror.ask(serving) == conninfo_to_dict(servers.replica)["host"]
        assert web_queries.state(both) is not None
        assert matching.ask([question]) == [known]
    matching.close()
    with MirrorClient(both + "&load_balance_hosts=random") as mirror:
        assert mirror.ask(years) == [ALBUM.year]


def serving(connection: Connection) -> str:
    return connection.info.host
