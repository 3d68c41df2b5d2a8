"""Imports from a web server, and everything that can happen to a download."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from demo.musicbrainz.stand_in import DownloadFault, MetaBrainzStandIn
from mirror.errors import ExportAway, ExportBroken, ExportChanged, ExportMissing, MirrorError
from mirror.importing.http import HttpOptions
from mirror.importing.load import ImportOptions, import_export
from tests.integration.mirror.music import STAMP, TABLES, mbid, publish, renamed, title

SECOND = "20260909-002519"
ARCHIVE = "mbdump.tar.bz2"
HTTP = HttpOptions(user_agent="LastYear.fm/0 (+tests)", retry_pauses=(0.0, 0.01, 0.01))
OPTIONS = ImportOptions(http=HTTP)


@pytest.fixture
def metabrainz(tmp_path: Path, published: Path) -> Iterator[MetaBrainzStandIn]:
    """The stand-in servers, with the `published` export."""
    with MetaBrainzStandIn(tmp_path) as servers:
        yield servers


def refused(url: str, metabrainz: MetaBrainzStandIn, error: type[MirrorError], *, match: str = ".") -> None:
    """Check that the import ends with this error and that the mirror serves what it had."""
    with pytest.raises(error, match=match):
        import_export(url, metabrainz.dump_url, options=OPTIONS)
    assert title(url) == "Rumours"


def large(published: Path, stamp: str = SECOND) -> Path:
    """Publish an export that takes more than one read."""
    noise = [[number, mbid(f"noise {number}"), f"{mbid(str(number))}", *[None] * 6] for number in range(20_000)]
    return publish(published, {**renamed("Rumours (again)"), "recording": noise}, stamp=stamp)


def ranges(metabrainz: MetaBrainzStandIn) -> list[str | None]:
    return [r.headers.get("Range") for r in metabrainz.requests if r.path.endswith(ARCHIVE) and r.method == "GET"]


def test_the_latest_export_is_imported(empty_database: str, metabrainz: MetaBrainzStandIn) -> None:
    assert import_export(empty_database, metabrainz.dump_url, options=OPTIONS).export_stamp == STAMP
    assert title(empty_database) == "Rumours"
    assert {request.user_agent.string for request in metabrainz.requests} == {"LastYear.fm/0 (+tests)"}
    assert ranges(metabrainz) == [None]


def test_an_export_can_be_named_instead_of_the_latest(
    mirror: str, published: Path, metabrainz: MetaBrainzStandIn
) -> None:
    publish(published, renamed("newer"), stamp=SECOND)
    for named in (STAMP, f"{STAMP}/"):
        assert import_export(mirror, f"{metabrainz.dump_url}{named}", options=OPTIONS).export_stamp == STAMP


def test_an_import_waits_for_a_latest_that_is_being_rewritten(
    empty_database: str, metabrainz: MetaBrainzStandIn
) -> None:
    metabrainz.fail(DownloadFault("LATEST", times=3, status=404))
    assert import_export(empty_database, metabrainz.dump_url, options=OPTIONS).export_stamp == STAMP


def test_a_missing_latest_is_reported(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    metabrainz.fail(DownloadFault("LATEST", times=None, status=404))
    refused(mirror, metabrainz, ExportMissing, match="neither LATEST nor")


@pytest.mark.parametrize("name", [ARCHIVE, "SHA256SUMS"])
def test_a_missing_file_is_reported(mirror: str, metabrainz: MetaBrainzStandIn, name: str) -> None:
    metabrainz.fail(DownloadFault(name, times=None, status=404))
    refused(mirror, metabrainz, ExportMissing, match="check MUSICBRAINZ_DUMP_URL")


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("name", ["LATEST", ARCHIVE, "SHA256SUMS"])
def test_a_request_that_fails_is_repeated(
    empty_database: str, metabrainz: MetaBrainzStandIn, name: str, status: int
) -> None:
    metabrainz.fail(DownloadFault(name, times=3, status=status))
    import_export(empty_database, metabrainz.dump_url, options=OPTIONS)
    assert title(empty_database) == "Rumours"


def test_a_server_that_stays_down_is_reported(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    metabrainz.fail(DownloadFault(ARCHIVE, times=None, status=500))
    refused(mirror, metabrainz, ExportAway, match="HTTP 500")


def test_a_download_that_breaks_off_is_resumed_where_it_broke_off(
    mirror: str, published: Path, metabrainz: MetaBrainzStandIn
) -> None:
    size = large(published).stat().st_size
    metabrainz.fail(DownloadFault(ARCHIVE, cut_after=size // 2), DownloadFault(ARCHIVE, cut_after=1000))
    import_export(mirror, metabrainz.dump_url, options=OPTIONS)
    assert title(mirror) == "Rumours (again)"
    assert ranges(metabrainz) == [None, f"bytes={size // 2}-", f"bytes={size // 2 + 1000}-"]


def test_a_download_that_stalls_is_resumed_too(
    mirror: str, published: Path, metabrainz: MetaBrainzStandIn
) -> None:
    size = large(published).stat().st_size
    metabrainz.fail(DownloadFault(ARCHIVE, stall=60, stall_after=size // 2))
    options = ImportOptions(http=replace(HTTP, read_seconds=2.0))
    import_export(mirror, metabrainz.dump_url, options=options)
    assert title(mirror) == "Rumours (again)"


def test_a_download_that_always_breaks_off_at_the_same_place_is_given_up(
    mirror: str, published: Path, metabrainz: MetaBrainzStandIn
) -> None:
    large(published)
    metabrainz.fail(DownloadFault(ARCHIVE, cut_after=100_000), DownloadFault(ARCHIVE, times=None, cut_after=0))
    refused(mirror, metabrainz, ExportAway, match="broke off after 100,000 of")


@pytest.mark.parametrize(
    "change",
    [
        DownloadFault(ARCHIVE, times=None, other_file=b"other" * 100_000),
        DownloadFault(ARCHIVE, times=None, ignores_range=True),
    ],
)
def test_a_download_is_not_resumed_from_what_may_be_another_file(
    mirror: str, published: Path, metabrainz: MetaBrainzStandIn, change: DownloadFault
) -> None:
    large(published)
    metabrainz.fail(DownloadFault(ARCHIVE, cut_after=100_000), change)
    refused(mirror, metabrainz, ExportChanged, match="import its folder")


def test_wrong_bytes_are_detected(mirror: str, published: Path, metabrainz: MetaBrainzStandIn) -> None:
    large(published)
    metabrainz.fail(DownloadFault(ARCHIVE, wrong_byte=True))
    refused(mirror, metabrainz, ExportBroken)
    import_export(mirror, metabrainz.dump_url, options=OPTIONS)
    assert title(mirror) == "Rumours (again)"


def test_an_archive_of_another_export_is_refused(
    mirror: str, published: Path, metabrainz: MetaBrainzStandIn
) -> None:
    newer = publish(published, renamed("newer"), stamp=SECOND)
    newer.write_bytes((published / STAMP / ARCHIVE).read_bytes())
    refused(mirror, metabrainz, ExportBroken, match="SHA-256")


def test_what_comes_after_the_last_table_is_downloaded_and_hashed_too(
    mirror: str, published: Path, metabrainz: MetaBrainzStandIn
) -> None:
    works = [[number, mbid(f"work {number}"), *[None] * 10] for number in range(20_000)]
    publish(published, {**TABLES, "track": works}, stamp=SECOND)
    metabrainz.fail(DownloadFault(ARCHIVE, cut_after=200_000), DownloadFault(ARCHIVE, times=None, cut_after=0))
    refused(mirror, metabrainz, ExportAway, match="broke off after")


def test_an_import_that_failed_leaves_no_tables_behind(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    metabrainz.fail(DownloadFault(ARCHIVE, cut_after=200), DownloadFault(ARCHIVE, times=None, cut_after=0))
    refused(mirror, metabrainz, ExportAway)
    with psycopg.connect(mirror) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'musicbrainz%'").fetchall()
    assert names == [("musicbrainz",)]
