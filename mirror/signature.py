"""The signature under an export's checksums: checked where GnuPG has the key, and it is said whether."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from mirror.errors import ExportMissing, SignatureWrong
from mirror.places import Place

SUMS = "SHA256SUMS"
# "MusicBrainz data dump signing key"
SIGNING_KEY = "D5E63B4BDCCE195642948684B8FC2375C777580F"


def check_signature(export: Place, sums: bytes, key: str = SIGNING_KEY) -> str:
    """Check these checksums against their signature by the key with this fingerprint, from the user's keyring.

    Gives a sentence: that it is right, or why it was not looked at. A wrong signature is an error.
    """
    gpg = shutil.which("gpg")
    if gpg is None:
        return "The signature was not checked: gpg is not installed."
    try:
        signature = export.read(f"{SUMS}.asc")
    except ExportMissing:
        return "The signature was not checked: this export has none."
    return _judge(_verify(gpg, sums, signature), key)


def _verify(gpg: str, sums: bytes, signature: bytes) -> list[list[str]]:
    """GnuPG's findings, a list of words each."""
    with TemporaryDirectory() as folder:
        signed, detached = Path(folder, SUMS), Path(folder, f"{SUMS}.asc")
        signed.write_bytes(sums)
        detached.write_bytes(signature)
        command: list[str | Path] = [gpg, "--batch", "--no-tty", "--status-fd", "1", "--verify", detached, signed]
        answer = subprocess.run(  # noqa: S603 - a command of our own
            command, capture_output=True, check=False, timeout=60
        )
    lines = answer.stdout.decode(errors="replace").splitlines()
    return [line.split()[1:] for line in lines if line.startswith("[GNUPG:] ")]


def _judge(findings: list[list[str]], key: str) -> str:
    words = {finding[0]: finding[1:] for finding in findings}
    if "BADSIG" in words:
        raise SignatureWrong
    if "VALIDSIG" not in words or {"REVKEYSIG", "EXPKEYSIG"} & set(words):
        return f"The signature was not checked: the key {key} is not in gpg's keyring, or is no longer good."
    if key not in words["VALIDSIG"]:
        return f"The signature was not checked: it is by another key than {key}."
    return f"The signature by {key} is right."
