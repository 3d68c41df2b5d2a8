"""What programs, shops and file names add to an album's title, to be peeled off one piece at a time.

In front it is a year, a number, the artist; behind a bracket, the rest after a dash, a source ("WEB"), a part
("CD1"). What may tell of other music stays, or is peeled off for certain albums only (pieces.py). Rules without
a database; every pattern meets a short text only.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from urllib.parse import unquote

from mirror.derived.latin import normalize_spaces, to_latin
from mirror.derived.name_index import key_hash
from mirror.derived.names import artist_key, title_key
from mirror.derived.title_endings import CLOSING, OPENING
from mirror.titles.pieces import FROM_A_FILM, ORDINAL_ALBUM, Kind, Piece, judge, judge_tail
from mirror.titles.works import cut_work, work_key

MAX_LENGTH = 400  # characters of a title that anything is peeled off; Last.fm cuts them at 255
MAX_PIECES = 6  # peeled off each end
MAX_TAIL = 100  # characters after a dash
MAX_BARE = 40  # characters without a dash or a bracket
MAX_ARTIST_ENDS = 8  # places in a title where the artist in front may end
MAX_NAME = 60  # characters of somebody in front

_YEAR = r"(?:19|20)\d\d"
_CATALOGUE = rf"[A-Z]{{2,8}}[ .-]?(?!{_YEAR})\d{{2,5}}[A-Z]{{0,3}}"
_IN_FRONT = [
    (kind, re.compile(pattern, flags))
    for kind, pattern, flags in (
        (Kind.YEAR, rf"[\[(]?{_YEAR}([./-]?)\d\d\1\d\d[\])]?[ .-]+(?=\S)", 0),
        (Kind.ADDED, rf"(?:\({_YEAR}\)|\[{_YEAR}\]|{_YEAR}(?= ?-|[.:] ))[ .:-]*+(?!{_YEAR})(?=\S)", 0),
        (Kind.YEAR, rf"{_YEAR} (?!{_YEAR})(?=[^ -])", 0),
        (Kind.ADDED, r"(?:\(0\d\)|\[0\d\]|0\d)[ .:-]++(?=\D)", 0),
        (Kind.PROBABLE, r"(?:\d\d?(?: - |\. )|\(\d\d\) |\[\d\d\] )(?=\S)", 0),
        (Kind.ADDED, r"(?:cd|disc|disk) ?\d{1,2}(?: ?-|:) ", re.IGNORECASE),
        (Kind.ADDED, rf"{_CATALOGUE}(?: - |: )", 0),
        (Kind.ADDED, r"(?:full )?album(?: -|:) ", re.IGNORECASE),
        (Kind.ADDED, rf"(?:{ORDINAL_ALBUM.pattern})(?:[ ]-|:)?[ ]", re.IGNORECASE | re.VERBOSE),
        (Kind.SOUNDTRACK, rf"(?:{FROM_A_FILM.pattern})[ ]", re.IGNORECASE | re.VERBOSE),
    )
]
_FILM_IN_FRONT = _IN_FRONT[-1][1]
_BRACKET_IN_FRONT = re.compile(r"[(\[{<]([^()\[\]{}<>]{1,60})[)\]}>][ ._-]*(?=\S)")
_ARTIST_END = re.compile(
    rf" - |: | \| | / | ~ | \* |-|_| (?=[\"'\[]|\({_YEAR}\)|(?:the )?\d{{1,2}}(?:st|nd|rd|th) )", re.IGNORECASE
)
_ARTIST_END_IN_FILE = re.compile(r" - |-| ")
_NAME_END = re.compile(r": | - ")
_BARE = re.compile(
    rf"""(?:[ ,:;|_]+-?[ ]?|-)(
        (?:WEB|CD|CDR?|LP|DVD|SACD|FLAC|ALAC|MP3|[2-9]x?(?:CD|LP))
        | (?i:vinyl|vinyl[ -]?rip|digipak|enhanced|retail|24[ -]?bit|180[ -]?g)
        | (?i:(?:the[ ])?(?:official[ ])?full[ ]album|box[ ]?set)
        | (?i:(?:cd|disc|disk|dvd)[ ]?(?:\d{{1,2}}|one|two|three|four|i{{1,3}})(?:[ ]?(?:of|/)[ ]?\d{{1,2}})?)
        | (?i:(?:(?:\+|w/|with|incl\.?|including|plus)[ ])?(?:\d{{1,2}}[ ])?bonus[ ](?:tracks?|cd|disc|disk|dvd))
        | (?i:remaster|remastered|reissue|re-issue|re-?release|ltd|expanded)
        | {_YEAR}[ ](?i:edition|version|remaster|remastered|reissue|re-issue|release)
        | [A-Z]{{3,6}}(?!{_YEAR})\d{{3,4}}
        | @[ ]?\d{{3}}(?:[ ]?k(?:bps)?)?
    )$""",
    re.VERBOSE,
)
_ENDS = [
    (Kind.ADDED, re.compile(r"\.(flac|mp3|m4a|ogg|wav|ape|wv|zip|rar|7z|cue|m3u8?|torrent)$", re.IGNORECASE)),
    (Kind.ADDED, re.compile(rf"-({_YEAR}-(?=\w*[A-Za-z])\w+)$")),  # as groups that rip albums sign them
    (Kind.SOUNDTRACK, re.compile(r" ((?:original )?(?:soundtrack|sound track|ost|score))$", re.IGNORECASE)),
    (Kind.YEAR, re.compile(rf"(?<=[^\d ])(?:, | -|-) ?({_YEAR})$")),
]
_TAILS = (" - ", " | ", ": ", "; ", " / ", " by ")


@dataclass(frozen=True)
class Rest:
    """What is left of a title, and what was peeled off in front and behind."""

    title: str
    in_front: tuple[Piece, ...] = ()
    behind: tuple[Piece, ...] = ()

    @cached_property
    def key(self) -> str:
        """The key of the title."""
        return title_key(self.title)

    @cached_property
    def hash(self) -> int:
        """The hash of that key."""
        return key_hash(self.key)

    @cached_property
    def work_key(self) -> str:
        """The key of the classical work that the title names, if any."""
        return work_key(self.title)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All that was peeled off, in its order."""
        return (*self.in_front, *self.behind)

    @property
    def peeled(self) -> tuple[str, ...]:
        """The texts of all that was peeled off."""
        return tuple(piece.text for piece in self.pieces)

    @property
    def texts_behind(self) -> tuple[str, ...]:
        """What was peeled off behind."""
        return tuple(piece.text for piece in self.behind)

    @property
    def is_conditional(self) -> bool:
        """Whether a piece holds for certain albums only."""
        return any(piece.kind not in (Kind.ADDED, Kind.PROBABLE) for piece in self.pieces)

    @cached_property
    def is_of_a_film(self) -> bool:
        """Whether a piece tells that it is the music of a film."""
        return any(piece.kind is Kind.SOUNDTRACK for piece in self.pieces)

    @property
    def needs_telling_title(self) -> bool:
        """Whether a piece may not be an addition, so that the title must be known by itself."""
        return any(piece.kind in (Kind.PROBABLE, Kind.LIVE) for piece in self.pieces)

    def with_added(self, piece: Piece) -> "Rest":
        """Return the same, now that it is known that this piece was added."""
        added = tuple(Piece(one.text, Kind.ADDED) if one is piece else one for one in self.behind)
        return replace(self, behind=added)

    @property
    def years(self) -> set[int]:
        """The years that were peeled off."""
        return {year for piece in self.pieces for year in piece.years}

    @property
    def words(self) -> set[str]:
        """The words that were peeled off behind."""
        return {word for piece in self.behind for word in piece.words}


