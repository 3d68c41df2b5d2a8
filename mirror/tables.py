"""The tables of MusicBrainz: which of them, and which of their columns, a mirror keeps and why."""

from dataclasses import dataclass

# The column lists below are those of these schema sequences; another one may mean other columns.
KNOWN_SCHEMAS = frozenset({31})


@dataclass(frozen=True)
class Table:
    """A table as MusicBrainz dumps it, and the columns we take out of it."""

    name: str
    dumped: tuple[str, ...]
    kept: tuple[str, ...]
    why: str

    @property
    def positions(self) -> tuple[int, ...]:
        """Where the kept columns stand in a dumped row."""
        return tuple(map(self.dumped.index, self.kept))


def _table(name: str, *, dumped: str, kept: str, why: str) -> Table:
    return Table(name, tuple(dumped.split()), tuple(kept.split()), why)


def _redirect(name: str, why: str) -> Table:
    return _table(name, dumped="gid new_id created", kept="gid new_id", why=why)


ALIAS = """name locale edits_pending last_updated type sort_name begin_date_year begin_date_month begin_date_day
    end_date_year end_date_month end_date_day primary_for_locale ended"""

ALBUMS = (
    _table(
        "artist",
        dumped="""id gid name sort_name begin_date_year begin_date_month begin_date_day end_date_year
            end_date_month end_date_day type area gender comment edits_pending last_updated ended
            begin_area end_area""",
        kept="id name",
        why="who is behind a credit",
    ),
    _table(
        "artist_alias",
        dumped=f"id artist {ALIAS}",
        kept="id artist name",
        why="what else an artist is called, in other scripts for one",
    ),
    _table(
        "artist_credit",
        dumped="id name artist_count ref_count created edits_pending gid",
        kept="id name",
        why="the artist as printed on a release group",
    ),
    _table(
        "artist_credit_name",
        dumped="artist_credit position artist name join_phrase",
        kept="artist_credit position artist",
        why="leads from an artist to the credits it takes part in",
    ),
    _table(
        "release",
        dumped="""id gid name artist_credit release_group status packaging language script barcode comment
            edits_pending quality last_updated""",
        kept="id gid name artist_credit release_group status",
        why="Last.fm's album MBIDs are releases; a Cancelled one (status 6) gives no year",
    ),
    _table(
        "release_alias",
        dumped=f"id release {ALIAS}",
        kept="id release name",
        why="what else an edition of an album is called",
    ),
    _table(
        "release_country",
        dumped="release country date_year date_month date_day",
        kept="release country date_year date_month date_day",
        why="release dates; the country is part of the key",
    ),
    _redirect("release_gid_redirect", why="MBIDs of merged releases stay good"),
    _table(
        "release_group",
        dumped="id gid name artist_credit type comment edits_pending last_updated",
        kept="id gid name artist_credit type comment",
        why="the album that a year belongs to; the comment tells albums of one title apart: Weezer (Blue Album)",
    ),
    _table(
        "release_group_alias",
        dumped=f"id release_group {ALIAS}",
        kept="id release_group name",
        why="what else an album is called",
    ),
    _redirect("release_group_gid_redirect", why="MBIDs of merged release groups stay good"),
    _table(
        "release_group_secondary_type_join",
        dumped="release_group secondary_type created",
        kept="release_group secondary_type",
        why="tells an album from its live versions and compilations when only the name is known",
    ),
    _table(
        "release_unknown_country",
        dumped="release date_year date_month date_day",
        kept="release date_year date_month date_day",
        why="release dates without a country",
    ),
)

RECORDINGS = (
    _table(
        "medium",
        dumped="id release position format name edits_pending last_updated track_count gid",
        kept="id release",
        why="leads from a track to the release that it is on",
    ),
    _table(
        "recording",
        dumped="id gid name artist_credit length comment edits_pending last_updated video",
        kept="id gid name artist_credit",
        why="the song of a play, by MBID and by name",
    ),
    _redirect("recording_gid_redirect", why="MBIDs of merged recordings stay good"),
    # Without the MBIDs of tracks, and so without track_gid_redirect: nobody asks by them, and they take 3 GB.
    _table(
        "track",
        dumped="""id gid recording medium position number name artist_credit length edits_pending last_updated
            is_data_track""",
        kept="id recording medium",
        why="on which mediums a recording is: its first release is the first of theirs",
    ),
)

PROFILES = {"albums": ALBUMS, "recordings": (*ALBUMS, *RECORDINGS)}

# The disk that a profile takes while it is built, as a multiple of the compressed archive: 7.0 GB in 2026.
ROOM = {"albums": 0.95, "recordings": 3.3}
