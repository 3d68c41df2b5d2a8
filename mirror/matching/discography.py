"""The albums of one artist, to find the one whose title is nearest to a scrobbled one."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

from mirror.derived.editions import ARTICLES
from mirror.derived.latin import normalize_spaces, to_latin
from mirror.derived.name_index import key_hash
from mirror.derived.names import artist_key, numbers, title_key, words
from mirror.derived.title_endings import is_other_music
from mirror.matching.candidates import Album
from mirror.matching.rules import is_generic
from mirror.matching.similarity import LITTLE_WORDS, NUMBERS, has_more_words, nearest, same_last_letter
from mirror.matching.title_forms import (
    ScrobbledTitle,
    has_nickname,
    is_part_of_name,
    is_translation,
    split_composer,
    title_forms,
    title_in_two_scripts,
)
from mirror.titles.decorations import Rest, film_of
from mirror.titles.works import composer_and_work

TRUNCATED_LENGTH = 250  # characters from which on Last.fm, which cuts at 255, may have cut the title
UNRELIABLE_LETTERS = 20  # at the end of a truncated title
MIN_LENGTH_WITHOUT_SUBTITLE = 9  # letters of a title that may be another one without its subtitle
SURE_LETTERS = 5  # of a title, whatever its numbers become without its subtitle
MIN_TITLE_LENGTH_IN_DOUBT = 8  # letters of a title that is known by itself, whatever stands behind it
K = TypeVar("K")
T = TypeVar("T")
_NAMES = re.compile(r"[;,&]")
SUBTITLE = re.compile(r"[:,(\[–—]| - ")
YEARS_OF_RECORDINGS = re.compile(r"[ ,(:]+(?:19|20)\d\d ?[-‐–—] ?(?:19|20)?\d\d\)?$")
INITIALS = re.compile(r"[A-Z]{3,6}")
VOLUME_WORDS = frozenset(
    ["vol", "volume", "part", "no", "number", "two", "three", "four", "2", "3", "4", "ii", "iii"]
)


class _Title(NamedTuple):
    """A title of an album: its own, or that with MusicBrainz's comment behind it."""

    album: Album
    name: str
    key: str


class _Rest(NamedTuple):
    """An album whose title has a composer in front, or has none."""

    album: Album
    composer: str = ""


