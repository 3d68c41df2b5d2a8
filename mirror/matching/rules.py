"""Which of several candidates a title means: rules without a database.

A wrong year is worse than none: between two equally good candidates none is chosen, and every doubt is a no.
"""

import re
from collections.abc import Callable, Collection, Sequence

from mirror.derived.latin import MAX_READ
from mirror.derived.names import artist_key, artist_keys, edition, full_key, title_key, words
from mirror.matching.candidates import Candidate
from mirror.release_types import ALBUM, COMPILATION, DJ_MIX, EP, LIVE, SINGLE, SOUNDTRACK
from mirror.titles.decorations import Rest
from mirror.titles.pieces import Kind, Piece, name_words
from mirror.titles.works import is_work

CLEAR_LEAD = 3  # a candidate with this many times the releases of the next one is the one that is meant
DISTINCTIVE_TITLE_LENGTH = 10  # letters of a title that hardly any other album has
MIN_NAME_LENGTH = 3  # letters of the longest name that tells who plays
MAX_YEARS_UNRELEASED = 2  # between a recording and its release
LANGUAGES = frozenset(["japanese", "korean", "english", "chinese", "spanish", "italian", "french", "german"])
YEAR_IN_BRACKETS = re.compile(r"[(\[]((?:19|20)\d\d)[)\]]")
_OF_ALBUMS = frozenset(["deluxe", "expanded", "anniversary"])  # editions that no single has
_LONG_PLAYER = re.compile(r"\bLP ?(\d)\b", re.IGNORECASE)
SELF_TITLED = frozenset(map(title_key, ["S/T", "Self-Titled", "Self Titled", "[self-titled]", "(Self-Titled)"]))

# A title that consists of these words does not tell whose album it is.
_GENERIC_WORDS = """
    greatest hits hit best of the very collection collected essential essentials anthology gold golden platinum
    singles single complete ultimate definitive original originals album albums classics classic series live in
    concert unplugged mtv christmas merry xmas songs song love demo demos remixes remix remixed sides rarities
    untitled unknown ep lp soundtrack recordings recorded works early late years box set vol volume part no
    number one two three all time my his her their our a an and for from top
"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
_VARIOUS_ARTISTS = artist_key("Various Artists")


def is_generic(title: str) -> bool:
    """Tell whether many albums have such a title: "Greatest Hits", "20 Greatest Hits, Volume 2"."""
    found = words(title)
    return bool(found) and all(word in _GENERIC or len(word) == 1 or _is_count(word) for word in found)


def _is_count(word: str) -> bool:
    """Tell a number from a word and from a year."""
    return word.isdigit() and len(word) < 4


def called_so(artist_keys: Collection[str], candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the candidates by artists who are called or credited so; all of them if it is everybody's alias."""
    called = {
        name
        for candidate in candidates
        for name in candidate.artists
        if artist_key(name) in artist_keys or artist_key(candidate.credit) in artist_keys
    }
    return [candidate for candidate in candidates if not called.isdisjoint(candidate.artists)] or candidates


