"""Names that are nearly the same: a slip of the finger, words more or less, an article left out.

Rules without a database. Every doubt is a no.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz.distance import OSA, Indel

from mirror.candidates import Named
from mirror.names import artist_key

NUMBERS = re.compile(r"\d+")
WORDS = re.compile(r"[^\s/&,;+]+")
ARTICLES = ("die", "der", "das", "los", "las", "les", "la", "le", "el", "os", "as", "il", "i", "gli")
CONTAINED = 7  # letters that a name needs to be recognised within a longer one


def edits(one: str, other: str) -> int | None:
    """How many letters two keys differ by; None when these are more than slips, or when numbers in them differ."""
    most = _forgiven(max(len(one), len(other)))
    distance = OSA.distance(one, other, score_cutoff=most)
    if distance > most or (distance and NUMBERS.findall(one) != NUMBERS.findall(other)):
        return None
    return distance


def likeness(one: str, other: str) -> float:
    """How alike two keys are, from 0 to 1."""
    return Indel.normalized_similarity(one, other)


def same_last_letter(one: str, other: str) -> bool:
    """Whether two titles do not differ in a letter that stands alone at the end, as "Side A" and "Side B" do."""
    ends = [title.split()[-1:] for title in (one, other)]
    letters = [end[0].casefold() for end in ends if end and len(end[0]) == 1]
    return not letters or len(set(letters)) == 1 == len(letters) - 1


def nearest(key: str, others: Iterable[tuple[int, str]]) -> tuple[int, list[int]]:
    """By how few letters any of these keys differs from one, and the ids of those that do; none if by too many."""
    fewest, found = _forgiven(len(key)) + 1, list[int]()
    for id_, other in others:
        distance = edits(key, other)
        if distance is not None and distance < fewest:
            fewest, found = distance, [id_]
        elif distance == fewest:
            found.append(id_)
    return fewest, found


def near_artists(key: str, artists: Sequence[Named]) -> tuple[int, list[int]]:
    """Whose name differs by a slip. One letter "s" more is a tribute band rather: The Iron Maidens."""
    names = [(artist.id, artist.as_artist) for artist in artists if f"{artist.as_artist}s" != key]
    slips, found = nearest(key, names)
    return slips, list(dict.fromkeys(found))


def without_article(key: str, artists: Sequence[Named]) -> list[int]:
    """Who is called so but for an article: "Toten Hosen"."""
    names = {article + key for article in ARTICLES}
    return [artist.id for artist in artists if artist.as_artist in names]


def contained(name: str, artists: Sequence[Named]) -> Iterator[int]:
    """Who is called so and has words behind it, or the other way round: "Captain Beefheart & His Magic Band"."""
    key = artist_key(name)
    for artist in artists:
        other = artist.as_artist
        shorter, longer, spelled = (other, key, name) if len(other) < len(key) else (key, other, artist.name)
        if len(shorter) >= CONTAINED and longer.startswith(shorter) and _begins(spelled, shorter):
            yield artist.id


def _begins(name: str, key: str) -> bool:
    """Whether the first words of a name have this key."""
    words = WORDS.findall(name)
    return any(artist_key(" ".join(words[:count])) == key for count in range(1, len(words)))


def _forgiven(length: int) -> int:
    """How many slips a name of this length may have."""
    return 0 if length < 5 else 1 if length < 9 else 2 if length < 18 else 3
