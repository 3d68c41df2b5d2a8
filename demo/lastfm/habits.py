"""What invented listeners like, when they listen, and what Last.fm calls the tracks they play."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate, product
from math import exp, pi, sqrt
from random import Random
from typing import NamedTuple, TypeVar

from demo.musicbrainz import catalogue

T = TypeVar("T")

UNDATED_SHARE = 0.01
OBSCURE_SHARE = 0.04
NO_ALBUM_SHARE = 0.03
GUEST_SHARE = 0.01
LOST_MBID_SHARE = 0.003
MIN_SHARE = 1e-5  # of any release year, so that every album can be played

WAKING_SECONDS = range(7 * 60 * 60, 23 * 60 * 60)
WORKING_SECONDS = range(9 * 60 * 60, 21 * 60 * 60, 20 * 60)

INVENTED_ARTISTS = (
    "Kellerassel Quintett",
    "The Damp Parish Choir",
    "Ångström & the Slide Rules",
    "Ölsardinenorchester",
    "Vlnolam Ensemble Nr. 9",
    "Ninth Floor Photocopier",
    "水曜日の冷蔵庫",
    "dj tape hiss (unsigned)",
)
INVENTED_TITLES = ("Attic Tapes", "Live at the Car Wash", "Untitled Rehearsal, Side B")
BYTE_SWAPPED = "\ufffe" + "Attic Tapes".encode("utf-16-le").decode("utf-16-be")
CUT_OFF = ("The Complete Minutes of the Parish Choir's Annual General Meeting, Set to Music, " * 4)[:255]


class ScrobbledTrack(NamedTuple):
    """What Last.fm knows of a play, except when it was."""

    artist: str
    title: str
    album: str
    album_mbid: str


@dataclass(frozen=True)
class ScrobbledAlbum:
    """An album as Last.fm names it, with its tracks; `mbid` is empty where Last.fm has none."""

    artist: str
    title: str
    mbid: str
    tracks: tuple[str, ...]

    def track(self, number: int) -> ScrobbledTrack:
        return ScrobbledTrack(self.artist, self.tracks[number % len(self.tracks)], self.title, self.mbid)


@dataclass(frozen=True)
class FavouritePeriod:
    """Music released around the year `centre`, `spread` years to either side; `share` of all plays.

    It is a favourite in the listening years from the first to the last of `heard`.
    """

    centre: int
    spread: float
    share: float
    heard: tuple[int, int] = (0, 9999)

    def share_of(self, released: int, year: int) -> float:
        """Return the share of the plays of a year that goes to music from this release year."""
        first, last = self.heard
        if not first <= year <= last:
            return 0.0
        distance = (released - self.centre) / self.spread
        return self.share * exp(-(distance**2) / 2) / (self.spread * sqrt(2 * pi))


@dataclass(frozen=True)
class Taste:
    """What a listener likes: periods of release years, and the share that goes to music new in the year."""

    seed: str
    periods: tuple[FavouritePeriod, ...]
    new_share: float = 0.05

    def tracks(self, year: int, count: int) -> list[ScrobbledTrack]:
        """Choose the tracks played in a year, in order. Nothing is played in a year before its release."""
        rng = Random(f"{self.seed} hears {year}")
        albums, weights = _weighted_albums(self, year)
        tracks: list[ScrobbledTrack] = []
        while len(tracks) < count:
            obscure = rng.random() < OBSCURE_SHARE
            album = _pick(rng, _obscure_albums()) if obscure else rng.choices(albums, cum_weights=weights)[0]
            tracks += _some_tracks(rng, album)
        return [_as_scrobbled(rng, track) for track in tracks[:count]]

    def share_of(self, released: int, year: int) -> float:
        """Return the share of the plays of a year that goes to one release year."""
        new = self.new_share if released == year else 0.0
        return sum(period.share_of(released, year) for period in self.periods) + new + MIN_SHARE


@dataclass(frozen=True)
class Habit:
    """How somebody listens year after year: what they like, since when, how much, in which months.

    `plays_a_year` is the least and the most, `exact` overrides it for single years. With `by_the_clock` they play
    something every 20 minutes by day instead.
    """

    taste: Taste
    since: date
    plays_a_year: tuple[int, int] = (0, 0)
    exact: tuple[tuple[int, int], ...] = ()
    by_the_clock: bool = False
    months: range = range(1, 13)

    def count(self, year: int) -> int:
        return dict(self.exact).get(year, Random(f"{self.taste.seed} counts {year}").randint(*self.plays_a_year))

    def times(self, year: int) -> list[int]:
        """Return when something is played in a year, in UNIX seconds, ascending."""
        first, last = self.months[0], self.months[-1]
        end = date(year, last + 1, 1) if last < 12 else date(year + 1, 1, 1)
        days = _days(max(self.since, date(year, first, 1)), end)
        rng = Random(f"{self.taste.seed} lives {year}")
        if self.by_the_clock:
            return [
                day + second + rng.randrange(WORKING_SECONDS.step) for day in days for second in WORKING_SECONDS
            ]
        return sorted(rng.choice(days) + rng.choice(WAKING_SECONDS) for _ in range(self.count(year)))


def midnight(day: date) -> int:
    """Return the UNIX second at which a day begins in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _days(first: date, end: date) -> list[int]:
    return [midnight(first + timedelta(days=day)) for day in range((end - first).days)]


