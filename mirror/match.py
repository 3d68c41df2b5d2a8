"""From an album as Last.fm names it to its release group: by its MBID where the names agree, else by its names.

The tiers, cheapest first, each one query for all albums that are still open:
    its MBID, unless its names lead elsewhere or its title is another one than the MBID leads to;
    its title under its artist, under the artist without guests, under each part of a joint credit;
    a title with a slip in it, under its artist;
    its MBID, if that leads to its artist under another title;
    a slip in the artist's name, beside an artist of this title;
    a slip in both, with an artist who has half a name in common;
    its title under Various Artists, since Last.fm puts every track of a compilation under the track's own artist.
An artist whose name is known is never taken for one of a similar name, only for one with more words or fewer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from mirror import candidates
from mirror.candidates import VARIOUS_ARTISTS, Candidate, Ids, Named
from mirror.database import Connection
from mirror.discography import Discography
from mirror.index import head_hash, key_hash, tail_hash
from mirror.judge import choose, is_compilation, is_live
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
    question = _answered(connection, [wanted], slips=True)[0]
    found = {candidate.id for found in question.considered.values() for candidate in found}
    releases = candidates.count_releases(connection, found) if found else {}
    question.considered = {
        method: [replace(candidate, releases=releases.get(candidate.id, 0)) for candidate in found]
        for method, found in question.considered.items()
    }
    return question


def _answered(connection: Connection, wanted: Sequence[Wanted], *, slips: bool) -> list[Question]:
    matching = _Matching(connection, wanted)
    matching.by_mbid()
    matching.by_names()
    matching.live_by_names()
    if slips:
        matching.with_slip_in_title()
        matching.by_mbid_of_another_title()
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
        self._behind: Ids = {}
        self._discographies: dict[int, Discography] = {}

    def by_mbid(self) -> None:
        """Look up what the MBIDs lead to. It counts once the names have had their say."""
        mbids = [question.wanted.mbid for question in self.questions if question.wanted.mbid]
        answers = years_by_mbid(self._connection, mbids) if mbids else {}
        leads = {answer.release_group for answer in answers.values()}
        groups = candidates.details_by_mbid(self._connection, leads) if leads else {}
        for question in self.questions:
            answer = answers.get(question.wanted.mbid) if question.wanted.mbid else None
            if answer and answer.release_group in groups:
                question.held = groups[answer.release_group], answer
        held = {question.held[0].id for question in self.questions if question.held}
        self._behind = candidates.artists_behind(self._connection, held) if held else {}

    def by_names(self) -> None:
        """The very title under the very artist: under the whole name first, then under parts of it."""
        self._artists = {key_hash(name): [VARIOUS_ARTISTS] for name in VARIOUS_NAMES}
        whole = [(question, question.artist) for question in self.questions if question.has_names]
        for question, found in self._named(whole):
            question.named = choose(question.wanted.album, found)
        unnamed = [question for question, _ in whole if not question.named and self._is_unknown(question)]
        for asked, found in self._named([(one, key) for one in unnamed for key in one.parts]):
            asked.named = asked.named or choose(asked.wanted.album, found)
        for question in self.questions:
            self._decide(question)

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
        near = {question.number: self._forgiven(question, artists) for question, artists in asked}
        self._choose(near, TITLE_NEARLY, _title_likeness)

    def by_mbid_of_another_title(self) -> None:
        """Where the artist is right and no title is near, what the MBID leads to has another name there."""
        for question in self._open():
            if question.held and self._artists_agree(question, question.held[0]):
                question.settle_by_mbid()

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
            and len(question.artist) >= HALVES
            and question.title_key != question.artist
            and not question.is_generic
        ]
        halves = [
            (question.number, head_hash(question.artist, length), tail_hash(question.artist, length))
            for question in asked
            for length in range(len(question.artist) - 1, len(question.artist) + 2)
        ]
        alike = candidates.artists_like(self._connection, halves) if halves else {}
        near = {
            question.number: near_artists(question.artist, alike.get(question.number, [])) for question in asked
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
            if not (question.match or question.is_closed or NAMES in question.considered) and question.has_names
        ]

    def _forgiven(self, question: Question, artists: Iterable[int]) -> list[int]:
        """The nearest titles; a slip of "Demo" is another word, though."""
        slips, found = self._near(question, artists)
        return [] if slips and question.is_generic else found

    def _nearly_called(self, question: Question, artists: Sequence[Named]) -> list[int]:
        near = list[int]()
        if self._is_unknown(question):
            near = without_article(question.artist, artists)
            if not near and (question.is_telling or len(question.artist) >= LONG):
                near = near_artists(question.artist, artists)[1]
        return near or ([*contained(question.wanted.artist, artists)] if question.says_enough else [])

    def _is_unknown(self, question: Question) -> bool:
        return key_hash(question.artist) not in self._artists

    def _artists_of(self, question: Question, *, but: int = 0) -> Iterable[int]:
        keys = question.parts if self._is_unknown(question) else (question.artist,)
        return dict.fromkeys(
            artist for key in keys for artist in self._artists.get(key_hash(key), ()) if artist != but
        )

    def _named(self, asked: Sequence[tuple[Question, str]]) -> Iterator[tuple[Question, list[Candidate]]]:
        """What the titles lead to under these artists' keys, in their order."""
        hashes = [key_hash(key) for _, key in asked]
        missing = set(hashes) - self._artists.keys()
        self._artists |= candidates.artists_named(self._connection, missing) if missing else {}
        artists = [(index, artist) for index, key in enumerate(hashes) for artist in self._artists.get(key, ())]
        rows = [(index, artist, asked[index][0].title) for index, artist in artists]
        found = candidates.groups_titled(self._connection, rows) if rows else {}
        known = self._details(found.values())
        for index, groups in sorted(found.items()):
            question, there = asked[index][0], [known[group] for group in groups if group in known]
            question.consider(NAMES, there)
            yield question, there

    def _decide(self, question: Question) -> None:
        """What the names lead to, unless the MBID tells between several of these, or alone leads somewhere."""
        if question.held:
            held = question.held[0]
            question.consider(MBID, [held])
            if self._is_sure(question, held):
                question.settle_by_mbid()
                return
        question.settle(question.named, NAMES)

    def _is_sure(self, question: Question, held: Candidate) -> bool:
        """Whether what an MBID leads to is what the names say, or the names say nothing against it."""
        named = {candidate.id for candidate in question.considered.get(NAMES, ())}
        if not question.has_names or held.id in named:
            return True
        if question.named or not _titles_agree(question, held):
            return False
        return not question.is_generic or self._artists_agree(question, held)

    def _artists_agree(self, question: Question, held: Candidate) -> bool:
        artists = {*self._artists_of(question)}
        return not artists.isdisjoint(self._behind.get(held.id, ())) or (
            _artist_likeness(question, held) >= AGREEING_ARTIST
        )

    def _titled(self, asked: Sequence[tuple[Question, int, int]]) -> dict[int, list[int]]:
        """The groups with a title under an artist, by the question's number."""
        rows = [(question.number, artist, title) for question, artist, title in asked]
        return candidates.groups_titled(self._connection, rows) if rows else {}

    def _details(self, found: Iterable[Sequence[int]]) -> dict[int, Candidate]:
        """All that decides between these; how many releases they have only where there are several."""
        lists = list(found)
        asked = {group for groups in lists for group in groups}
        known = candidates.details(self._connection, asked) if asked else {}
        if rivals := {group for groups in lists if len(groups) > 1 for group in groups}:
            releases = candidates.count_releases(self._connection, rivals)
            known |= {id_: replace(known[id_], releases=count) for id_, count in releases.items() if id_ in known}
        return known

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
        near = [albums.near(question.wanted.album, question.title_key, question.artist) for albums in read]
        fewest = min((slips for slips, found in near if found), default=MOST_SLIPS)
        return fewest, list(dict.fromkeys(id_ for slips, found in near if slips == fewest for id_ in found))

    def _choose(
        self,
        groups: dict[int, list[int]],
        method: str,
        score: Callable[[Question, Candidate], float],
        may_be: Callable[[Candidate], bool] = lambda candidate: True,
    ) -> None:
        known = self._details(groups.values())
        for number, found in groups.items():
            question = self.questions[number]
            possible = [known[group] for group in dict.fromkeys(found) if group in known and may_be(known[group])]
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
