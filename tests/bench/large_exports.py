"""Writes exports of any size in the official format, fast, in the proportions of MusicBrainz's own of autumn 2026.

The tables that an albums mirror keeps have rows of their own. The others, most of the real archive, repeat one
compressed piece: bzip2 streams may follow one another, and for a decompressor it is the same work.
"""

import bz2
import random
import tarfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from demo.musicbrainz.export_writer import TableRow, copy_line, write_checksums
from tests.bench import invented_names

STAMP = "20260905-002519"
ENTERED = "2012-05-15 18:57:13.252186+00"
ROWS_PER_PIECE = 50_000
FIRST_UNUSED = 10**8  # from here on no artist and no release group has the name with that number
# Compressed bytes per release: of the archive, and up to the end of the last table that an albums mirror keeps.
BYTES_A_RELEASE, BYTES_TO_LAST_KEPT_TABLE = 1217, 670
MakeLine = Callable[[random.Random, int], str]


def _gid(draw: random.Random) -> str:
    return str(UUID(int=draw.getrandbits(128), version=4))


def _date(draw: random.Random) -> str:
    year = 2026 - int(draw.expovariate(1 / 12))
    if draw.random() < 0.2:
        return f"{year}\t\\N\t\\N"
    return f"{year}\t{draw.randint(1, 12)}\t{draw.randint(1, 28)}"


# The artists of every four credits: which credit each belongs to, and at which position.
CREDITED_ARTISTS = ((0, 0), (1, 0), (1, 1), (2, 0), (3, 0), (3, 1), (3, 2))


def _credited_artist(number: int) -> tuple[int, int]:
    """Return the credit, and the position in it, that the row with this number is about."""
    four, row = divmod(number - 1, len(CREDITED_ARTISTS))
    credit, position = CREDITED_ARTISTS[row]
    return 4 * four + credit + 1, position


def _credited(credit: int, position: int, artists: int) -> int:
    return (credit * 7919 + position * 104_729) % artists + 1


def _artist(number: int) -> str:
    return "Various Artists" if number == 1 else invented_names.artist_name(number)


def _redirect(entities: int) -> MakeLine:
    return lambda draw, _: f"{_gid(draw)}\t{draw.randint(1, entities)}\t{ENTERED}\n"


def _alias(entities: int) -> MakeLine:
    def alias(draw: random.Random, number: int) -> str:
        name = invented_names.artist_name(FIRST_UNUSED + number)
        nulls = "\\N\t" * 6
        return f"{number}\t{draw.randint(1, entities)}\t{name}\t\\N\t0\t{ENTERED}\t1\t{name}\t{nulls}f\tf\n"

    return alias