class Discography:
    """An artist's albums, their titles folded once."""

    def __init__(self, artist: str, albums: Iterable[Album]) -> None:
        self.artist = artist_key(artist)
        self._name = artist
        self._own_titles = [_Title(album, album.title, title_key(album.title)) for album in albums]
        self._titles = [
            *self._own_titles,
            *map(_with_comment, (one for one in self._own_titles if one.album.comment)),
        ]

    @property
    def is_known(self) -> bool:
        """Whether there is any album: none is read of an artist with too many."""
        return bool(self._own_titles)

    def nearest(self, title: ScrobbledTitle) -> tuple[int, list[int]]:
        """Return the edit distance of the nearest titles, and the ids of their release groups."""
        for find in (
            self._by_work,
            self._by_either_name,
            self._by_form,
            self._by_comment,
            self._by_composer,
            self._by_initials,
            self._without_ending,
        ):
            if found := find(title):
                return 0, found
        edits, places = nearest(title.key, ((place, one.key) for place, one in enumerate(self._titles)))
        near = (self._titles[place] for place in places)
        return edits, [
            one.album.id
            for one in near
            if same_last_letter(title.text, one.name)
            and not (edits and has_more_words(title.text, one.name))
            and numbers(one.name) == title.numbers
        ]

    def undecorated(self, rests: Iterable[Rest], artist: str) -> tuple[Rest, list[int]] | None:
        """Find the first of these rests, the longest, that is a name of an album.

        Return it with the ids of the release groups; None if there is none, or another may be meant.
        """
        for rest in rests:
            if ids := self._ids_of_rest(rest):
                rest, ids = self._without_other_names(rest, ids)
                return (rest, ids) if self._is_meant(rest, ids, artist) else None
        return None

    def _ids(self, key: str, hash_: int | None = None) -> list[int]:
        """Return the release groups that are called so: by their own titles, then by any of their names."""
        hash_ = key_hash(key) if hash_ is None else hash_
        own, any_ = self._ids_by_key.get(key, []), self._ids_by_hash.get(hash_, [])
        return [*dict.fromkeys([*own, *any_])] if own or any_ else []

    def _ids_of_rest(self, rest: Rest) -> list[int]:
        if ids := self._ids(rest.key, rest.hash):
            return ids
        if rest.is_of_a_film:
            return self._ids_by_film.get(rest.key, [])
        if rest.work_key:
            return [found.album.id for found in self._by_work_key.get(rest.work_key, [])]
        return self._ids_without_articles.get(_without_articles(rest.title), [])

    def _without_other_names(self, rest: Rest, ids: list[int]) -> tuple[Rest, list[int]]:
        """Keep those of the release groups that go by something peeled off, too: "The Beatles (White Album)"."""
        for piece in rest.behind:
            named = set(self._ids_by_hash.get(key_hash(title_key(piece.text)), ()))
            if both := [id_ for id_ in ids if id_ in named]:
                rest, ids = rest.with_added(piece), both
        return rest, ids

    def _is_meant(self, rest: Rest, ids: list[int], artist: str) -> bool:
        """Tell whether what was peeled off does not tell one album from another.

        It may where nobody knows what it says, and the title is short, or is anybody's, or the artist's name; and
        where it names another album, or has a word of another's longer title.
        """
        is_telling = len(rest.key) >= MIN_TITLE_LENGTH_IN_DOUBT and rest.key not in (artist, self.artist)
        if rest.needs_telling_title and (not is_telling or is_generic(rest.title)):
            return False
        peeled, title_words = [title_key(text) for text in rest.texts_behind], set(words(rest.title))
        return not any(
            _is_named(one.key, peeled) or (rest.key in one.key and rest.words & set(words(one.name)) - title_words)
            for one in self._titles
            if one.album.id not in ids
        )

    def _by_work(self, title: ScrobbledTitle) -> list[int]:
        """Find "Symphony no. 9 in E minor, op. 95" by "Dvořák: Symphony No. 9", if Dvořák is in the credit."""
        composer, work = title.work
        found = self._by_work_key.get(work, []) if work else []
        names = [composer, ""] if composer and is_part_of_name(composer, title.artist) else [composer]
        agreeing = [one.album.id for one in found if any(self._agree(name, one, title.artist) for name in names)]
        return [*dict.fromkeys(agreeing)]

    def _by_initials(self, title: ScrobbledTitle) -> list[int]:
        """Find "The Lord of the Rings: The Two Towers" by "LOTR: The Two Towers"."""
        short, key = title.parts
        if not INITIALS.fullmatch(short):
            return []
        return [
            one.album.id
            for one in self._own_titles
            if one.key.endswith(key)
            and short.lower() in _initials(SUBTITLE.split(one.name, maxsplit=1)[0])
            and title_key(SUBTITLE.split(one.name, maxsplit=1)[-1]) == key
        ]

    def _by_either_name(self, title: ScrobbledTitle) -> list[int]:
        """Find "Наутилус" and "Nautilus" by "Наутилус (Nautilus)", and the other way round.

        Both names must lead to one album, or one must be the other in Latin letters, or stand in brackets.
        """
        if not title.names:
            return self._ids_by_name(title.key)
        first, second = (self._ids(key) or self._ids_by_name(key) for key in map(title_key, title.names[:2]))
        if first and second:
            return [id_ for id_ in first if id_ in second]
        return (first or second) if is_translation(title.names, self._name) else []

    def _ids_by_name(self, key: str) -> list[int]:
        """Return the release groups of which this is one of two names, in two scripts."""
        return [
            one.album.id
            for one in self._own_titles
            if key in one.key
            and (names := title_in_two_scripts(one.name))
            and key in map(title_key, names[:2])
            and is_translation(names, self._name)
        ]

    def _by_form(self, title: ScrobbledTitle) -> list[int]:
        """Find "At Budokan" by "Cheap Trick at Budokan", "Led Zeppelin IV" by "IV"."""
        by_form, by_hash = self._ids_by_form, self._ids_by_hash
        found = (by_form.get(form) or by_hash.get(key_hash(form)) for form in title.forms(self.artist))
        return next(filter(None, found), [])

    def _by_comment(self, title: ScrobbledTitle) -> list[int]:
        """Find "Peter Gabriel" with the comment "3: Melt" by "Peter Gabriel (Melt)"."""
        return [
            album.id
            for album, _, key in self._own_titles
            if album.comment and has_nickname(title.key, key, album.comment)
        ]

    def _by_composer(self, title: ScrobbledTitle) -> list[int]:
        """Find "Tabula Rasa" by "Pärt: Tabula Rasa" and the other way round, if Pärt is in the credit."""
        found = [
            one.album.id
            for composer, key in title.without_composer
            for one in self._own_titles
            if one.key.endswith(key)
            and (rest := _behind_composer(one, key))
            and self._agree(composer, rest, title.artist)
        ]
        return [*dict.fromkeys(found)]

    def _agree(self, composer: str, rest: _Rest, artist: str) -> bool:
        """Tell whether both titles name one composer, or one of them does and the composer is in the credit."""
        if not composer and not rest.composer:
            return True
        if composer and rest.composer:
            both = words(composer), words(rest.composer)
            is_same = both[0][-1:] == both[1][-1:] and LITTLE_WORDS.isdisjoint(both[0] + both[1])
            return is_same and not is_other_music(composer)
        names = [*rest.album.artists, *_NAMES.split(rest.album.credit), self._name, artist]
        return any(is_part_of_name(composer or rest.composer, name) for name in names)

    def _without_ending(self, title: ScrobbledTitle) -> list[int]:
        """Find a title by all but its subtitle, and one that Last.fm has truncated."""
        beginning = title.key[:-UNRELIABLE_LETTERS]
        if len(title.text) >= TRUNCATED_LENGTH and len(beginning) >= MIN_LENGTH_WITHOUT_SUBTITLE:
            return [one.album.id for one in self._titles if one.key.startswith(beginning)]
        if title.key == self.artist:
            return []
        similar = [one for one in self._titles if one.key.startswith(title.key[:SURE_LETTERS])]
        found = [one.album.id for one in similar if title.key in _heads(one.name, _is_compilations)]
        if found or len(title.key) < MIN_LENGTH_WITHOUT_SUBTITLE:
            return found
        return [one.album.id for one in similar if title.key in _heads(one.name, _is_subtitle)]

    @cached_property
    def _ids_by_key(self) -> dict[str, list[int]]:
        return _grouped((one.key, one.album.id) for one in self._titles)

    @cached_property
    def _ids_by_hash(self) -> dict[int, list[int]]:
        return _grouped((hash_, one.album.id) for one in self._own_titles for hash_ in one.album.keys)

    @cached_property
    def _ids_by_form(self) -> dict[str, list[int]]:
        return _grouped(
            (form, one.album.id) for one in self._titles for form in title_forms(one.name, one.key, self.artist)
        )

    @cached_property
    def _by_work_key(self) -> dict[str, list[_Rest]]:
        """The albums that are classical works, by the work without its key, opus and nickname."""
        works = ((one, *composer_and_work(one.name)) for one in self._own_titles)
        return _grouped((work, _Rest(one.album, composer)) for one, composer, work in works)

    @cached_property
    def _ids_without_articles(self) -> dict[str, list[int]]:
        return _grouped((_without_articles(one.name), one.album.id) for one in self._own_titles)

    @cached_property
    def _ids_by_film(self) -> dict[str, list[int]]:
        """The albums whose title begins like "Soundtrack From the Film", by what follows."""
        films = ((one, film_of(one.name)) for one in self._own_titles)
        return _grouped((title_key(film), one.album.id) for one, film in films if film)


