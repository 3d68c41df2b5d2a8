"""Shows which candidates matching considers for an album, and which one it takes."""

from collections.abc import Iterator
from dataclasses import replace

from mirror.database import Connection
from mirror.derived.names import edition
from mirror.matching import candidates
from mirror.matching.candidates import Candidate
from mirror.matching.decision import Considered
from mirror.matching.match import Trail, run_tiers
from mirror.matching.query import BY_MBID, AlbumName, Placement
from mirror.matching.reasons import why_not
from mirror.release_types import PRIMARY_TYPES, SECONDARY_TYPES


def search(connection: Connection, album: AlbumName) -> Trail:
    """Place one album, and keep everything that was considered, with its number of releases."""
    [trail] = run_tiers(connection, [album])
    by_mbid = [Considered(BY_MBID, [trail.mbid.candidate])] if trail.mbid else []
    considered = [one for one in [*by_mbid, *trail.considered] if one.candidates]
    releases = candidates.count_releases(
        connection, {candidate.id for one in considered for candidate in one.candidates}
    )
    return replace(trail, considered=[_counted(one, releases) for one in considered])


def describe(trail: Trail) -> Iterator[str]:
    """Yield lines that tell what was searched for, what each method has led to, and what was taken."""
    query, placement = trail.query, trail.placement
    edition_words = edition(query.album.title)
    others = [key for key in query.fallback_artist_keys if key != query.artist_key]
    yield f"artist asked for   {query.artist_key}"
    if others:
        yield f"if nobody has it   {', '.join(others)}"
    yield f"title asked for    {query.title_key}{f' ({edition_words})' if edition_words else ''}"
    for one in trail.considered:
        peeled = f", {one.rest.title}, without {', '.join(one.rest.peeled)}" if one.rest else ""
        yield f"by {one.method}{peeled}:"
        yield from (f"  {_line(candidate, placement)}" for candidate in one.candidates)
    if placement:
        yield f"taken: {placement.title} by {placement.credit}, {placement.year}: {_how(placement)}"
    else:
        yield f"not taken: {why_not(trail).sentence}"


def _counted(considered: Considered, releases: dict[int, int]) -> Considered:
    counted = [replace(one, releases=releases.get(one.id, 0)) for one in considered.candidates]
    return replace(considered, candidates=counted)


def _line(candidate: Candidate, taken: Placement | None) -> str:
    is_taken = taken and taken.release_group == candidate.release_group
    types = [
        PRIMARY_TYPES.get(candidate.type or 0, "unknown type"),
        *(SECONDARY_TYPES.get(number, "unknown type") for number in candidate.secondary_types),
    ]
    releases = f"{candidate.releases} release{'s' if candidate.releases != 1 else ''}"
    return (
        f"{'*' if is_taken else ' '} {candidate.year or '????'}  {candidate.credit} - {candidate.title}"
        f"  ({' + '.join(types)}, {releases}, {candidate.release_group})"
    )


def _how(taken: Placement) -> str:
    return f"{taken.method}, {taken.score:.0%} alike"