def peel(title: str, artist_keys: Collection[str]) -> list[Rest]:
    """Return what a title may be without its decorations; nothing for one without any.

    The longest comes first, but for those that hold for certain albums only.
    """
    written = normalize_spaces(to_latin(title))
    if len(written) > MAX_LENGTH:
        return []
    text = _spaced(written)
    artist_end = _ARTIST_END if text == written else _ARTIST_END_IN_FILE
    ends = list(_ends(text, artist_keys))
    rests = [
        Rest(_unquoted(text[start:end]), front, behind)
        for start, front in _fronts(text, artist_keys, artist_end)
        for end, behind in ends
        if start < end and (front or behind or text != written)
    ]
    return sorted(rests, key=lambda rest: (rest.is_conditional, -len(rest.title)))


def film_of(title: str) -> str:
    """Return the film in a title like "Soundtrack From the Film “More”"; nothing if it does not begin so."""
    text = normalize_spaces(to_latin(title))
    begins = _FILM_IN_FRONT.match(text)
    return _unquoted(text[begins.end() :]) if begins else ""


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"`" else text


def _spaced(text: str) -> str:
    """Put spaces into a file name or a part of an address."""
    if " " in text:
        return text
    text = re.sub(rf"[._]({_YEAR})(?=[._]|$)", r" - \1", unquote(text))
    for sign, least in (("_", 1), (".", 2), ("+", 2)):
        if text.count(sign) >= least:
            text = text.replace(sign, " ")
    return normalize_spaces(text)


