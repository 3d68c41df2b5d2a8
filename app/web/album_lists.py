"""Album lists: the albums and songs that count for some release years, or for none, a page at a time."""

from dataclasses import dataclass

from app.charts.release_years import ReleaseYears
from app.store import Connection, album_plays
from app.store.album_plays import AlbumCounts, AlbumPlays, PlayFilter

ROWS_PER_PAGE = 200


@dataclass(frozen=True)
class AlbumListPage:
    """The rows of one page, and what all pages come to: apart from each other what was looked up and what not."""

    number: int = 1
    rows: tuple[AlbumPlays, ...] = ()
    totals: tuple[AlbumCounts, ...] = ()

    @property
    def plays(self) -> int:
        """Plays on all pages."""
        return sum(total.plays for total in self.totals)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-sum(total.rows for total in self.totals) // ROWS_PER_PAGE))


def album_list_page(
    connection: Connection, user: int, year: int, released: ReleaseYears | None, number: int, *, by_song: bool
) -> AlbumListPage:
    """Read a page of what a listener played in `year`, the most played first; None: without a release year."""
    plays = PlayFilter(user, year, by_song)
    offset = ROWS_PER_PAGE * (number - 1)
    rows = album_plays.list_albums(connection, plays, released, limit=ROWS_PER_PAGE, offset=offset)
    return AlbumListPage(number, tuple(rows), tuple(album_plays.count_albums(connection, plays, released)))
