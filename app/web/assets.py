"""Assets: the static files, each by an address that changes with its content."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

STATIC = Path(__file__).parent / "static"


@lru_cache
def asset(name: str) -> str:
    """Return the address of a static file, with a digest of its content: browsers may keep it for ever."""
    return f"/static/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
