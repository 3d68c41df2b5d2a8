"""From an album as Last.fm names it to its release group: by its MBID where the names agree, else by its names.

The tiers, cheapest first, each one query for all albums that are still open:
    its MBID, unless its names lead elsewhere, or neither artist nor title agree with what the MBID leads to;
    its title under its artist, under the artist without guests, under each part of a joint credit;
    a title with a slip in it, under its artist;
    a slip in the artist's name, beside an artist of this title;
    a slip in both, with an artist who has half a name in common;
    its title under Various Artists, since Last.fm puts every track of a compilation under the track's own artist.
An artist whose name is known is never taken for another one.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from mirror import candidates
from mirror.candidates import VARIOUS_ARTISTS, Candidate, Ids, Named
from mirror.database import Connection
from mirror.discography import Discography
from mirror.index import head_hash, key_hash, tail_hash
from mirror.judge import GENERIC, choose, is_compilation, is_live
from mirror.likeness import contained, likeness, near_artists, without_article
from mirror.lookup import years_by_mbid
from mirror.names import artist_key, title_key
from mirror.question import (
    ARTIST_NEARLY,
    BOTH_NEARLY,
    MBID,
    NAMES,
    TITLE_NEARLY,
    VARIOUS,
    Match,
    Question,
    Wanted,
)

AGREEING_TITLE, AGREEING_ARTIST = 0.6, 0.7  # likeness from which on names do not speak against an MBID
LONG = 8  # letters of an artist's name that say something beside a title that does not
HALVES = 7  # letters that an artist's name needs for its halves to tell something
MOST_SLIPS = 3  # in artist and title together
VARIOUS_SCORE = 0.9
LIVE = re.compile(
    r" *[(\[](?:live|in concert|en vivo|ao vivo|en directo|en concert|dal vivo)[)\]] *$", re.IGNORECASE
)
VARIOUS_NAMES = frozenset(map(artist_key, ["Various Artists", "Various Artist", "Various", "V/A", "V.A."]))


def match(connection: Connection, wanted: Sequence[Wanted], *, slips: bool = True) -> list[Match | None]:
    """A release group with a year for each album, in their order; None where nothing is surely meant.

    Without `slips` only by MBID and by the very names, which is fast enough to be done beside something else.
    """
    return [question.match for question in _answered(connection, wanted, slips=slips)]


def search(connection: Connection, wanted: Wanted) -> Question:
    """The same for one album, with all that was considered on the way."""
    return _answered(connection, [wanted], slips=True)[0]


def _answered(connection: Connection, wanted: Sequence[Wanted], *, slips: bool) -> list[Question]:
    matching = _Matching(connection, wanted)
    matching.by_mbid()
    matching.by_names()
    matching.live_by_names()
    if slips:
        matching.with_slip_in_title()
        matching.with_slip_in_artist()
        matching.with_slips_in_both()
        matching.under_various_artists()
    return matching.questions


class _Matching:
    """The tiers, to be gone through in the order of this class."""

    def __init__(self, connection: Connection, wanted: Sequence[Wanted]) -> None:
        self._connection = connection
        self.questions = [Question(number, album) for number, album in enumerate(wanted)]
        self._artists: Ids = {}
        self._discographies: dict[int, Discography] = {}

    def by_mbid(self) -> None:
        """Look up what the MBIDs lead to. It counts once the names have had their say."""
        answers = years_by_mbid(self._connection, [q.wanted.mbid for q in self.questions if q.wanted.mbid])
        dated = {answer.release_group for answer in answers.values() if answer.year}
        groups = candidates.details_by_mbid(self._connection, dated) if dated else {}
        for question in self.questions:
            answer = answers.get(question.wanted.mbid) if question.wanted.mbid else None
            if answer and answer.release_group in groups:
                question.held = groups[answer.release_group], answer

    def by_names(self) -> None:
        """The very title under the very artist."""
        names = {key for question in self.questions if question.has_names for key in question.artists}
        self._artists = candidates.artists_named(self._connection, names)
        self._artists |= {key_hash(name): [VARIOUS_ARTISTS] for name in VARIOUS_NAMES}
        asked = [
            (question, rank, artist)
            for question in self.questions
            for rank, key in enumerate(question.artists)
            for artist in self._artists.get(key, ())
        ]
        rows = [(index, artist, question.title) for index, (question, _, artist) in enumerate(asked)]
        found = candidates.groups_titled(self._connection, rows) if rows else {}
        known = self._details(group for groups in found.values() for group in groups)
        by_rank: dict[tuple[int, int], list[Candidate]] = {}
        for index, (question, rank, _) in enumerate(asked):
            by_rank.setdefault((question.number, rank), []).extend(known[group] for group in found.get(index, ()))
        behind = self._behind()
        for question in self.questions:
            ranked = [by_rank.get((question.number, rank), []) for rank in range(len(question.artists))]
            self._decide(question, ranked, behind)

    def live_by_names(self) -> None:
        """The same for a title with "(Live)" behind it, which MusicBrainz tells by the kind of album instead."""
        titles = {question: LIVE.sub("", question.wanted.album) for question in self._open()}
        asked = [
            (question, artist, key_hash(title_key(title)))
            for question, title in titles.items()
            if title != question.wanted.album
            for artist in self._artists_of(question)
        ]
        self._choose(self._titled(asked), NAMES, _certain, may_be=is_live)

    def with_slip_in_title(self) -> None:
        """The artist is known; which of his titles is nearly this one?"""
        asked = [(question, [*self._artists_of(question, but=VARIOUS_ARTISTS)]) for question in self._open()]
        self._read(artist for _, artists in asked for artist in artists)
        near = {question.number: self._near(question, artists)[1] for question, artists in asked}
        self._choose(near, TITLE_NEARLY, _title_likeness)

    def with_slip_in_artist(self) -> None:
        """Who has this title and is called nearly so, or with more or fewer words where the title says enough?"""
        asked = [question for question in self._open() if self._is_unknown(question) or question.is_telling]
        titles = {question.title for question in asked}
        artists = candidates.artists_titled(self._connection, titles) if titles else {}
        pairs = [
            (question, artist, question.title)
            for question in asked
            for artist in self._nearly_called(question, artists.get(question.title, []))
        ]
        self._choose(self._titled(pairs), ARTIST_NEARLY, _artist_likeness)

    def with_slips_in_both(self) -> None:
        """Neither is known; who shares half the artist's name, and has nearly this title?"""
        asked = [
            question
            for question in self._open()
            if self._is_unknown(question)
            and len(question.artist_keys[0]) >= HALVES
            and question.title_key != question.artist_keys[0]
        ]
        halves = [
            (question.number, head_hash(key, length), tail_hash(key, length))
            for question in asked
            for key in question.artist_keys[:1]
            for length in (len(key) - 1, len(key), len(key) + 1)
        ]
        alike = candidates.artists_like(self._connection, halves) if halves else {}
        near = {
            question.number: near_artists(question.artist_keys[0], alike.get(question.number, []))
            for question in asked
        }
        self._read(artist for _, artists in near.values() for artist in artists)
        groups = {}
        for question in asked:
            slips, artists = near[question.number]
            more, found = self._near(question, artists)
            groups[question.number] = found if slips + more <= MOST_SLIPS else []
        self._choose(groups, BOTH_NEARLY, lambda *both: _title_likeness(*both) * _artist_likeness(*both))

    def under_various_artists(self) -> None:
        """A title that can only be one compilation's, whoever plays on it."""
        asked = [question for question in self._open() if question.is_telling]
        found = self._titled([(question, VARIOUS_ARTISTS, question.title) for question in asked])
        self._choose(found, VARIOUS, lambda question, found: VARIOUS_SCORE, may_be=is_compilation)

    def _open(self) -> list[Question]:
        """What is still to be found. Where the very names lead somewhere, a slip shall not lead elsewhere."""
        return [
            question
            for question in self.questions
            if question.match is None and question.has_names and NAMES not in question.considered
        ]

    def _nearly_called(self, question: Question, artists: Sequence[Named]) -> list[int]:
        near = list[int]()
        if self._is_unknown(question):
            near = without_article(question.artist_keys[0], artists)
            if not near and (question.is_telling or len(question.artist_keys[0]) >= LONG):
                near = near_artists(question.artist_keys[0], artists)[1]
        return near or ([*contained(question.artist_keys[0], artists)] if question.says_enough else [])

    def _is_unknown(self, question: Question) -> bool:
        return not self._artists.get(question.artists[0])

    def _artists_of(self, question: Question, *, but: int = 0) -> Iterable[int]:
        return dict.fromkeys(
            artist for key in question.artists for artist in self._artists.get(key, ()) if artist != but
        )

    def _decide(self, question: Question, ranked: Sequence[Sequence[Candidate]], behind: Ids) -> None:
        """What the names lead to, unless the MBID tells between several of these, or alone leads somewhere."""
        chosen = (self._of_rank(question, rank, found) for rank, found in enumerate(ranked))
        named = next(filter(None, chosen), None)
        if question.held:
            question.consider(MBID, question.held[:1])
        if question.held and self._is_trusted(question, question.held[0], named, ranked, behind):
            question.settle_by_mbid()
        else:
            question.settle(named, NAMES)

    def _is_trusted(
        self,
        question: Question,
        held: Candidate,
        named: Candidate | None,
        ranked: Sequence[Sequence[Candidate]],
        behind: Ids,
    ) -> bool:
        if not question.has_names or any(held in found for found in ranked):
            return True
        artists = {*self._artists_of(question)}
        return named is None and (
            not artists.isdisjoint(behind.get(held.id, ()))
            or _artist_likeness(question, held) >= AGREEING_ARTIST
            or (_titles_agree(question, held) and question.title_key not in GENERIC)
        )

    def _of_rank(self, question: Question, rank: int, found: Sequence[Candidate]) -> Candidate | None:
        """What the whole name or a part of it leads to. "Greatest Hits" of both are not those of one of them."""
        if rank and question.title_key in GENERIC:
            return None
        question.consider(NAMES, found)
        return choose(question.wanted.album, found)

    def _behind(self) -> Ids:
        held = {question.held[0].id for question in self.questions if question.held}
        return candidates.artists_behind(self._connection, held) if held else {}

    def _titled(self, asked: Sequence[tuple[Question, int, int]]) -> dict[int, list[int]]:
        """The groups with a title under an artist, by the question's number."""
        rows = [(question.number, artist, title) for question, artist, title in asked]
        return candidates.groups_titled(self._connection, rows) if rows else {}

    def _details(self, groups: Iterable[int]) -> dict[int, Candidate]:
        asked = set(groups)
        return candidates.details(self._connection, asked) if asked else {}

    def _read(self, artists: Iterable[int]) -> None:
        missing = set(artists) - self._discographies.keys()
        if missing:
            names = candidates.artists_by_id(self._connection, missing)
            albums = candidates.albums_of(self._connection, missing)
            for artist, name in names.items():
                self._discographies[artist] = Discography(name, albums.get(artist, ()))

    def _near(self, question: Question, artists: Iterable[int]) -> tuple[int, list[int]]:
        """The nearest of all these artists' albums."""
        read = [self._discographies[artist] for artist in artists if artist in self._discographies]
        near = [albums.near(question.wanted.album, question.title_key, question.artist_keys[0]) for albums in read]
        fewest = min((slips for slips, found in near if found), default=MOST_SLIPS)
        return fewest, list(dict.fromkeys(id_ for slips, found in near if slips == fewest for id_ in found))

    def _choose(
        self,
        groups: dict[int, list[int]],
        method: str,
        score: Callable[[Question, Candidate], float],
        may_be: Callable[[Candidate], bool] = lambda candidate: True,
    ) -> None:
        known = self._details(group for found in groups.values() for group in found)
        for number, found in groups.items():
            question = self.questions[number]
            possible = [known[group] for group in found if may_be(known[group])]
            question.consider(method, possible)
            candidate = choose(question.wanted.album, possible)
            if candidate:
                question.settle(candidate, method, round(score(question, candidate), 3))


def _certain(question: Question, found: Candidate) -> float:
    return 1.0


def _title_likeness(question: Question, found: Candidate) -> float:
    return likeness(question.title_key, title_key(found.title))


def _artist_likeness(question: Question, found: Candidate) -> float:
    return max(likeness(key, artist_key(found.credit)) for key in question.artist_keys)


def _titles_agree(question: Question, held: Candidate) -> bool:
    key = title_key(held.title)
    shorter, longer = sorted([key, question.title_key], key=len)
    return likeness(key, question.title_key) >= AGREEING_TITLE or (len(shorter) > 3 and shorter in longer)
