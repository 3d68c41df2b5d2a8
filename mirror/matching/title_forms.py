"""What else a title may be written as, apart from spelling: without the artist, by its number, by its comment.

A form is a key. Two titles of an artist are the same if they have a form in common.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from mirror.derived.editions import DIGITS, PART_WORDS
from mirror.derived.latin import MAX_READ, normalize_spaces, to_latin
from mirror.derived.names import artist_key, numbers, title_key, words
from mirror.derived.title_endings import is_other_music, split_endings
from mirror.derived.two_scripts import BRACKET, TwoNames, in_two_scripts
from mirror.matching.query import Query
from mirror.matching.rules import is_generic
from mirror.matching.similarity import similarity
from mirror.titles.pieces import ENSEMBLE, Kind, judge
from mirror.titles.works import composer_and_work

SELF_TITLED = ""  # the form of a title that is the artist's name
MIN_FORM_LENGTH = 3  # letters of a title that may stand beside its artist, unless it is a number
MIN_SURNAME_LENGTH = 3
MIN_TRANSLITERATION_SIMILARITY = 0.75
MAX_ARTIST_WORDS = 12  # in front of a title, or behind it
MAX_SEPARATORS = 8  # a title of thousands would take seconds
MAX_COMMENT_PARTS = 5

_SEPARATOR = re.compile(r": | - ")
_COMMENT_SEPARATOR = re.compile(r"[:;,/()\[\]\"]|\baka\b|\ba\.k\.a\.")
_ROMAN_NUMERAL = re.compile(r" [IVX]")
_VOLUME_NUMBER = re.compile(r"(?:vol|part)(\d+)$")
_VOLUMES = {word for word, kept in PART_WORDS.items() if kept in ("vol", "part")}
_COUNTER = re.compile("第.{1,3}[集部巻卷弾彈章]|その[一二三四五六七八九十]|[上下][集巻卷]")
_SIGNS = " -:,|/"
# One of these in brackets tells of another album rather than of its name in another script.
_NO_NAME = frozenset(
    ["version", "ver", "with", "by", "best", "hits", "collection", "selection", "singles", "complete", "box"]
)
_NUMERALS = {word: digits for word, digits in DIGITS.items() if word != "x"}  # which may be a sign: "×"


class ScrobbledTitle:
    """The title of a query; what takes time is worked out once, however many artists it is compared with."""

    def __init__(self, query: Query) -> None:
        self.text, self.key, self.artist = query.album.title[:MAX_READ], query.title_key, query.album.artist
        self._artist_key = query.artist_key
        self._forms: dict[str, list[str]] = {}

    @cached_property
    def numbers(self) -> list[str]:
        """The numbers in the title, in digits."""
        return numbers(self.text)

    @cached_property
    def parts(self) -> tuple[str, str]:
        """What stands in front of the first separator, and the key of the rest; two empty texts without one."""
        return split_composer(self.text)

    @cached_property
    def without_composer(self) -> list[tuple[str, str]]:
        """Who may be the composer, and the key of the title then: nobody, and whoever stands in front.

        Of the artist it is not known whether it is the composer.
        """
        composer, key = self.parts
        if not composer:
            return [("", self.key)]
        return [("", self.key), (composer, key), *([("", key)] if is_part_of_name(composer, self.artist) else [])]

    @cached_property
    def work(self) -> tuple[str, str]:
        """The composer in front, if any, and the key of the classical work that it names, if any."""
        return composer_and_work(self.text)

    @cached_property
    def names(self) -> TwoNames | None:
        """Both names if the title is written twice, in two scripts."""
        return title_in_two_scripts(self.text)

    def forms(self, artist: str) -> list[str]:
        """Return the forms of the title beside an artist with this key, the nearest first."""
        if artist not in self._forms:
            keys = dict.fromkeys([self._artist_key, artist])
            found = [form for key in keys for form in title_forms(self.text, self.key, key)]
            digits = [form for form in (*found, DIGITS.get(self.key, "")) if form.isdigit()]
            self._forms[artist] = [*dict.fromkeys([*found, *(artist + number for number in digits)])]
        return self._forms[artist]


def title_forms(title: str, key: str, artist: str) -> Iterator[str]:
    """Yield the forms of a title with this key, beside an artist with this key, the nearest first."""
    yield from _with_digits(title, key)
    if key == artist:
        yield SELF_TITLED
    elif key.startswith(artist) or key.endswith(artist):
        for rest in _without_artist(title, artist):
            yield from (form for form in _with_digits(rest, title_key(rest)) if _is_telling(form))


def title_in_two_scripts(title: str) -> TwoNames | None:
    """Return both names of a title, without its edition: "さくら (Sakura) [Remastered]"."""
    title = title[:MAX_READ]
    while not title.isascii() and (bracket := BRACKET.search(title)) and title_key(f"a ({bracket[1]})") == "a":
        title = title[: bracket.start()]
    return None if title.isascii() else in_two_scripts(title)


def is_translation(names: TwoNames, artist: str) -> bool:
    """Tell whether two names of a title are the same one in two scripts, or stand in brackets as if they were.

    Neither of them may tell of other music or of anything added, be the artist, or be a title that anybody has.
    """
    keys = [title_key(name) for name in names[:2]]
    if artist_key(artist) in keys or not all(map(_is_name, names[:2])):
        return False
    if numbers(names.first) != numbers(names.second):
        return False
    return names.in_brackets or similarity(*keys) >= MIN_TRANSLITERATION_SIMILARITY


def _is_name(text: str) -> bool:
    latin = normalize_spaces(to_latin(text))
    piece = judge(latin)
    if not piece or piece.kind not in (Kind.PROBABLE, Kind.NAMES) or is_generic(text):
        return False
    return not (ENSEMBLE.search(latin) or _COUNTER.search(text)) and _NO_NAME.isdisjoint(words(text))


def split_composer(title: str) -> tuple[str, str]:
    """Split "Pärt: Tabula Rasa" into the composer and the key of the rest; two empty texts if there is none."""
    front, *rest = _SEPARATOR.split(normalize_spaces(to_latin(title)), maxsplit=1)
    return (front, title_key(rest[0])) if rest else ("", "")


def is_part_of_name(part: str, name: str) -> bool:
    """Tell whether a name has these words, all but the last perhaps as initials: "J.S. Bach"."""
    *first, last = words(part) or [""]
    known = words(name)
    return len(last) >= MIN_SURNAME_LENGTH and last in known and all(_is_one_of(word, known) for word in first)


def has_nickname(key: str, album_key: str, comment: str) -> bool:
    """Tell whether a key is an album's with a part of its comment: "Peter Gabriel (Melt)", "Weezer (Blue)".

    Where the comment calls it an Album, that may stand alone: "The Blue Album", but not "live album".
    """
    if key.startswith(album_key) and len(key) > len(album_key):
        rest = _nickname(key.removeprefix(album_key))
        return any(rest == _nickname(_numbered_key(part)) for part in _comment_parts(comment))
    return key.endswith("album") and any(
        key == title_key(part) and " Album" in part.strip() for part in _comment_parts(comment)
    )


def _comment_parts(comment: str) -> Iterator[str]:
    parts = _COMMENT_SEPARATOR.split(to_latin(comment), MAX_COMMENT_PARTS)
    return (part for part in parts if any(map(str.isalnum, part)))


def _numbered_key(text: str) -> str:
    key = title_key(text)
    return _NUMERALS.get(key, key)


def _nickname(key: str) -> str:
    return key.removeprefix("the").removesuffix("album") or key


def _is_one_of(word: str, names: list[str]) -> bool:
    return any(word == name or (min(len(word), len(name)) == 1 and word[0] == name[0]) for name in names)


def _with_digits(title: str, key: str) -> Iterator[str]:
    """Yield the key with its number in digits: of "IV", "Use Your Illusion I" and "Use Your Illusion, Vol. 1"."""
    if key in _NUMERALS:
        yield _NUMERALS[key]
    if key.isalpha() and not _ROMAN_NUMERAL.search(title):
        yield key
        return
    parts = _SEPARATOR.split(normalize_spaces(to_latin(title)), maxsplit=MAX_SEPARATORS)
    yield "".join(map(_key_with_digits, parts)) if len(parts) > 1 else _key_with_digits(title, key)


def _key_with_digits(title: str, key: str = "") -> str:
    key = key or title_key(title)
    if not _VOLUMES.isdisjoint(words(title)):
        key = _VOLUME_NUMBER.sub(r"\1", key)
    return f"{key[:-1]}1" if title.endswith(" I") and len(key) > MIN_FORM_LENGTH else key


def _is_telling(form: str) -> bool:
    return len(form) >= MIN_FORM_LENGTH or form.isdigit()


def _without_artist(title: str, artist: str) -> Iterator[str]:
    """Yield the title without those of its first or last words that are the artist's name."""
    tokens = split_endings(normalize_spaces(to_latin(title)))[0].split()
    for count in range(min(len(tokens) - 1, MAX_ARTIST_WORDS), 0, -1):
        if artist_key(" ".join(tokens[:count])) == artist:
            yield " ".join(tokens[count:]).strip(_SIGNS)
        behind = " ".join(tokens[-count:])
        if artist_key(behind) == artist and not is_other_music(behind):
            yield " ".join(tokens[:-count]).strip(_SIGNS).removesuffix(" by")