@cache
def _weighted_albums(taste: Taste, year: int) -> tuple[list[ScrobbledAlbum], list[float]]:
    """Return the albums released up to a year, with cumulative weights that follow the taste.

    The albums of a release year share its weight, so that the shape is the listener's and not the catalogue's.
    """
    rng = Random(f"{taste.seed} loves")
    by_release: dict[int | None, list[tuple[ScrobbledAlbum, float]]] = defaultdict(list)
    for album in catalogue.albums():
        weight = rng.lognormvariate(0, 1)
        if album.tracks and (album.year is None or album.year <= year):
            by_release[album.year].append((_as_lastfm_names(album), weight))
    albums: list[ScrobbledAlbum] = []
    weights: list[float] = []
    for released, weighted in by_release.items():
        share = UNDATED_SHARE if released is None else taste.share_of(released, year)
        total = sum(weight for _, weight in weighted)
        albums += [album for album, _ in weighted]
        weights += [share * weight / total for _, weight in weighted]
    return albums, list(accumulate(weights))


def _as_lastfm_names(album: catalogue.CatalogueAlbum) -> ScrobbledAlbum:
    mbid = str(album.lastfm_mbid) if album.lastfm_mbid else ""
    return ScrobbledAlbum(album.lastfm_artist, album.lastfm_title, mbid, album.tracks)


@cache
def _obscure_albums() -> tuple[ScrobbledAlbum, ...]:
    """Make up albums that MusicBrainz does not have, two of them with damaged titles like some at Last.fm."""
    tracks = tuple(f"Take {number}" for number in range(1, 9))
    pairs = product(INVENTED_ARTISTS, INVENTED_TITLES)
    invented = [ScrobbledAlbum(artist, title, "", tracks) for artist, title in pairs]
    invented[3] = ScrobbledAlbum(INVENTED_ARTISTS[1], CUT_OFF, "", tracks)
    invented[6] = ScrobbledAlbum(INVENTED_ARTISTS[2], BYTE_SWAPPED, "", tracks)
    return tuple(invented)


def _pick(rng: Random, things: tuple[T, ...]) -> T:
    return things[int(rng.random() * len(things))]


def _some_tracks(rng: Random, album: ScrobbledAlbum) -> list[ScrobbledTrack]:
    """Choose a few tracks of an album in a row, now and then all of them."""
    if rng.random() < 0.1:
        return [album.track(number) for number in range(len(album.tracks))]
    first = int(rng.random() * len(album.tracks))
    return [album.track(first + step) for step in range(1 + int(rng.random() * 5))]


def _as_scrobbled(rng: Random, track: ScrobbledTrack) -> ScrobbledTrack:
    """Leave out or add what players do: no album, a guest artist, no MBID."""
    fate = rng.random()
    if fate < NO_ALBUM_SHARE:
        return track._replace(album="", album_mbid="")
    if fate < NO_ALBUM_SHARE + GUEST_SHARE:
        return track._replace(artist=f"{track.artist} feat. {_pick(rng, INVENTED_ARTISTS)}", album_mbid="")
    if fate < NO_ALBUM_SHARE + GUEST_SHARE + LOST_MBID_SHARE:
        return track._replace(album_mbid="")
    return track
