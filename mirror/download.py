"""An archive fetched to a folder as a whole, and proven before anybody uses it."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from mirror.errors import ExportBroken, ExportChanged, RoomMissing
from mirror.places import Place, Source
from mirror.web import Download

BLOCK = 1 << 20
TRIES = 3

Step = Callable[[str, int, int], None]  # what is done, bytes done, bytes in all


def download(place: Place, name: str, checksum: str, target: Path, report: Step) -> Path:
    """Have this archive at `target`, which names its export too.

    What an earlier try has fetched is not fetched again. A part is continued only if the server proves that the
    file is the one it was begun from; else it starts over.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        _fetch(place, name, target, report)
    if _sha256(target, report) != checksum:
        target.unlink()
        raise ExportBroken("its SHA-256 is not the one in SHA256SUMS")
    return target


def _fetch(place: Place, name: str, target: Path, report: Step) -> None:
    for tries_left in reversed(range(TRIES)):
        try:
            with place.open(name) as source:
                part = _part(target, source)
                _continue(part, source)
                _write(part, source, report)
            part.rename(target)
        except ExportChanged:
            _forget_parts(target)
            if not tries_left:
                raise
        else:
            return


def _part(target: Path, source: Source) -> Path:
    """The file for what has come so far. Its name tells which version of which file it was begun from."""
    version = hashlib.sha256(str(getattr(source, "tag", None)).encode()).hexdigest()[:16]
    part = target.with_name(f"{target.name}.{source.size}.{version}.part")
    _forget_parts(target, besides=part)
    return part


def _forget_parts(target: Path, besides: Path | None = None) -> None:
    """Parts of another version, or of another export, are of no use to anybody."""
    _, _, name = target.name.rpartition("-")
    for part in target.parent.glob(f"*-{name}.*.part"):
        if part != besides:
            part.unlink()


def _continue(part: Path, source: Source) -> None:
    """Skip what we have of this very version, and see that there is room for the rest."""
    have = part.stat().st_size if part.exists() else 0
    if not isinstance(source, Download) or source.tag is None or not 0 < have < source.size:
        part.unlink(missing_ok=True)
        have = 0
    if isinstance(source, Download) and have:
        source.continue_from(have)
    free = shutil.disk_usage(part.parent).free
    if free < source.size - have:
        raise RoomMissing(f"{part.parent} has {free:,} bytes free, missing are {source.size - have:,}")


def _write(part: Path, source: Source, report: Step) -> None:
    with part.open("ab") as file:
        while block := source.read(BLOCK):
            file.write(block)
            report("download", file.tell(), source.size)


def _sha256(path: Path, report: Step) -> str:
    digest, size = hashlib.sha256(), path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            report("checksum", file.tell(), size)
    return digest.hexdigest()
