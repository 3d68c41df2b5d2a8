"""Check the signature of an export's checksums: where it is required, or GnuPG happens to have the key."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from mirror.errors import ExportMissing, SignatureMissing, SignatureWrong
from mirror.importing.export_sources import ExportFolder

SUMS = "SHA256SUMS"
# "MusicBrainz data dump signing key"
SIGNING_KEY = "D5E63B4BDCCE195642948684B8FC2375C777580F"


class _Unchecked(Exception):
    """The signature cannot be checked, for this reason."""


def check_signature(export: ExportFolder, sums: bytes, required_key: str = "") -> str:
    """Check the signature of these checksums by the key with this fingerprint, from the user's keyring.

    Without a fingerprint the key of MusicBrainz is meant, and an export whose signature cannot be checked is let
    through. Return a sentence: that it is valid, or why it was not checked. Raises SignatureWrong if it is not
    valid, SignatureMissing if it is required and cannot be checked.
    """
    try:
        return _check(export, sums, required_key or SIGNING_KEY)
    except _Unchecked as reason:
        if required_key:
            raise SignatureMissing(reason) from None
        return f"The signature was not checked: {reason}."


def _check(export: ExportFolder, sums: bytes, key: str) -> str:
    gpg = shutil.which("gpg")
    if gpg is None:
        raise _Unchecked("gpg is not installed")
    try:
        signature = export.read(f"{SUMS}.asc")
    except ExportMissing:
        raise _Unchecked("this export has none") from None
    return _verdict(_verify(gpg, sums, signature), key)


def _verify(gpg: str, sums: bytes, signature: bytes) -> list[list[str]]:
    """Return the lines of GnuPG's findings, each split into words."""
    with TemporaryDirectory() as folder:
        signed, detached = Path(folder, SUMS), Path(folder, f"{SUMS}.asc")
        signed.write_bytes(sums)
        detached.write_bytes(signature)
        command: list[str | Path] = [gpg, "--batch", "--no-tty", "--status-fd", "1", "--verify", detached, signed]
        verified = subprocess.run(  # noqa: S603 - a command of our own
            command, capture_output=True, check=False, timeout=60
        )
    lines = verified.stdout.decode(errors="replace").splitlines()
    return [line.split()[1:] for line in lines if line.startswith("[GNUPG:] ")]


def _verdict(findings: list[list[str]], key: str) -> str:
    words = {finding[0]: finding[1:] for finding in findings}
    if "BADSIG" in words:
        raise SignatureWrong
    if "VALIDSIG" not in words or {"REVKEYSIG", "EXPKEYSIG"} & set(words):
        raise _Unchecked(f"the key {key} is not in gpg's keyring, or is no longer good")
    if key not in words["VALIDSIG"]:
        raise _Unchecked(f"it is by another key than {key}")
    return f"The signature by {key} is right."
