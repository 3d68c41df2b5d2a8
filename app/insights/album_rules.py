"""Rules about single albums of a listener's year."""

from calendar import month_name
from collections import Counter
from collections.abc import Sequence
from math import log2

from app.charts.release_years import ReleaseYears
from app.formatting import counted, share
from app.insights.highlights import Highlight, Part, YearFacts
from app.insights.year_albums import PlayedAlbum

VARIOUS = "Various Artists"
OLD = 20
"""Years after which an album that is much played has come back."""


def obsession(year: YearFacts) -> Highlight | None:
    """Find an album that has much of the whole year."""
    top = year.top
    if top is None or top.plays < max(50, 0.08 * year.placed):
        return None
    sentence = [Part("One obsession: "), *named(top), Part(f" alone has {year.share(top.plays)} of the plays.")]
    bits = log2(top.plays / year.placed / 0.02)
    about = {album(top), "most played"}
    if 2 * top.plays > year.plays.get(top.released, 0):
        about.add(f"released in {top.released}")
    return Highlight("obsession", bits, sentence, frozenset(about), bar(top))


def comeback(year: YearFacts) -> Highlight | None:
    """Find an old album that is played more than any other."""
    top = year.top
    if top is None or top.plays < 20 or year.year - top.released < OLD:
        return None
    usual = sum(part for released, part in year.usual.items() if released <= top.released)
    age = year.year - top.released
    sentence = [
        Part(f"{year.first('the most played')} {_kind(top)}{year.known(top.plays)} came out {age} years before: "),
        *named(top),
        Part(f" ({top.released}), with {counted(top.plays, 'play')}."),
    ]
    return Highlight("comeback", min(6.0, -log2(max(usual, 0.01))), sentence, _most(top), bar(top))


def new_favourite(year: YearFacts) -> Highlight | None:
    """Find an album of the listening year itself that is played more than any other."""
    top = year.top
    if top is None or top.plays < 20 or top.released != year.year:
        return None
    sentence = [
        Part(f"{year.first('the most played')} {_kind(top)}{year.known(top.plays)} was new: "),
        *named(top),
        Part(f" came out in {year.year} itself and has {counted(top.plays, 'play')}."),
    ]
    return Highlight("new favourite", 1.5, sentence, _most(top), bar(top))


def month_of_an_album(year: YearFacts) -> Highlight | None:
    """Find an album that was played within one month, and hardly otherwise."""
    found = [
        one for one in year.albums.albums if one.plays >= 30 and max(one.months, default=0) >= 0.8 * one.plays
    ]
    if not found:
        return None
    one = max(found, key=lambda one: max(one.months))
    plays = max(one.months)
    month = month_name[one.months.index(plays) + 1]
    part = f"all {plays:,}" if plays == one.plays else f"{plays:,} of {one.plays:,}"
    sentence = [*named(one), Part(f" belongs to {month}: {part} plays are from that month.")]
    return Highlight("month of an album", 1.5 + log2(plays / 24), sentence, frozenset({album(one)}), bar(one))


def birthday(year: YearFacts) -> Highlight | None:
    """Find a much played album whose age was a round one in that year."""
    ages = {25: 1.2, 50: 1.6, 75: 2.5, 100: 3.5}
    found = [one for one in year.albums.albums if year.year - one.released in ages and one.plays >= 20]
    if not found:
        return None
    one = max(found, key=lambda one: (year.year - one.released, one.plays))
    age = year.year - one.released
    sentence = [*named(one), Part(f" turned {age} in {year.year}, and has {counted(one.plays, 'play')}.")]
    return Highlight("birthday", ages[age], sentence, frozenset({album(one)}), bar(one))


def decade_of_one_album(year: YearFacts) -> Highlight | None:
    """Find an old album that makes up much of what is played of its decade."""
    found = [
        (one.plays / plays, plays, one)
        for one in year.albums.albums
        if (plays := year.decades.get(one.released // 10 * 10, 0)) >= 50
        and one.plays >= 0.4 * plays
        and year.year - one.released >= OLD
    ]
    if not found:
        return None
    part, plays, one = max(found, key=lambda each: each[:2])
    decade = ReleaseYears(one.released // 10 * 10, one.released // 10 * 10 + 9)
    if one.plays == plays:
        says = f" is everything{year.known()} from {decade.name}."
    else:
        says = f" alone has {share(one.plays, plays)} of the plays from {decade.name}."
    bits = 0.6 + log2(part / 0.25) + log2(plays / 50) / 4
    return Highlight("decade of one album", bits, [*named(one), Part(says)], frozenset({album(one)}), decade)


def oldest(year: YearFacts) -> Highlight | None:
    """Find music that is much older than all other."""
    years = sorted(released for released, plays in year.plays.items() if plays)
    if len(years) < 2 or years[1] - years[0] < 12:
        return None
    one = next((one for one in year.albums.albums if one.released == years[0]), None)
    if one is None:
        return None
    sentence = [
        Part("The oldest music stands apart: after "),
        *named(one),
        Part(f" ({years[0]}) nothing{year.known()} came out before {years[1]}."),
    ]
    return Highlight("oldest", log2((years[1] - years[0]) / 6), sentence, frozenset({album(one)}), bar(one))


def favourite_artist(year: YearFacts) -> Highlight | None:
    """Find an artist with many of the ten most played albums."""
    top = [one for one in year.albums.albums[:10] if one.is_song is False]
    artists = Counter(one.artist.casefold() for one in top if one.artist != VARIOUS)
    if len(top) < 10 or not artists:
        return None
    [(artist, count)] = artists.most_common(1)
    theirs = [one for one in top if one.artist.casefold() == artist]
    if count < 4:
        return None
    years = [one.released for one in theirs]
    sentence = [
        Part(year.first(f"{'all' if count == 10 else count} of the 10 most played albums"), is_link=True),
        Part(f"{year.known()} are by "),
        Part(theirs[0].artist, is_name=True),
        Part("."),
    ]
    about = frozenset({f"artist {artist}", *map(album, theirs[:1])})
    return Highlight(
        "favourite artist", min(6.0, count - 2.0), sentence, about, ReleaseYears(min(years), max(years))
    )


ALBUM_RULES = (
    obsession,
    comeback,
    new_favourite,
    month_of_an_album,
    birthday,
    decade_of_one_album,
    oldest,
    favourite_artist,
)


def named(one: PlayedAlbum) -> Sequence[Part]:
    """Name an album with its artist, as the link."""
    return [
        Part("“"),
        Part(one.title, is_name=True, is_link=True),
        Part("” by "),
        Part(one.artist, is_name=True),
    ]


def album(one: PlayedAlbum) -> str:
    """Tell an album from the others, as what a sentence is about."""
    return f"album {one.artist} / {one.title}"


def bar(one: PlayedAlbum) -> ReleaseYears:
    """Return the bar that an album is in."""
    return ReleaseYears(one.released, one.released)


def _kind(one: PlayedAlbum) -> str:
    return "album or song" if one.is_song is None else "song" if one.is_song else "album"


def _most(top: PlayedAlbum) -> frozenset[str]:
    return frozenset({album(top), "most played"})
