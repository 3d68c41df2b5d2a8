"""The tables of MusicBrainz that a mirror keeps, which of their columns, and why."""

from dataclasses import dataclass

# The schema sequences that the column lists below are valid for.
KNOWN_SCHEMAS = frozenset({31})


@dataclass(frozen=True)
class Table:
    """A table as MusicBrainz dumps it, the columns that we keep, and those of its primary key at MusicBrainz."""

    name: str
    dumped: tuple[str, ...]
    kept: tuple[str, ...]
    key: tuple[str, ...]
    why: str

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the kept columns in a dumped row."""
        return tuple(map(self.dumped.index, self.kept))


def _table(name: str, *, dumped: str, kept: str, why: str, key: str = "id") -> Table:
    return Table(name, tuple(dumped.split()), tuple(kept.split()), tuple(key.split()), why)


def _redirect(name: str, why: str) -> Table:
    return _table(name, dumped="gid new_id created", kept="gid new_id", key="gid", why=why)


ALIAS = """name locale edits_pending last_updated type sort_name begin_date_year begin_date_month begin_date_day
    end_date_year end_date_month end_date_day primary_for_locale ended"""

ALBUM_TABLES = (
    _table(
        "artist",
        dumped="""id gid name sort_name begin_date_year begin_date_month begin_date_day end_date_year
            end_date_month end_date_day type area gender comment edits_pending last_updated ended
            begin_area end_area""",
        kept="id name",
        why="the artists of a credit",
    ),
    _table(
        "artist_alias",
        dumped=f"id artist {ALIAS}",
        kept="id artist name",
        why="other names of an artist, in other scripts for example",
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
        key="artist_credit position",
        why="from an artist to the credits that name it",
    ),
    _table(
        "release",
        dumped="""id gid name artist_credit release_group status packaging language script barcode comment
            edits_pending quality last_updated""",
        kept="id gid name release_group status",
        why="Last.fm's album MBIDs are releases; a Cancelled one (status 6) gives no year",
    ),
    _table(
        "release_alias",
        dumped=f"id release {ALIAS}",
        kept="id release name",
        why="other titles of an edition of an album",
    ),
    _table(
        "release_country",
        dumped="release country date_year date_month date_day",
        kept="release country date_year date_month date_day",
        key="release country",
        why="release dates; the country is part of the key",
    ),
    _redirect("release_gid_redirect", why="MBIDs of merged releases stay valid"),
    _table(
        "release_group",
        dumped="id gid name artist_credit type comment edits_pending last_updated",
        kept="id gid name artist_credit type comment",
        why="the albums that get a year; the comment distinguishes albums of the same title: Weezer (Blue Album)",
    ),
    _table(
        "release_group_alias",
        dumped=f"id release_group {ALIAS}",
        kept="id release_group name",
        why="other titles of an album",
    ),
    _redirect("release_group_gid_redirect", why="MBIDs of merged release groups stay valid"),
    _table(
        "release_group_secondary_type_join",
        dumped="release_group secondary_type created",
        kept="release_group secondary_type",
        key="release_group secondary_type",
        why="distinguishes albums from live albums and compilations of the same title",
    ),
    _table(
        "release_unknown_country",
        dumped="release date_year date_month date_day",
        kept="release date_year date_month date_day",
        key="release",
        why="release dates without a country",
    ),
)

RECORDING_TABLES = (
    _table(
        "medium",
        dumped="id release position format name edits_pending last_updated track_count gid",
        kept="id release",
        why="from a track to its release",
    ),
    _table(
        "recording",
        dumped="id gid name artist_credit length comment edits_pending last_updated video",
        kept="id gid name artist_credit",
        why="the songs that are scrobbled, by MBID and by name",
    ),
    _redirect("recording_gid_redirect", why="MBIDs of merged recordings stay valid"),
    # Without the MBIDs of tracks, and so without track_gid_redirect: no query uses them, and they take 3 GB.
    _table(
        "track",
        dumped="""id gid recording medium position number name artist_credit length edits_pending last_updated
            is_data_track""",
        kept="id recording medium",
        why="the mediums of a recording: its first release is the first of theirs",
    ),
)

DEFAULT_PROFILE = "albums"
PROFILES = {"albums": ALBUM_TABLES, "recordings": (*ALBUM_TABLES, *RECORDING_TABLES)}

# The disk space that an import of a profile takes, as a multiple of the compressed archive (7.0 GB in 2026).
DISK_FACTORS = {"albums": 0.95, "recordings": 3.3}