def _behind_composer(title: _Title, key: str) -> _Rest | None:
    """Return the composer in front of this title, if what follows has this key."""
    composer, rest = ("", title.key) if title.key == key else split_composer(title.name)
    return _Rest(title.album, composer) if rest == key else None


@lru_cache(maxsize=1024)  # of one rest it is asked for each namesake of its artist
def _without_articles(title: str) -> str:
    return "".join(word for word in words(title) if word not in ARTICLES)


def _initials(name: str) -> tuple[str, str]:
    """Return the first letters of all words, and of all but the first."""
    letters = "".join(word[0] for word in normalize_spaces(to_latin(name)).lower().split())
    return letters, letters[1:]


def _with_comment(title: _Title) -> _Title:
    name = f"{title.name} {title.album.comment}"
    return title._replace(name=name, key=title_key(name))


def _grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    found = defaultdict[K, list[T]](list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)


def _is_named(key: str, peeled: Iterable[str]) -> bool:
    """Tell whether what was peeled off names the album with this key."""
    return any(key == one or (len(key) >= MIN_TITLE_LENGTH_IN_DOUBT and key in one) for one in peeled)


def _heads(title: str, is_dropped: Callable[[str], bool]) -> Iterator[str]:
    """Yield the keys of what stands before such a subtitle, and before the years of recordings."""
    without_years = YEARS_OF_RECORDINGS.sub("", title)
    if without_years != title and not is_generic(without_years):
        yield title_key(without_years)
    title = without_years
    for sign in SUBTITLE.finditer(title):
        if is_dropped(title[sign.end() :]):
            yield title_key(title[: sign.start()])


def _is_compilations(rest: str) -> bool:
    """Tell whether a subtitle is that of any compilation, and counts no volume."""
    return is_generic(rest) and VOLUME_WORDS.isdisjoint(words(rest)) and not is_other_music(rest)


def _is_subtitle(rest: str) -> bool:
    """Tell whether the rest of a title is only a subtitle: no number of a volume, no word of other music."""
    return not NUMBERS.search(title_key(rest)) and not is_other_music(rest) and words(rest)[:1] != ["more"]
