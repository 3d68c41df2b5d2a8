"""The demo's music as rows of MusicBrainz's tables, and as an export of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from demo.musicbrainz.catalogue import CatalogueAlbum, Credit, Release, ReleaseStatus, albums, invented_mbid
from demo.musicbrainz.export_writer import TableRow, publish_export
from mirror.release_types import PRIMARY_TYPES, SECONDARY_TYPES
from mirror.tables import KNOWN_SCHEMAS, PROFILES

EXPORT_STAMP = "20261104-002025"
SCHEMA_SEQUENCE = max(KNOWN_SCHEMAS)
REPLICATION_SEQUENCE = 190_000

_LIFE_SPAN = tuple(f"{end}_date_{part}" for end in ("begin", "end") for part in ("year", "month", "day"))
_REDIRECTED = ("artist", "artist_credit", "medium", "track")
STATUSES = {status.value: status.name.replace("_", "-").title() for status in ReleaseStatus}
_NAMES_BY_ID = {
    "artist_alias_type": {1: "Artist name", 2: "Legal name", 3: "Search hint"},
    "artist_type": {1: "Person", 2: "Group", 3: "Other", 4: "Character", 5: "Orchestra", 6: "Choir"},
    "release_alias_type": {1: "Release name", 2: "Search hint"},
    "release_group_alias_type": {1: "Release group name", 2: "Search hint"},
    "release_group_primary_type": PRIMARY_TYPES,
    "release_group_secondary_type": SECONDARY_TYPES,
    "release_status": STATUSES,
}

# The columns of every table that we write or change, in the order of the archive.
COLUMNS: dict[str, tuple[str, ...]] = {
    **{table.name: table.dumped for table in PROFILES["recordings"]},
    **dict.fromkeys(_NAMES_BY_ID, ("id", "name", "parent", "child_order", "description", "gid")),
    **{f"{table}_gid_redirect": ("gid", "new_id", "created") for table in _REDIRECTED},
    "area": ("id", "gid", "name", "type", "edits_pending", "last_updated", *_LIFE_SPAN, "ended", "comment"),
    "country_area": ("area",),
    "replication_control": (
        "id",
        "current_schema_sequence",
        "current_replication_sequence",
        "last_replication_date",
    ),
}

# Defaults of columns; the others are NULL.
_ENTERED = datetime(2012, 5, 15, 18, 57, 13, 252186, tzinfo=UTC)
_DEFAULTS: dict[str, object] = {
    "child_order": 0,
    "comment": "",
    "created": _ENTERED,
    "edits_pending": 0,
    "ended": False,
    "is_data_track": False,
    "last_updated": _ENTERED,
    "primary_for_locale": False,
    "quality": -1,
    "ref_count": 1,
    "video": False,
}

# The only artists whose ids and MBIDs have a meaning at MusicBrainz.
SPECIAL_ARTISTS = {
    "Various Artists": UUID("89ad4ac3-39f7-470e-963a-56509c546377"),
    "Deleted Artist": UUID("c06aa285-520e-40c0-b776-83d2c9e8a6d1"),
}
_AREAS = (
    "AU Australia, BE Belgium, BR Brazil, CA Canada, CH Switzerland, DE Germany, EG Egypt, ES Spain, FI Finland, "
    "FR France, GB United Kingdom, IE Ireland, IS Iceland, IT Italy, JM Jamaica, JP Japan, KR South Korea, "
    "MX Mexico, NG Nigeria, NO Norway, NZ New Zealand, PR Puerto Rico, RU Russia, SE Sweden, SU Soviet Union, "
    "US United States, XE Europe, XW [Worldwide]"
)
AREAS = {code: name for code, _, name in (area.partition(" ") for area in _AREAS.split(", "))}


def write_demo_export(folder: Path) -> Path:
    """Write the catalogue as the newest export into a folder that serves as `.../fullexport/`.

    Return the export's own folder in it. Its bytes are the same every time.
    """
    timestamp = datetime.strptime(EXPORT_STAMP, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    control = (1, SCHEMA_SEQUENCE, REPLICATION_SEQUENCE, timestamp)
    return publish_export(
        folder,
        {**rows_by_table(albums()), "replication_control": [control]},
        timestamp=timestamp,
        replication_sequence=REPLICATION_SEQUENCE,
        schema_sequence=SCHEMA_SEQUENCE,
    )


def rows_by_table(music: Iterable[CatalogueAlbum]) -> Mapping[str, list[TableRow]]:
    """Return the rows that MusicBrainz would have for these albums, by table."""
    export = _Export()
    for album in music:
        export.add_album(album)
    return export.rows


class _Export:
    """Rows by table. An id is a row's place in its table, unless it has a meaning at MusicBrainz."""

    def __init__(self) -> None:
        self.rows: defaultdict[str, list[TableRow]] = defaultdict(list)
        self._artists: dict[str, int] = {}
        self._credits: dict[tuple[Credit, ...], int] = {}
        for table, names in _NAMES_BY_ID.items():
            for number, name in names.items():
                self._add(table, id=number, name=name, gid=invented_mbid(table, name))
        self._areas = {code: self._add_area(code, name) for code, name in AREAS.items()}
        for name, gid in SPECIAL_ARTISTS.items():
            self._artists[name] = self._add("artist", gid=gid, name=name, sort_name=name, type=3)

    def _add(self, table: str, **values: object) -> int:
        number = len(self.rows[table]) + 1
        row = {**dict.fromkeys(COLUMNS[table]), **_DEFAULTS, "id": number, **values}
        self.rows[table].append([row[column] for column in COLUMNS[table]])
        return number

    def _add_area(self, code: str, name: str) -> int:
        area = self._add("area", gid=invented_mbid("area", code), name=name, type=1)
        self._add("country_area", area=area)
        return area

    def add_album(self, album: CatalogueAlbum) -> None:
        """Add an album with its artists, releases and recordings."""
        credit = self._credit(album.artist, album.credits)
        self._add_artist_aliases(album)
        group = self._add_group(album, credit)
        recordings = [
            self._add(
                "recording",
                gid=invented_mbid("recording", str(album.group_mbid), str(position)),
                name=name,
                artist_credit=credit,
            )
            for position, name in enumerate(album.tracks, 1)
        ]
        for release in album.releases:
            number = self._add_release(release, group, credit)
            self._add_medium(release, number, credit, dict(zip(recordings, album.tracks, strict=True)))
        if len(album.titles) > 1:
            self._add_alias("release", number, album.titles[-1])

    def _credit(self, name: str, artists: tuple[Credit, ...]) -> int:
        if artists not in self._credits:
            credit = self._add(
                "artist_credit", name=name, artist_count=len(artists), gid=invented_mbid("credit", name)
            )
            for position, artist in enumerate(artists):
                self._add(
                    "artist_credit_name",
                    artist_credit=credit,
                    position=position,
                    artist=self._artist(artist.artist),
                    name=artist.name,
                    join_phrase=artist.join_phrase,
                )
            self._credits[artists] = credit
        return self._credits[artists]

    def _artist(self, name: str) -> int:
        if name not in self._artists:
            self._artists[name] = self._add(
                "artist", gid=invented_mbid("artist", name), name=name, sort_name=_sort_name(name)
            )
        return self._artists[name]

    def _add_artist_aliases(self, album: CatalogueAlbum) -> None:
        """Add the other names of the album's first artist, and the MBID of an entry that was merged into it."""
        name = album.credits[0].artist
        artist = self._artist(name)
        for alias in album.aliases:
            self._add_alias("artist", artist, alias)
        if album.aliases:
            self._add("artist_gid_redirect", gid=invented_mbid("retired artist", name), new_id=artist)

    def _add_alias(self, table: str, number: int, name: str) -> None:
        self._add(f"{table}_alias", **{table: number}, name=name, sort_name=_sort_name(name), type=1)

    def _add_group(self, album: CatalogueAlbum, credit: int) -> int:
        group = self._add(
            "release_group",
            gid=album.group_mbid,
            name=album.title,
            artist_credit=credit,
            type=_id_of(album.primary_type, PRIMARY_TYPES),
            comment=album.comment,
        )
        for title in album.titles:
            if not any(release.title == title for release in album.releases):
                self._add_alias("release_group", group, title)
        if album.secondary_type:
            secondary_type = _id_of(album.secondary_type, SECONDARY_TYPES)
            self._add("release_group_secondary_type_join", release_group=group, secondary_type=secondary_type)
        for gid in album.merged_mbids:
            self._add("release_group_gid_redirect", gid=gid, new_id=group)
        return group

    def _add_release(self, release: Release, group: int, credit: int) -> int:
        number = self._add(
            "release",
            gid=release.mbid,
            name=release.title,
            artist_credit=credit,
            release_group=group,
            status=release.status.value,
        )
        self._add_events(release, number)
        for gid in release.merged_mbids:
            self._add("release_gid_redirect", gid=gid, new_id=number)
        return number

    def _add_events(self, release: Release, number: int) -> None:
        date = {"date_year": release.year, "date_month": release.month, "date_day": release.day}
        for code in release.countries:
            self._add("release_country", release=number, country=self._areas[code], **date)
        if not release.countries and release.year is not None:
            self._add("release_unknown_country", release=number, **date)

    def _add_medium(self, release: Release, number: int, credit: int, tracks: dict[int, str]) -> None:
        gid = invented_mbid("medium", str(release.mbid))
        medium = self._add("medium", release=number, position=1, name="", track_count=len(tracks), gid=gid)
        for position, (recording, name) in enumerate(tracks.items(), 1):
            self._add(
                "track",
                gid=invented_mbid("track", str(release.mbid), str(position)),
                recording=recording,
                medium=medium,
                position=position,
                number=str(position),
                name=name,
                artist_credit=credit,
            )


def _id_of(name: str, types: Mapping[int, str]) -> int:
    return next(number for number, known in types.items() if known == name)


def _sort_name(name: str) -> str:
    return f"{name.removeprefix('The ')}, The" if name.startswith("The ") else name
