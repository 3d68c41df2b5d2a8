"""Which names are nearly the same: a spelling error, words more or fewer, an article left out.

Rules without a database. Every doubt is a no.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from rapidfuzz.distance import OSA, Indel

from mirror.derived.artist_spellings import is_other_performer
from mirror.derived.latin import MAX_READ
from mirror.derived.names import artist_key, words
from mirror.matching.candidates import Artist

NUMBERS = re.compile(r"\d+")
WORDS = re.compile(r"[^\s/&,;+]+")
FOREIGN_ARTICLES = ("die", "der", "das", "los", "las", "les", "la", "le", "el", "os", "as", "il", "i", "gli")
LOST = re.compile(r"(?:(?<=\w)[?\ufffd]|[?\ufffd](?=\w))[?\ufffd]*")
LETTERS = "[a-z]{1,3}"  # that one character of any script is folded to
MAX_LOST, MIN_LETTERS_LEFT = 4, 3
MAX_INITIALS = 2  # letters that are written as one word
LITTLE_WORDS = frozenset(["the", "a", "an", "and", "of", "in", "on", "to", "for", "or", "n"])
MIN_SHARED_LENGTH = 7  # letters of a name that is recognised at the beginning of a longer one


def max_edits(length: int) -> int:
    """Return how many spelling errors a name of this length may have."""
    return 0 if length < 5 else 1 if length < 9 else 2 if length < 18 else 3


def edit_distance(one: str, other: str) -> int | None:
    """Return by how many letters two keys differ; None if by too many, or if their numbers differ."""
    limit = max_edits(max(len(one), len(other)))
    distance = OSA.distance(one, other, score_cutoff=limit)
    if distance > limit or (distance and NUMBERS.findall(one) != NUMBERS.findall(other)):
        return None
    return distance


def similarity(one: str, other: str) -> float:
    """Return how similar two keys are, from 0 to 1."""
    return Indel.normalized_similarity(one, other)


def same_last_letter(one: str, other: str) -> bool:
    """Tell whether two titles do not differ in a single letter at the end, as "Side A" and "Side B" do."""
    ends = [words(title)[-1:] for title in (one, other)]
    letters = [end[0] for end in ends if end and len(end[0]) == 1]
    return not letters or len(set(letters)) == 1 == len(letters) - 1


def has_more_words(one: str, other: str) -> bool:
    """Tell whether one title is the other with words added, which are no spelling errors: "Thriller (Dub)"."""
    first, second = Counter(words(one)), Counter(words(other))
    more = first - second
    return bool(more) and not second - first and not LITTLE_WORDS.issuperset(more)


def nearest(key: str, others: Iterable[tuple[int, str]]) -> tuple[int, list[int]]:
    """Return the smallest edit distance from `key` to the keys of `others`, and the ids at that distance.

    No ids if all keys are too far away.
    """
    smallest, found = max_edits(len(key)) + 1, list[int]()
    for id_, other in others:
        distance = edit_distance(key, other)
        if distance is not None and distance < smallest:
            smallest, found = distance, [id_]
        elif distance == smallest:
            found.append(id_)
    return smallest, found


def similar_artists(name: str, artists: Sequence[Artist]) -> tuple[int, list[int]]:
    """Return the nearest artists as `nearest` does.

    Other initials are another person: "J.C. Bach", "J.S. Bach". One "s" more is rather a tribute band: The Iron
    Maidens.
    """
    key, own = artist_key(name), initials(name)
    keys = [(artist.id, artist.key) for artist in artists if f"{artist.key}s" != key]
    edits, found = nearest(key, keys)
    near = [artist for artist in artists if artist.id in found]
    return edits, list(
        dict.fromkeys(artist.id for artist in near if not own or initials(artist.name) in ("", own))
    )


def initials(name: str) -> str:
    """Return the letters in front of a name: "jj" for "J.J. Cale", "dj" for "DJ Shadow"; "" for most names."""
    found = takewhile(lambda word: len(word) <= MAX_INITIALS, words(name))
    return "".join(found)


def artists_with_article(key: str, artists: Sequence[Artist]) -> list[int]:
    """Return the artists whose name is `key` with an article in front: "Toten Hosen" finds "Die Toten Hosen"."""
    keys = {article + key for article in FOREIGN_ARTICLES}
    return [artist.id for artist in artists if artist.key in keys]


def artists_with_lost_letters(name: str, artists: Sequence[Artist]) -> list[int]:
    """Return the artists with other letters than ASCII's where a name has signs for lost ones: "M?tley Cr?e"."""
    pieces = ["".join(words(piece)) for piece in LOST.split(name[:MAX_READ])]
    if not 1 < len(pieces) <= MAX_LOST + 1 or len("".join(pieces)) < MIN_LETTERS_LEFT:
        return []
    keys = re.compile(LETTERS.join(pieces))
    return [artist.id for artist in artists if keys.fullmatch(artist.key) and not artist.name.isascii()]


def artists_with_same_beginning(name: str, artists: Sequence[Artist]) -> Iterator[int]:
    """Find artists with words added to this name, or left out: "Captain Beefheart & His Magic Band".

    Not those who play the music of the other: "Coldplay Tribute".
    """
    key, is_other = artist_key(name), is_other_performer(name)
    for artist in artists:
        other = artist.key
        shorter, longer, spelled = (other, key, name) if len(other) < len(key) else (key, other, artist.name)
        begins = len(shorter) >= MIN_SHARED_LENGTH and longer.startswith(shorter) and _begins(spelled, shorter)
        if begins and is_other == is_other_performer(artist.name):
            yield artist.id


def _begins(name: str, key: str) -> bool:
    """Tell whether the first words of a name have this key."""
    parts = WORDS.findall(name[:MAX_READ])
    return any(artist_key(" ".join(parts[:count])) == key for count in range(1, len(parts)))
