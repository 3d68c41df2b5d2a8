"""From an album as Last.fm names it to its release group: by its MBID where the names agree, else by its names.

The tiers (tiers.py) find release groups, one after another; after each it is decided (decision.py) what is taken.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mirror.database import Connection
from mirror.matching.album_reader import AlbumReader
from mirror.matching.decision import Considered, Decision, MbidResult, decide
from mirror.matching.query import AlbumName, Placement, Query
from mirror.matching.tiers import EXACT_TIERS, TIERS, Tier


@dataclass(frozen=True)
class Trail:
    """A query, everything that was considered for it, and how it ended."""

    query: Query
    mbid: MbidResult | None
    knows_artist: bool
    """Whether anybody has the artist's name or a part of it."""
    considered: Sequence[Considered]
    decision: Decision | None

    @property
    def placement(self) -> Placement | None:
        """The placement, if one was found."""
        return self.decision.placement if self.decision else None


def match(connection: Connection, albums: Sequence[AlbumName], *, fuzzy: bool = True) -> list[Placement | None]:
    """Place each album; None where nothing is certain enough.

    Without `fuzzy`, only by MBID and by exact names, which is fast enough to be done along with something else.
    """
    return [trail.placement for trail in run_tiers(connection, albums, TIERS if fuzzy else EXACT_TIERS)]


def run_tiers(connection: Connection, albums: Sequence[AlbumName], tiers: Sequence[Tier] = TIERS) -> list[Trail]:
    """Ask one tier after another for the albums that the ones before it have left open."""
    reader, queries = AlbumReader(connection), [Query.of(number, album) for number, album in enumerate(albums)]
    reader.read_artists([query for query in queries if query.has_names])
    mbids = reader.albums_by_mbid(queries)
    considered, decisions = defaultdict[int, list[Considered]](list), dict[int, Decision]()
    for tier in tiers:
        open_queries = [query for query in queries if query.number not in decisions]
        found = _find(tier, reader, [query for query in open_queries if query.has_names])
        for query in open_queries:
            of_tier = found.get(query.number, [])
            considered[query.number] += of_tier
            if decision := decide(query, tier.method, of_tier, mbids.get(query.number), tier.score):
                decisions[query.number] = decision
    return [
        Trail(
            query, mbids.get(number), any(reader.artists_by_name(query)), considered[number], decisions.get(number)
        )
        for number, query in enumerate(queries)
    ]


def _find(tier: Tier, reader: AlbumReader, queries: Sequence[Query]) -> dict[int, list[Considered]]:
    """Return what a tier leads to, by the number of the query."""
    found = tier.find(reader, queries)
    known = reader.details(groups.ids for all_ in found.values() for groups in all_)
    return {
        number: [
            Considered(
                tier.method,
                [known[id_] for id_ in dict.fromkeys(groups.ids) if id_ in known and tier.may_be(known[id_])],
                groups.rest,
            )
            for groups in all_
        ]
        for number, all_ in found.items()
    }
