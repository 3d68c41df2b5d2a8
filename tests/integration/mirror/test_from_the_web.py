"""Imports from a web server: all that can happen on the way."""

import bz2
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo.archive import write_checksums
from demo.metabrainz import Fault, MetaBrainz
from mirror.errors import ExportAway, ExportBroken, ExportChanged, ExportMissing, MirrorError, RoomMissing
from mirror.load import Options, import_export
from mirror.web import Manners
from tests.integration.mirror.music import STAMP, TABLES, mbid, publish, renamed

SECOND = "20260909-002519"
ARCHIVE = "mbdump.tar.bz2"
MANNERS = Manners(agent="LastYear.fm/0 (+tests)", silence=0.3, pauses=(0.0, 0.01, 0.01))


@pytest.fixture
def metabrainz(tmp_path: Path, published: Path) -> Iterator[MetaBrainz]:
    """The servers; `published` is what they have."""
    with MetaBrainz(tmp_path) as servers:
        yield servers


@pytest.fixture(params=["streamed", "verified first"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> Options:
    """Both ways to import."""
    return Options(manners=MANNERS, verify_in=tmp_path / "cache" if request.param == "verified first" else None)


@pytest.fixture
def verifying(tmp_path: Path) -> Options:
    """Fetch first, load then."""
    return Options(manners=MANNERS, verify_in=tmp_path / "cache")


STREAMING = Options(manners=MANNERS)


def title(url: str) -> str:
    query = "SELECT name FROM musicbrainz.release_group WHERE gid = %s"
    with psycopg.connect(url) as connection:
        row = connection.execute(query, [mbid("rumours")]).fetchone()
    return row[0] if row else ""


def refused(
    url: str, metabrainz: MetaBrainz, options: Options, error: type[MirrorError], *, match: str = "."
) -> None:
    """The import stops with this error, and the mirror goes on serving what it had."""
    with pytest.raises(error, match=match):
        import_export(url, metabrainz.dump_url, options=options)
    assert title(url) == "Rumours"


def large(published: Path, stamp: str = SECOND) -> Path:
    """An export that takes more than one read."""
    noise = [[number, mbid(f"noise {number}"), f"{mbid(str(number))}", *[None] * 6] for number in range(20_000)]
    return publish(published, {**renamed("Rumours (again)"), "recording": noise}, stamp=stamp)


def ranges(metabrainz: MetaBrainz) -> list[str | None]:
    return [r.range for r in metabrainz.requests if r.path.endswith(ARCHIVE) and r.method == "GET"]


def test_the_latest_export_is_imported(empty_database: str, metabrainz: MetaBrainz, options: Options) -> None:
    assert import_export(empty_database, metabrainz.dump_url, options=options).export_stamp == STAMP
    assert title(empty_database) == "Rumours"
    assert {request.agent for request in metabrainz.requests} == {"LastYear.fm/0 (+tests)"}
    assert ranges(metabrainz) == [None]


def test_an_export_may_be_named(mirror: str, published: Path, metabrainz: MetaBrainz, options: Options) -> None:
    publish(published, renamed("newer"), stamp=SECOND)
    for named in (STAMP, f"{STAMP}/"):
        assert import_export(mirror, f"{metabrainz.dump_url}{named}", options=options).export_stamp == STAMP


def test_a_latest_that_is_just_being_rewritten_is_waited_for(empty_database: str, metabrainz: MetaBrainz) -> None:
    metabrainz.fail(Fault("LATEST", times=3, status=404))
    assert import_export(empty_database, metabrainz.dump_url, options=STREAMING).export_stamp == STAMP


def test_no_latest_at_all_is_said(mirror: str, metabrainz: MetaBrainz) -> None:
    metabrainz.fail(Fault("LATEST", times=None, status=404))
    refused(mirror, metabrainz, STREAMING, ExportMissing, match="neither LATEST nor")


@pytest.mark.parametrize("name", [ARCHIVE, "SHA256SUMS"])
def test_a_file_that_is_not_there_is_said(
    mirror: str, metabrainz: MetaBrainz, options: Options, name: str
) -> None:
    metabrainz.fail(Fault(name, times=None, status=404))
    refused(mirror, metabrainz, options, ExportMissing, match="check MUSICBRAINZ_DUMP_URL")


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("name", ["LATEST", ARCHIVE, "SHA256SUMS"])
def test_a_server_that_stumbles_is_asked_again(
    empty_database: str, metabrainz: MetaBrainz, name: str, status: int
) -> None:
    metabrainz.fail(Fault(name, times=3, status=status))
    import_export(empty_database, metabrainz.dump_url, options=STREAMING)
    assert title(empty_database) == "Rumours"


def test_a_server_that_stays_down_is_said(mirror: str, metabrainz: MetaBrainz, options: Options) -> None:
    metabrainz.fail(Fault(ARCHIVE, times=None, status=500))
    refused(mirror, metabrainz, options, ExportAway, match="HTTP 500")


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    mirror: str, published: Path, metabrainz: MetaBrainz, options: Options
) -> None:
    size = large(published).stat().st_size
    metabrainz.fail(Fault(ARCHIVE, cut=size // 2), Fault(ARCHIVE, cut=1000))
    import_export(mirror, metabrainz.dump_url, options=options)
    assert title(mirror) == "Rumours (again)"
    assert ranges(metabrainz) == [None, f"bytes={size // 2}-", f"bytes={size // 2 + 1000}-"]


def test_a_download_that_stalls_is_taken_up_too(
    mirror: str, published: Path, metabrainz: MetaBrainz, options: Options
) -> None:
    size = large(published).stat().st_size
    metabrainz.fail(Fault(ARCHIVE, stall=60, stall_after=size // 2))
    import_export(mirror, metabrainz.dump_url, options=options)
    assert title(mirror) == "Rumours (again)"


def test_a_download_that_always_breaks_at_one_place_is_given_up(
    mirror: str, published: Path, metabrainz: MetaBrainz, options: Options
) -> None:
    large(published)
    metabrainz.fail(Fault(ARCHIVE, cut=100_000), Fault(ARCHIVE, times=None, cut=0))
    refused(mirror, metabrainz, options, ExportAway, match="broke off after 100,000 of")


@pytest.mark.parametrize(
    "change",
    [Fault(ARCHIVE, times=None, other=b"other" * 100_000), Fault(ARCHIVE, times=None, whole=True)],
)
def test_a_stream_is_not_continued_from_what_may_be_another_file(
    mirror: str, published: Path, metabrainz: MetaBrainz, change: Fault
) -> None:
    large(published)
    metabrainz.fail(Fault(ARCHIVE, cut=100_000), change)
    refused(mirror, metabrainz, STREAMING, ExportChanged, match="perhaps with --verify-first")


def test_a_download_starts_over_where_the_server_does_not_heed_ranges(
    mirror: str, published: Path, metabrainz: MetaBrainz, verifying: Options
) -> None:
    large(published)
    metabrainz.fail(Fault(ARCHIVE, cut=100_000), Fault(ARCHIVE, times=None, whole=True))
    import_export(mirror, metabrainz.dump_url, options=verifying)
    assert title(mirror) == "Rumours (again)"


def test_the_next_try_goes_on_with_what_the_last_has_fetched(
    mirror: str, published: Path, metabrainz: MetaBrainz, verifying: Options, tmp_path: Path
) -> None:
    size = large(published).stat().st_size
    metabrainz.fail(Fault(ARCHIVE, cut=100_000), Fault(ARCHIVE, times=3, cut=0))
    refused(mirror, metabrainz, verifying, ExportAway)
    (part,) = (tmp_path / "cache").iterdir()
    assert part.name.startswith(f"{SECOND}-{ARCHIVE}.{size}.")
    import_export(mirror, metabrainz.dump_url, options=verifying)
    assert title(mirror) == "Rumours (again)"
    assert ranges(metabrainz)[-1] == "bytes=100000-"
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_part_of_what_has_been_replaced_is_not_used(
    mirror: str, published: Path, metabrainz: MetaBrainz, verifying: Options, tmp_path: Path
) -> None:
    archive = large(published)
    metabrainz.fail(Fault(ARCHIVE, cut=100_000), Fault(ARCHIVE, times=3, cut=0))
    refused(mirror, metabrainz, verifying, ExportAway)
    archive.write_bytes(archive.read_bytes()[:1000] + bz2.compress(b"something else"))
    write_checksums(archive.parent)
    refused(mirror, metabrainz, verifying, ExportBroken)
    assert ranges(metabrainz)[-1] is None


def test_wrong_bytes_are_found(mirror: str, published: Path, metabrainz: MetaBrainz, options: Options) -> None:
    large(published)
    metabrainz.fail(Fault(ARCHIVE, wrong=True))
    refused(mirror, metabrainz, options, ExportBroken)
    import_export(mirror, metabrainz.dump_url, options=options)
    assert title(mirror) == "Rumours (again)"


def test_nothing_is_loaded_before_a_verified_download_is_right(
    mirror: str, published: Path, metabrainz: MetaBrainz, verifying: Options, tmp_path: Path
) -> None:
    large(published)
    metabrainz.fail(Fault(ARCHIVE, wrong=True))
    steps: set[str] = set()
    with pytest.raises(ExportBroken, match="SHA-256"):
        import_export(
            mirror, metabrainz.dump_url, options=verifying, report=lambda progress: steps.add(progress.table)
        )
    assert steps == {"download", "checksum"}
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_archive_of_another_export_is_refused(
    mirror: str, published: Path, metabrainz: MetaBrainz, options: Options
) -> None:
    newer = publish(published, renamed("newer"), stamp=SECOND)
    newer.write_bytes((published / STAMP / ARCHIVE).read_bytes())
    refused(mirror, metabrainz, options, ExportBroken, match="SHA-256")


def test_what_comes_after_the_last_table_is_downloaded_and_hashed_too(
    mirror: str, published: Path, metabrainz: MetaBrainz
) -> None:
    works = [[number, mbid(f"work {number}"), *[None] * 10] for number in range(20_000)]
    publish(published, {**TABLES, "track": works}, stamp=SECOND)
    metabrainz.fail(Fault(ARCHIVE, cut=200_000), Fault(ARCHIVE, times=None, cut=0))
    refused(mirror, metabrainz, STREAMING, ExportAway, match="broke off after")


def test_no_download_begins_without_room_for_it(
    mirror: str, metabrainz: MetaBrainz, verifying: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.download.shutil.disk_usage", lambda _: type("", (), {"free": 10})())
    refused(mirror, metabrainz, verifying, RoomMissing, match="make room")


def test_an_import_that_failed_leaves_no_tables_behind(mirror: str, metabrainz: MetaBrainz) -> None:
    metabrainz.fail(Fault(ARCHIVE, cut=200), Fault(ARCHIVE, times=None, cut=0))
    refused(mirror, metabrainz, STREAMING, ExportAway)
    with psycopg.connect(mirror) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'musicbrainz%'").fetchall()
    assert names == [("musicbrainz",)]
