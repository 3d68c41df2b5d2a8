"""A small MusicBrainz: the real schema with its real triggers, invented music, and several editors at once.

The schema, the functions that keep the first release dates and the replication triggers are MusicBrainz's own, out
of `mbdata`. Ours are the music, the edits, and the cutting of exports and packets.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg

from mirror.database import Connection, open_connection
from tests.integration.mirror.master import publishing
from tests.integration.mirror.master.desk import Desk, NothingThereError
from tests.integration.mirror.master.dice import Dice
from tests.integration.mirror.master.edits import EDITS, Edit
from tests.integration.mirror.master.fill import fill
from tests.integration.mirror.master.schema import create_schema, empty

SETTINGS = {
    "search_path": "musicbrainz,public",
    "timezone": "UTC",
    "synchronous_commit": "off",
    "jit": "off",
    "lock_timeout": "2ms",  # the editors are one thread: whoever holds the lock will not move meanwhile
}
# How likely each of the editors ends its transaction after an edit; the last often spans packets.
ENDING = (0.6, 0.2, 0.03)


class Master:
    """One master in a database of its own."""

    def __init__(self, url: str) -> None:
        self.url, self.dice = url, Dice(0)
        self.made: Counter[Edit] = Counter()
        """How often each kind of edit has succeeded since the master was filled."""
        self._editors: list[Connection] = []

    @classmethod
    def create(cls, url: str) -> Self:
        """Turn an empty database into a master without music."""
        master = cls(url)
        with master.connection() as connection:
            create_schema(connection)
        return master

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Open a connection to the master, in autocommit mode."""
        with open_connection(self.url, "master", {**SETTINGS, "lock_timeout": "0"}) as connection:
            yield connection

    def fill(self, seed: int, releases: int) -> None:
        """Start again with invented music."""
        self.close()
        self.dice = Dice(seed)
        self.made = Counter(dict.fromkeys(EDITS, 0))
        with self.connection() as connection:
            empty(connection)
            fill(connection, self.dice, releases)

    def edit(self, count: int) -> None:
        """Make this many random edits in transactions that overlap; some stay open."""
        if not self._editors:
            settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
            self._editors = [psycopg.connect(self.url, options=settings) for _ in ENDING]
        kinds, weights = list(EDITS), list(EDITS.values())
        for _ in range(count):
            number = self.dice.randrange(len(ENDING))
            self._edit(self.dice.choices(kinds, weights)[0], self._editors[number])
            if self.dice.chance(ENDING[number]):
                self._end(self._editors[number], self.dice.chance(0.9))

    def settle(self) -> None:
        """Commit what is still open."""
        for editor in self._editors:
            self._end(editor, keep=True)

    def close(self) -> None:
        """Disconnect the editors; their open transactions are lost."""
        for editor in self._editors:
            editor.close()
        self._editors = []

    def export(self, folder: Path, stamp: str) -> int:
        """Publish an export and LATEST; return the number of the last packet in it."""
        with self._snapshot() as connection:
            packet = publishing.cut(connection)
            publishing.write_export(folder, stamp, packet, connection)
        return packet.number

    def packet(self, folder: Path) -> Path:
        """Publish everything committed since the last time as the next packet."""
        with self._snapshot() as connection:
            packet = publishing.cut(connection)
        return publishing.write_packet(folder, packet)

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with self.connection() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield connection

    def _edit(self, edit: Edit, editor: Connection) -> None:
        """Make one edit in a savepoint: a refused edit, or one that meets a lock, leaves a gap in the seqids."""
        editor.execute("SELECT txid_current()")
        try:
            with editor.transaction():
                edit(Desk(editor, self.dice))
        except (NothingThereError, psycopg.IntegrityError, psycopg.errors.LockNotAvailable):
            return
        self.made[edit] += 1

    def _end(self, editor: Connection, keep: bool) -> None:
        if not keep:
            editor.rollback()
            return
        try:
            editor.commit()
        except (psycopg.IntegrityError, psycopg.errors.LockNotAvailable):  # some things are seen to only now
            editor.rollback()