def choose(title: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate that a title means; None if no rule decides, or if none has the format it names."""
    formats, years, records = edition(title).split(), _years_in(title), _records_in(title)
    left = [
        one
        for one in candidates
        if _may_be(formats, one)
        and _years_agree(title, years, one)
        and (not records or _records_in(one.comment) in ([], records))
    ]
    if "version" in formats and not LANGUAGES.isdisjoint(formats):
        left = _in_that_language(title, left)
    if len(left) < 2:
        return left[0] if left and left[0].year else None
    for is_better in (_has_format(formats), _is_album):
        left = [candidate for candidate in left if is_better(candidate)] or left
    left = [candidate for candidate in left if candidate.year]
    if len(left) == 1:
        return left[0]
    is_one_of_many = is_work(title)
    rules = (_is_plain, _is_of_year(years))
    for is_better in rules if is_one_of_many else (_has_title(title), *rules):
        left = [candidate for candidate in left if is_better(candidate)] or left
    left = sorted(left, key=lambda candidate: (-candidate.releases, candidate.year, candidate.id))
    if len({candidate.year for candidate in left}) > 1 and (
        is_one_of_many or left[0].releases < CLEAR_LEAD * left[1].releases
    ):
        return None
    return left[0] if left else None


def choose_undecorated(rest: Rest, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate that is meant by the rest of a decorated title, which is no single.

    All that was peeled off must be true of it. Of a title that does not tell one album from another, so must be a
    year, which elsewhere may be a reissue's.
    """
    years, of_work = rest.years, is_work(rest.title)
    found = [
        candidate
        for candidate in candidates
        if candidate.type != SINGLE
        and all(_is_true(piece, candidate, of_work or ";" in candidate.credit) for piece in rest.pieces)
    ]
    if years and (is_generic(rest.title) or any(_is_self_titled(rest, candidate) for candidate in found)):
        found = [candidate for candidate in found if candidate.year in years]
    return choose(rest.title, found)


def _is_true(piece: Piece, candidate: Candidate, is_one_of_many: bool) -> bool:
    """Tell whether what a piece says may be said of this candidate."""
    match piece.kind:
        case Kind.YEAR:
            return candidate.year in piece.years
        case Kind.LIVE:
            return is_live(candidate) and _is_of_concert(piece, candidate)
        case Kind.SOUNDTRACK:
            is_of_many = COMPILATION in candidate.secondary_types
            return SOUNDTRACK in candidate.secondary_types and not (is_of_many and "score" in piece.words)
        case Kind.NAMES:
            return _is_credited(piece, candidate)
        case Kind.PROBABLE:
            return not is_one_of_many or _is_credited(piece, candidate)
        case Kind.ADDED:
            return True


def _is_of_concert(piece: Piece, candidate: Candidate) -> bool:
    """Tell whether a live album may be of this concert: not older, nor of another place that its title names."""
    title = name_words(candidate.title)
    is_of_place = "live" not in title or {word for word in piece.words if not word.isdigit()} <= title
    return is_of_place and not any(year > (candidate.year or 0) for year in piece.years)


def _is_credited(piece: Piece, candidate: Candidate) -> bool:
    """Tell whether all names in a piece are in the candidate's credit, which has several, with its year."""
    names = {word for word in piece.words if not word.isdigit()}
    if "philharmonic" in names:  # which is an orchestra, whether it says so or not
        names.discard("orchestra")
    if not any(len(word) >= MIN_NAME_LENGTH for word in names) or len(artist_keys(candidate.credit)) < 2:
        return False
    return names <= name_words(candidate.credit) and all(
        year <= (candidate.year or 0) <= year + MAX_YEARS_UNRELEASED for year in piece.years
    )


def _is_self_titled(rest: Rest, candidate: Candidate) -> bool:
    return title_key(rest.title) in (artist_key(candidate.credit), title_key(candidate.credit))


def is_live(candidate: Candidate) -> bool:
    """Tell whether MusicBrainz has it as a live album."""
    return LIVE in candidate.secondary_types


def songs_differ(candidate: Candidate) -> bool:
    """Tell whether its songs may have come out in other years than the album."""
    return not {COMPILATION, LIVE, DJ_MIX}.isdisjoint(candidate.secondary_types)


def artists_differ(candidate: Candidate) -> bool:
    """Tell whether its songs are by several artists."""
    return DJ_MIX in candidate.secondary_types or (
        candidate.credit[:1] in "Vv" and artist_key(candidate.credit) == _VARIOUS_ARTISTS
    )


def is_compilation(candidate: Candidate) -> bool:
    """Tell whether it is of a type that has tracks of many artists."""
    return not {COMPILATION, SOUNDTRACK, DJ_MIX}.isdisjoint(candidate.secondary_types)


def _may_be(formats: Sequence[str], candidate: Candidate) -> bool:
    """Tell an album from the single or EP of the same name, and a film's score from songs by many artists."""
    if not formats:
        return True
    kinds = set(candidate.secondary_types)
    if "score" in formats and (SOUNDTRACK not in kinds or COMPILATION in kinds):
        return False
    if candidate.type == SINGLE and "single" not in formats and not _OF_ALBUMS.isdisjoint(formats):
        return False
    named = {"single", "maxi", "ep"} & set(formats)
    return candidate.type != ALBUM or not named or named <= set(edition(candidate.title).split())


def _in_that_language(title: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return what is called so by its whole title; else the only one, of which it is the pressing of a country."""
    whole = full_key(title)
    own = [candidate for candidate in candidates if full_key(candidate.title) == whole]
    return own or ([*candidates] if len(candidates) == 1 else [])


def _years_in(title: str) -> list[str]:
    return YEAR_IN_BRACKETS.findall(title[:MAX_READ])


def _records_in(title: str) -> list[str]:
    """Return the numbers of "LP1" and "LP 2", which tell one self-titled album from the next."""
    return _LONG_PLAYER.findall(title[:MAX_READ])


def _years_agree(title: str, wanted: list[str], candidate: Candidate) -> bool:
    """Compare years in brackets. They tell one "Live" from the next; after other titles most are a reissue's.

    So they do of titles that are the artist's name.
    """
    own = _years_in(candidate.title)
    if own and wanted:
        return wanted == own
    if (own or wanted) and (is_generic(title) or _is_named_after_artist(candidate)):
        return not own and str(candidate.year) in wanted
    return True


def _is_named_after_artist(candidate: Candidate) -> bool:
    """Tell whether its title is its artist's name."""
    return title_key(candidate.title) == artist_key(candidate.credit)


def _is_of_year(years: list[str]) -> Callable[[Candidate], bool]:
    """Compare a year in brackets with that of the first release: it tells "Weezer (2001)" from the others."""
    return lambda candidate: str(candidate.year) in years


def _has_format(formats: Sequence[str]) -> Callable[[Candidate], bool]:
    def has_format(candidate: Candidate) -> bool:
        if "ep" in formats:
            return candidate.type == EP
        if "single" in formats:
            return candidate.type == SINGLE
        return "soundtrack" not in formats or SOUNDTRACK in candidate.secondary_types

    return has_format


def _has_title(title: str) -> Callable[[Candidate], bool]:
    whole, short = full_key(title), title_key(title)
    return lambda candidate: full_key(candidate.title) == whole or title_key(candidate.title) == short


def _is_plain(candidate: Candidate) -> bool:
    return not set(candidate.secondary_types) - {SOUNDTRACK}


def _is_album(candidate: Candidate) -> bool:
    return candidate.type == ALBUM