def kept_tables(releases: int) -> dict[str, tuple[int, MakeLine]]:
    """Return the tables that a mirror keeps: how many rows each has, and what makes the row with a number."""
    artists, names, groups = releases * 52 // 100, releases * 67 // 100, releases * 78 // 100

    def countries(draw: random.Random, number: int) -> str:
        # Most releases have one country; one in a hundred came out in a hundred countries at once.
        if number < releases:
            return f"{number}\t{draw.randint(1, 240)}\t{_date(draw)}\n"
        wide, country = divmod(number - releases, 130)
        return f"{wide + 1}\t{country + 300}\t2019\t{wide % 12 + 1}\t{wide % 28 + 1}\n"

    def artist_of(credit: int, position: int) -> str:
        return _artist(_credited(credit, position, artists))

    def credit_name(number: int) -> str:
        return " & ".join(
            artist_of(number, position) for credit, position in CREDITED_ARTISTS if credit == (number - 1) % 4
        )

    def member(draw: random.Random, number: int) -> str:
        credit, position = _credited_artist(number)
        artist = _credited(credit, position, artists)
        return f"{credit}\t{position}\t{artist}\t{artist_of(credit, position)}\t & \n"

    def credit_of_group(draw: random.Random) -> int:
        """Most albums have one artist: those are the odd credits."""
        number = draw.randint(1, names - 1)
        return number | 1 if draw.random() < 0.7 else number

    def release(draw: random.Random, number: int) -> str:
        group = number * 78 // 100 or 1
        title = invented_names.album_title(group if number % 7 else FIRST_UNUSED + number)
        status = draw.choice((1, 1, 1, 1, 1, 1, 2, 3, 4, 6))
        return (
            f"{number}\t{_gid(draw)}\t{title}\t{draw.randint(1, names)}\t{group}\t{status}\t1\t120\t28"
            f"\t{draw.randint(10**11, 10**12)}\t\t0\t-1\t{ENTERED}\n"
        )

    def group(draw: random.Random, number: int) -> str:
        kind, credit = draw.choice((1, 1, 2, 3)), credit_of_group(draw)
        return f"{number}\t{_gid(draw)}\t{invented_names.album_title(number)}\t{credit}\t{kind}\t\t0\t{ENTERED}\n"

    return {
        "artist": (
            artists,
            lambda d, n: (
                f"{n}\t{_gid(d)}\t{_artist(n)}\t{_artist(n)}\t{d.randint(1900, 2000)}"
                + "\t\\N" * 5
                + f"\t1\t{d.randint(1, 9000)}\t1\t\t0\t{ENTERED}\tf\t\\N\t\\N\n"
            ),
        ),
        "artist_alias": (releases * 12 // 100, _alias(artists)),
        "artist_credit": (names, lambda d, n: f"{n}\t{credit_name(n)}\t1\t3\t{ENTERED}\t0\t{_gid(d)}\n"),
        "artist_credit_name": (names // 4 * len(CREDITED_ARTISTS), member),
        "artist_gid_redirect": (releases // 10, _redirect(artists)),
        "release": (releases, release),
        "release_alias": (releases // 100, _alias(releases)),
        "release_country": (releases * 230 // 100, countries),
        "release_gid_redirect": (releases // 6, _redirect(releases)),
        "release_group": (groups, group),
        "release_group_alias": (releases // 50, _alias(groups)),
        "release_group_gid_redirect": (releases // 10, _redirect(groups)),
        "release_group_secondary_type_join": (
            releases * 17 // 100,
            lambda d, n: f"{n * 4 + 1}\t{d.randint(1, 12)}\t{ENTERED}\n",
        ),
        "release_unknown_country": (releases * 8 // 100, lambda d, n: f"{n}\t{_date(d)}\n"),
    }


def write_large_export(folder: Path, releases: int, more: Mapping[str, Iterable[TableRow]] | None = None) -> Path:
    """Write an export with so many releases, followed by the rows of `more`; return its archive."""
    archive = folder / STAMP / "mbdump.tar.bz2"
    archive.parent.mkdir(parents=True)
    with archive.open("wb") as target, ProcessPoolExecutor() as pool:
        _write_notes(target)
        filler = _filler()
        for table, (rows, _) in kept_tables(releases).items():
            if table == "release":
                rest = sum(_estimated_bytes(releases)) * releases
                _write_filler(
                    target, "recording", filler, BYTES_TO_LAST_KEPT_TABLE * releases - target.tell() - int(rest)
                )
            starts = range(1, rows + 1, ROWS_PER_PIECE)
            tasks = [(table, releases, start, min(start + ROWS_PER_PIECE, rows + 1)) for start in starts]
            pieces = list(pool.map(_piece, *zip(*tasks, strict=True)))
            if more and table in more:
                pieces.append(_packed(map(copy_line, more[table])))
            _write_member(target, table, pieces)
        _write_filler(target, "track", filler, BYTES_A_RELEASE * releases - target.tell())
        target.write(bz2.compress(b"\0" * 2 * tarfile.RECORDSIZE))
    write_checksums(archive.parent)
    (folder / "LATEST").write_text(f"{STAMP}\n")
    return archive


def _estimated_bytes(releases: int) -> list[float]:
    """Estimate the compressed bytes per release of each table from `release` on, from a sample."""
    tables = list(kept_tables(releases).items())
    late = tables[[name for name, _ in tables].index("release") :]
    samples = [(rows / releases, *_piece(name, releases, 1, 2001)) for name, (rows, _) in late]
    return [share * len(compressed) / 2000 for share, _, compressed in samples]


def _piece(table: str, releases: int, begin: int, end: int) -> tuple[int, bytes]:
    """Return the rows with these numbers: how many bytes they are, and compressed."""
    draw, line = random.Random(f"{table} {begin}"), kept_tables(releases)[table][1]
    return _packed(line(draw, number).encode() for number in range(begin, end))


def _packed(lines: Iterable[bytes]) -> tuple[int, bytes]:
    plain = b"".join(lines)
    return len(plain), bz2.compress(plain)


def _filler() -> tuple[int, bytes]:
    """Return rows like those of recordings, which an albums mirror skips."""
    draw = random.Random(0)
    lines = (
        f"{n}\t{_gid(draw)}\t{invented_names.album_title(n)}\t{draw.getrandbits(22)}\t{draw.getrandbits(19)}\t\t0\t{ENTERED}\tf\n"
        for n in range(60_000)
    )
    return _packed(line.encode() for line in lines)


def _write_notes(target: BinaryIO) -> None:
    texts = {"TIMESTAMP": "2026-09-05 00:25:20.1+00\n", "COPYING": "CC0\n", "README": "For a bench.\n"}
    for name, text in (texts | {"REPLICATION_SEQUENCE": "190000\n", "SCHEMA_SEQUENCE": "31\n"}).items():
        _write_member(target, name, [(len(text), bz2.compress(text.encode()))])


def _write_filler(target: BinaryIO, table: str, piece: tuple[int, bytes], compressed: int) -> None:
    _write_member(target, table, [piece] * max(compressed // len(piece[1]), 1))


def _write_member(target: BinaryIO, name: str, pieces: list[tuple[int, bytes]]) -> None:
    member = tarfile.TarInfo(name if name.isupper() else f"mbdump/{name}")
    member.size = sum(size for size, _ in pieces)
    target.write(bz2.compress(member.tobuf(tarfile.GNU_FORMAT)))
    target.writelines(compressed for _, compressed in pieces)
    target.write(bz2.compress(b"\0" * (-member.size % tarfile.BLOCKSIZE)))
