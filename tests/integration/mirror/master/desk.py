"""An editor's desk: one connection to the master, what may be picked from it, and how things are added."""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from psycopg import sql

from mirror.database import Connection
from tests.integration.mirror.master.dice import Dice
from tests.integration.mirror.master.fill import COUNTRIES

Value = object


class NothingThereError(Exception):
    """There is nothing left to edit in this way."""


class Desk:
    """Adding and finding, of which every edit is made."""

    def __init__(self, connection: Connection, dice: Dice) -> None:
        self.connection, self.dice = connection, dice

    def run(self, query: LiteralString, *values: Value) -> None:
        self.connection.execute(query, values)

    def numbers(self, query: LiteralString, *values: Value) -> list[int]:
        """Return the first column of all rows."""
        return [int(row[0]) for row in self.connection.execute(query, values)]

    def number(self, query: LiteralString, *values: Value) -> int:
        """Return the first column of the first row."""
        found = self.numbers(query, *values)
        if not found:
            raise NothingThereError
        return found[0]

    def pick(self, table: LiteralString) -> int:
        """Return the id of some row, lower ones more often, so that many edits meet."""
        query = sql.SQL("SELECT id FROM {0} WHERE id >= (SELECT max(id) FROM {0}) * %s ORDER BY id LIMIT 1")
        row = self.connection.execute(query.format(sql.Identifier(table)), [self.dice.random() ** 3]).fetchone()
        if row is None:
            raise NothingThereError
        return int(row[0])

    def two(self, table: LiteralString) -> tuple[int, int]:
        """Two different ids: one that will be merged into the other."""
        loser, winner = self.pick(table), self.pick(table)
        if loser == winner or (table == "artist" and loser <= 2):
            raise NothingThereError
        return loser, winner

    def insert(self, table: LiteralString, **values: Value) -> None:
        self.connection.execute(_insertion(table, values), list(values.values()))

    def add(self, table: LiteralString, **values: Value) -> int:
        """Insert a row that has an id and an MBID; gives the id."""
        known = {"gid": self.dice.gid(), **values}
        query = _insertion(table, known) + sql.SQL(" RETURNING id")
        row = self.connection.execute(query, list(known.values())).fetchone()
        assert row is not None
        return int(row[0])

    def add_artist(self) -> int:
        name = self.dice.name()
        return self.add("artist", name=name, sort_name=name, comment=self.dice.gid().hex)

    def credit(self) -> int:
        """Return an artist credit, often a known one, sometimes a new one."""
        if self.dice.chance(0.7):
            return self.pick("artist_credit")
        artists = [self.pick("artist") if self.dice.chance(0.6) else self.add_artist() for _ in range(2)]
        return self.add_credit([(artist, self.dice.name()) for artist in artists[: self.dice.randint(1, 2)]])

    def add_credit(self, artists: Sequence[tuple[int, str]]) -> int:
        credit = self.add("artist_credit", name=" & ".join(name for _, name in artists), artist_count=len(artists))
        for position, (artist, name) in enumerate(artists):
            self.insert("artist_credit_name", artist_credit=credit, position=position, artist=artist, name=name)
        return credit

    def add_group(self) -> int:
        return self.add(
            "release_group",
            name=self.dice.name(),
            artist_credit=self.credit(),
            type=self.dice.choice((1, 2, 3, None)),
        )

    def add_release(self) -> int:
        group = self.pick("release_group") if self.dice.chance(0.7) else self.add_group()
        credit = self.credit()
        release = self.add(
            "release",
            name=self.dice.name(),
            artist_credit=credit,
            release_group=group,
            status=self.dice.status(),
        )
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            self.add_event(release)
        self.add_medium(release)
        return release

    def add_event(self, release: int) -> None:
        """Set a date in a country or in an unknown one, replacing what was there."""
        if self.dice.chance(0.35):
            self.run("DELETE FROM release_unknown_country WHERE release = %s", release)
            columns = dict(zip(("date_year", "date_month", "date_day"), self.dice.date(), strict=True))
            self.insert("release_unknown_country", release=release, **columns)
            return
        country = self.dice.choice(COUNTRIES)
        self.run("DELETE FROM release_country WHERE release = %s AND country = %s", release, country)
        columns = dict(zip(("date_year", "date_month", "date_day"), self.dice.event(), strict=True))
        self.insert("release_country", release=release, country=country, **columns)

    def add_medium(self, release: int) -> None:
        position = self.number("SELECT coalesce(max(position), 0) + 1 FROM medium WHERE release = %s", release)
        medium = self.add("medium", release=release, position=position)
        for number in range(1, self.dice.randint(2, 5)):
            self.add_track(medium, number)

    def add_track(self, medium: int, position: int) -> None:
        credit = self.credit()
        known = self.dice.chance(0.5)
        self.add(
            "track",
            recording=self.pick("recording") if known else self.add_recording(credit),
            medium=medium,
            position=position,
            number=str(position),
            name=self.dice.name(),
            artist_credit=credit,
            length=self.dice.choice((None, 180_000, 240_000)),
        )

    def add_recording(self, credit: int) -> int:
        return self.add("recording", name=self.dice.name(), artist_credit=credit)


def _insertion(table: LiteralString, values: Mapping[str, Value]) -> sql.Composed:
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
