"""Where an export is found."""

from pathlib import Path

import pytest

from mirror.errors import ExportMissing, LocationUnknown
from mirror.importing.exports import find_export

STAMP = "20260905-002519"


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder, with a space in its name, that has two exports and a LATEST."""
    folder = tmp_path / "full export"
    for stamp in ("20260829-002439", STAMP):
        (folder / stamp).mkdir(parents=True)
        (folder / stamp / "mbdump.tar.bz2").touch()
    (folder / "LATEST").write_text(f"{STAMP}\n")
    return folder


def test_latest_names_the_export(exports: Path) -> None:
    assert find_export(str(exports)).stamp == STAMP
    assert find_export(f"{exports}/").stamp == STAMP
    assert find_export(exports.as_uri()).stamp == STAMP


def test_an_export_can_be_named_itself(exports: Path) -> None:
    assert find_export(f"{exports}/20260829-002439").stamp == "20260829-002439"


@pytest.mark.parametrize("latest", ["20260912-002519\n", "", "../elsewhere\n"])
def test_a_latest_that_leads_nowhere_is_reported(exports: Path, latest: str) -> None:
    (exports / "LATEST").write_text(latest)
    with pytest.raises(ExportMissing, match="neither LATEST nor"):
        find_export(str(exports))


def test_a_folder_without_an_export_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ExportMissing, match="MUSICBRAINZ_DUMP_URL"):
        find_export(str(tmp_path))


@pytest.mark.parametrize("location", ["", "ftp://user:secret@example.org/", "file://host/x"])
def test_other_kinds_of_locations_are_refused_without_showing_a_password(location: str) -> None:
    with pytest.raises(LocationUnknown, match="file: URL") as caught:
        find_export(location)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("sums", ["", "abc *mbdump-derived.tar.bz2\n"])
def test_an_archive_without_its_checksum_is_not_opened(exports: Path, sums: str) -> None:
    (exports / STAMP / "SHA256SUMS").write_text(sums)
    with pytest.raises(ExportMissing, match=r"does not list mbdump\.tar\.bz2"), find_export(str(exports)).open():
        pass