def _fronts(
    text: str, artist_keys: Collection[str], artist_end: re.Pattern[str]
) -> Iterator[tuple[int, tuple[Piece, ...]]]:
    """Yield where the title may begin."""
    start, pieces = 0, tuple[Piece, ...]()
    yield start, pieces
    while len(pieces) < MAX_PIECES and (cut := _front(text[start:], artist_keys, artist_end)):
        length, kind = cut
        pieces += (Piece(text[start : start + length].strip(" -:"), kind),)
        start += length
        yield start, pieces


def _front(text: str, artist_keys: Collection[str], artist_end: re.Pattern[str]) -> tuple[int, Kind] | None:
    """Return how long the piece in front is, and of which kind."""
    ends = islice(artist_end.finditer(text, 1), MAX_ARTIST_ENDS)
    if artist := next((end for end in ends if artist_key(text[: end.start()]) in artist_keys), None):
        return artist.end(), Kind.ADDED
    for kind, pattern in _IN_FRONT:
        if piece := pattern.match(text):
            return piece.end(), kind
    if bracket := _BRACKET_IN_FRONT.match(text):
        judged = judge(bracket[1])
        return (bracket.end(), Kind.ADDED) if judged and judged.kind is Kind.ADDED else None
    name = _NAME_END.search(text, 2, MAX_NAME)
    return (name.end(), Kind.NAMES) if name else None


def _ends(text: str, artist_keys: Collection[str]) -> Iterator[tuple[int, tuple[Piece, ...]]]:
    """Yield where the title may end."""
    pieces = tuple[Piece, ...]()
    yield len(text), pieces
    while len(pieces) < MAX_PIECES and (cut := _end(text, artist_keys)):
        text, piece = cut
        pieces = (piece, *pieces)
        yield len(text), pieces


def _end(text: str, artist_keys: Collection[str]) -> tuple[str, Piece] | None:
    text = text.rstrip(" -,_|:;")
    if text.endswith(tuple(CLOSING)):
        cut = _bracketed(text, artist_keys) or _work(text)
    else:
        cut = _of_a_file(text) or _after_sign(text, artist_keys) or _bare(text) or _work(text)
    head = cut[0].rstrip(" -,_|:;") if cut else ""
    return (head, cut[1]) if cut and head else None


def _bracketed(text: str, artist_keys: Collection[str]) -> tuple[str, Piece] | None:
    start = _opening(text)
    if start < 1:
        return None
    head, inside = text[:start], text[start + 1 : -1].strip()
    piece = _repeated(head, inside, artist_keys) or judge(inside)
    return (head, piece) if piece else None


def _of_a_file(text: str) -> tuple[str, Piece] | None:
    found = ((kind, pattern.search(text, max(1, len(text) - MAX_BARE))) for kind, pattern in _ENDS)
    return next(((text[: end.start()], Piece(end[1], kind)) for kind, end in found if end), None)


def _bare(text: str) -> tuple[str, Piece] | None:
    bare = _BARE.search(text, max(1, len(text) - MAX_BARE))
    return (text[: bare.start()], Piece(bare[1], Kind.ADDED)) if bare else None


def _work(text: str) -> tuple[str, Piece] | None:
    work = cut_work(text)
    return (work[0], Piece(work[1], Kind.ADDED)) if work else None


def _after_sign(text: str, artist_keys: Collection[str]) -> tuple[str, Piece] | None:
    """Cut off what follows the last of these signs that something known follows."""
    ends = {sign: text.rfind(sign, max(1, len(text) - MAX_TAIL)) for sign in _TAILS}
    for sign, at in sorted(ends.items(), key=lambda found: -found[1]):
        if at > 0:
            head, tail = text[:at], text[at + len(sign) :].strip()
            if piece := _repeated(head, tail, artist_keys) or judge_tail(tail, after=sign):
                return head, piece
    return None


def _repeated(head: str, piece: str, artist_keys: Collection[str]) -> Piece | None:
    """Return a piece that is the artist, or the title once more."""
    is_artist = artist_key(piece.removeprefix("by ")) in artist_keys
    return Piece(piece, Kind.ADDED) if is_artist or title_key(piece) == title_key(head) else None


def _opening(text: str) -> int:
    """Return where the bracket begins that ends the text; -1 if nowhere."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] in CLOSING) - (text[at] in OPENING)
        if not depth:
            return at
    return -1
