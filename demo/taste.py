"""A listener's taste: which records they reach for in a year, and what Last.fm calls the tracks they hear."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from math import exp, pi, sqrt
from random import Random
from typing import NamedTuple, TypeVar

from demo import catalogue

T = TypeVar("T")

UNDATED_SHARE = 0.01
OBSCURE_SHARE = 0.04
NO_ALBUM_SHARE = 0.03
GUEST_SHARE = 0.01
LOST_ID_SHARE = 0.003

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


class Track(NamedTuple):
    """What Last.fm knows of one play, except for when it was."""

    artist: str
    title: str
    album: str
    album_mbid: str


@dataclass(frozen=True)
class Record:
    """An album as Last.fm names it, with the titles on it; `mbid` is empty where Last.fm has none."""

    artist: str
    title: str
    mbid: str
    tracks: tuple[str, ...]

    def track(self, number: int) -> Track:
        return Track(self.artist, self.tracks[number % len(self.tracks)], self.title, self.mbid)


@dataclass(frozen=True)
class Hump:
    """Music from around the release year `centre`, `spread` years to either side; `share` of all plays."""

    centre: int
    spread: float
    share: float

    def at(self, year: int) -> float:
        """The share of all plays that goes to music from one release year."""
        return self.share * exp(-(((year - self.centre) / self.spread) ** 2) / 2) / (self.spread * sqrt(2 * pi))


@dataclass(frozen=True)
class Taste:
    """What somebody likes: humps over the release years, and the share that goes to music new this year."""

    seed: str
    humps: tuple[Hump, ...]
    news: float = 0.05

    def tracks(self, year: int, count: int) -> list[Track]:
        """What they hear in a year, in order. Nothing is heard in a year before its release."""
        rng = Random(f"{self.seed} hears {year}")
        records, weights = _shelf(self, year)
        heard: list[Track] = []
        while len(heard) < count:
            obscure = rng.random() < OBSCURE_SHARE
            record = _pick(rng, _obscure()) if obscure else rng.choices(records, cum_weights=weights)[0]
            heard += _sitting(rng, record)
        return [_as_scrobbled(rng, track) for track in heard[:count]]

    def share(self, released: int, year: int) -> float:
        """How much of a listening year goes to one release year; the small rest keeps every record possible."""
        return sum(hump.at(released) for hump in self.humps) + (self.news if released == year else 0.0) + 1e-5


@cache
def _shelf(taste: Taste, year: int) -> tuple[list[Record], list[float]]:
    """The records that exist in a year, with cumulative weights that follow the taste.

    A release year's share is divided among its records, so that the shape is the listener's and not the
    catalogue's.
    """
    favour = Random(f"{taste.seed} loves")
    by_release: dict[int | None, list[tuple[Record, float]]] = defaultdict(list)
    for album in catalogue.albums():
        love = favour.lognormvariate(0, 1)
        if album.tracks and (album.year is None or album.year <= year):
            by_release[album.year].append((_record(album), love))
    records: list[Record] = []
    weights: list[float] = []
    for released, loved in by_release.items():
        share = UNDATED_SHARE if released is None else taste.share(released, year)
        total = sum(love for _, love in loved)
        records += [record for record, _ in loved]
        weights += [share * love / total for _, love in loved]
    return records, list(accumulate(weights))


def _record(album: catalogue.Album) -> Record:
    mbid = str(album.lastfm_mbid) if album.lastfm_mbid else ""
    return Record(album.lastfm_artist, album.lastfm_title, mbid, album.tracks)


@cache
def _obscure() -> tuple[Record, ...]:
    """Records that no catalogue holds, two of them with the damaged titles that Last.fm really keeps."""
    tracks = tuple(f"Take {number}" for number in range(1, 9))
    invented = [Record(artist, title, "", tracks) for artist, title in product(INVENTED_ARTISTS, INVENTED_TITLES)]
    invented[3] = Record(INVENTED_ARTISTS[1], CUT_OFF, "", tracks)
    invented[6] = Record(INVENTED_ARTISTS[2], BYTE_SWAPPED, "", tracks)
    return tuple(invented)


def _pick(rng: Random, things: tuple[T, ...]) -> T:
    return things[int(rng.random() * len(things))]


def _sitting(rng: Random, record: Record) -> list[Track]:
    """A few tracks of one record in a row, now and then all of it."""
    if rng.random() < 0.1:
        return [record.track(number) for number in range(len(record.tracks))]
    first = int(rng.random() * len(record.tracks))
    return [record.track(first + step) for step in range(1 + int(rng.random() * 5))]


def _as_scrobbled(rng: Random, track: Track) -> Track:
    """The same play with what players leave out or add: no album, a guest beside the artist, no id."""
    fate = rng.random()
    if fate < NO_ALBUM_SHARE:
        return track._replace(album="", album_mbid="")
    if fate < NO_ALBUM_SHARE + GUEST_SHARE:
        return track._replace(artist=f"{track.artist} feat. {_pick(rng, INVENTED_ARTISTS)}", album_mbid="")
    if fate < NO_ALBUM_SHARE + GUEST_SHARE + LOST_ID_SHARE:
        return track._replace(album_mbid="")
    return track
