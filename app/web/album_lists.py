"""Album lists: the albums and songs that count for some release years, or for none, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.charts.release_years import ReleaseYears
from app.charts.year_axis import added
from app.store import Connection, listeners
from app.store.plays import album_plays, counted_years, released_plays
from app.store.plays.album_plays import AlbumCounts, AlbumPlays
from app.store.plays.play_filter import PlayFilter
from app.store.plays.released_plays import AlbumOverYears
from app.web.words.chart_options import ChartOptions

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
    connection: Connection, plays: PlayFilter, released: ReleaseYears | None, number: int
) -> AlbumListPage:
    """Read a page of what a listener played, the most played first; None: without a release year."""
    offset = ROWS_PER_PAGE * (number - 1)
    rows = album_plays.list_albums(connection, plays, released, limit=ROWS_PER_PAGE, offset=offset)
    return AlbumListPage(number, tuple(rows), tuple(album_plays.count_albums(connection, plays, released)))


@dataclass(frozen=True)
class ReleasedPage(AlbumListPage):
    """A page of what was ever played of some release years, and its plays by listening year."""

    rows: tuple[AlbumOverYears, ...] = ()
    username: str = ""
    listened: Mapping[int, int] = field(default_factory=dict)
    """Plays that are listed, on all pages."""
    removed: Mapping[int, int] = field(default_factory=dict)
    """Plays that are only counted any more, and not listed; some of a year may be read again by now."""

    @property
    def played(self) -> dict[int, int]:
        """Both together."""
        return dict(sorted(added(self.removed, self.listened).items()))


def released_page(
    connection: Connection, username: str, released: ReleaseYears, number: int, options: ChartOptions
) -> ReleasedPage | None:
    """Read a page of what a listener ever played of some release years; None if nothing is stored of them."""
    listener = listeners.find(connection, username)
    if listener is None:
        return None
    found = released_plays.list_released(
        connection,
        listener.id,
        released,
        by_song=options.by_song,
        limit=ROWS_PER_PAGE,
        offset=ROWS_PER_PAGE * (number - 1),
    )
    counted = counted_years.of_listener(connection, listener.username_key)
    removed = {
        year: released.plays(options.years_of(counts)) - found.listened.get(year, 0)
        for year, counts in counted.items()
    }
    return ReleasedPage(
        number=number,
        rows=found.rows,
        totals=found.totals,
        username=listener.username,
        listened=found.listened,
        removed={year: plays for year, plays in removed.items() if plays > 0},
    )
