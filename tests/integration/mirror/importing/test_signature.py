"""The signature of an export's checksums, checked by GnuPG itself."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirror.errors import SignatureMissing, SignatureWrong
from mirror.importing.exports import find_export
from mirror.importing.load import ImportOptions, import_export
from tests.integration.mirror.music import STAMP

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


def gpg(*arguments: str | Path) -> str:
    command: list[str | Path] = ["gpg", "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"]
    return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The fingerprint of a key in a temporary keyring."""
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    gpg("--quick-generate-key", "The publisher <publisher@example.org>", "ed25519", "sign", "never")
    gpgconf = shutil.which("gpgconf")
    listing = gpg("--with-colons", "--list-keys")
    yield next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))
    if gpgconf:
        subprocess.run([gpgconf, "--homedir", home, "--kill", "gpg-agent"], check=False)


def sign(published: Path) -> Path:
    """Sign the checksums of the published export; return their file."""
    sums = published / STAMP / "SHA256SUMS"
    gpg("--armor", "--detach-sign", "--output", sums.with_name(f"{sums.name}.asc"), sums)
    return sums


def test_a_valid_signature_is_reported(published: Path, key: str) -> None:
    sign(published)
    assert find_export(str(published)).check_signature(key) == f"The signature by {key} is right."


def test_changed_checksums_are_refused_before_anything_is_loaded(
    empty_database: str, published: Path, key: str
) -> None:
    sums = sign(published)
    sums.write_text(sums.read_text().replace("a", "b"))
    steps: list[object] = []
    with pytest.raises(SignatureWrong, match="do not use it"):
        import_export(empty_database, str(published), options=ImportOptions(signing_key=key), report=steps.append)
    assert steps == []


def test_without_the_key_the_import_says_that_nothing_was_checked(
    published: Path, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(published)
    monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    assert "is not in gpg's keyring" in find_export(str(published)).check_signature()


def test_a_signature_by_another_key_does_not_count(published: Path, key: str) -> None:
    sign(published)
    assert "by another key" in find_export(str(published)).check_signature()


def test_an_export_without_a_signature_is_imported_and_the_import_says_so(
    empty_database: str, published: Path
) -> None:
    told: list[str] = []
    import_export(empty_database, str(published), say=told.append)
    assert "The signature was not checked: this export has none." in told


@pytest.mark.parametrize("why", ["this export has none", "is not in gpg's keyring", "by another key", "no gpg"])
def test_a_required_signature_that_cannot_be_checked_stops_the_import(
    empty_database: str, published: Path, key: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why != "this export has none":
        sign(published)
    if why == "is not in gpg's keyring":
        monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    if why == "no gpg":
        monkeypatch.setenv("PATH", "")
        why = "gpg is not installed"
    required = ImportOptions(signing_key="0" * 40 if why == "by another key" else key)
    with pytest.raises(SignatureMissing, match=f"MUSICBRAINZ_SIGNING_KEY asks for it.*{why}"):
        import_export(empty_database, str(published), options=required)


def test_a_required_signature_that_is_right_lets_the_import_begin(
    empty_database: str, published: Path, key: str
) -> None:
    sign(published)
    told: list[str] = []
    import_export(empty_database, str(published), options=ImportOptions(signing_key=key), say=told.append)
    assert told[0] == f"The signature by {key} is right."


def test_a_missing_gnupg_is_reported(published: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(published)
    monkeypatch.setenv("PATH", "")
    assert "gpg is not installed" in find_export(str(published)).check_signature()
