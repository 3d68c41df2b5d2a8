"""Addresses of covers, which only this site can make: nobody can have others fetched than our lists show."""

from base64 import urlsafe_b64encode
from hashlib import blake2b
from hmac import compare_digest
from urllib.parse import urlencode
from uuid import UUID

KEY_BYTES = 9


def cover_address(secret: bytes, release_group: UUID, size: int, release_year: int | None) -> str:
    """Return the path of a cover. The year is for what is drawn in its place."""
    year = {"year": release_year} if release_year else {}
    return f"/cover/{release_group}?{urlencode({'size': size, **year, 'key': cover_key(secret, release_group)})}"


def cover_key(secret: bytes, release_group: UUID) -> str:
    """Return what shows that an address is ours."""
    return urlsafe_b64encode(blake2b(release_group.bytes, key=secret, digest_size=KEY_BYTES).digest()).decode()


def is_ours(secret: bytes, release_group: UUID, key: str) -> bool:
    """Whether we have made an address with this key."""
    return compare_digest(cover_key(secret, release_group).encode(), key.encode())
