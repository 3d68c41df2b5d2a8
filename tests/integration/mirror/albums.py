"""Albums in few words, as rows of an export, and mirrors of them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from demo.musicbrainz.export_writer import TableRow
from mirror.importing.load import ImportOptions, import_export
from mirror.release_types import ALBUM
from tests.integration.conftest import fresh_database
from tests.integration.mirror.music import event, mbid, publish, row

VARIOUS = "Various Artists"


@dataclass(frozen=True)
class Album:
    """A release group of one artist with releases of its year. "Nirvana [UK]" is another Nirvana."""

    artist: str
    title: str
    year: int | None
    kinds: tuple[int, ...] = ()
    releases: int = 1

    @property
    def name(self) -> str:
        """What its MBID is made from."""
        return f"{self.artist}: {self.title} {self.year}"

    def release(self, number: int = 0) -> UUID:
        """Return the MBID of one of its releases."""
        return mbid(f"{self.name}, release {number}")


def tables(albums: Iterable[Album], **more: list[TableRow]) -> Mapping[str, list[TableRow]]:
    """Return the rows of these albums, numbered from 1, and more rows. Various Artists are artist 1."""
    rows: dict[str, list[TableRow]] = {
        name: [] for name in ("release_group", "release_group_secondary_type_join", "release", "release_country")
    }
    artists = {VARIOUS: 1}
    for number, album in enumerate(albums, 1):
        credit = artists.setdefault(album.artist, len(artists) + 1)
        rows["release_group"].append(group_row(number, album, credit))
        rows["release_group_secondary_type_join"] += [
            row("release_group_secondary_type_join", release_group=number, secondary_type=kind)
            for kind in album.kinds
        ]
        for index in range(album.releases):
            release = len(rows["release"]) + 1
            rows["release"].append(release_row(release, album.release(index), album.title, number, credit))
            rows["release_country"].append(event(release, 222, album.year))
    return {**rows, **_artists(artists), **more}


@contextmanager
def mirror_of(
    tables: Mapping[str, Iterable[TableRow]], postgres: str, folder: Path, profile: str = "albums"
) -> Iterator[str]:
    """Publish these rows in a folder and import them; return the URL of the mirror."""
    publish(folder, tables)
    with fresh_database(postgres) as url:
        import_export(url, str(folder), options=ImportOptions(profile=profile))
        yield url


def group_row(number: int, album: Album, credit: int) -> TableRow:
    """Return the row of a release group."""
    values = {"id": number, "gid": mbid(album.name), "name": album.title, "artist_credit": credit}
    return row("release_group", **values, type=ALBUM)


def release_row(number: int, gid: UUID, title: str, group: int, credit: int) -> TableRow:
    """Return the row of a release."""
    values = {"id": number, "gid": gid, "name": title, "release_group": group, "artist_credit": credit}
    return row("release", **values, status=1)


def artist_row(number: int, name: str) -> TableRow:
    """Return the row of an artist."""
    return row("artist", id=number, gid=mbid(f"artist {number}"), name=name, sort_name=name)


def credit_row(number: int, name: str) -> TableRow:
    """Return the row of a credit."""
    return row("artist_credit", id=number, name=name)


def _artists(numbers: Mapping[str, int]) -> dict[str, list[TableRow]]:
    """Return the rows of the artists, each with a credit of the same number."""
    names = {number: artist.partition(" [")[0] for artist, number in numbers.items()}
    return {
        "artist": [artist_row(number, name) for number, name in names.items()],
        "artist_credit": [credit_row(number, name) for number, name in names.items()],
        "artist_credit_name": [
            row("artist_credit_name", artist_credit=number, position=0, artist=number, name=name, join_phrase="")
            for number, name in names.items()
        ],
    }
