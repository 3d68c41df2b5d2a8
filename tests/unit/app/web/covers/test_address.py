"""Addresses of covers: only ours are taken."""

from hashlib import scrypt
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.settings import read_settings
from app.web.covers.address import cover_address, cover_key, is_ours

SECRET = b"a secret of thirty-two bytes ...."
GROUP = UUID("f32fab67-77dd-3937-addc-9062e28e4c37")


def test_an_address_says_what_is_shown_and_that_it_is_ours() -> None:
    address = cover_address(SECRET, GROUP, 64, 1977)
    key = address.rpartition("key=")[2]
    assert address == f"/cover/{GROUP}?size=64&year=1977&key={key}"
    assert is_ours(SECRET, GROUP, key)
    assert cover_address(SECRET, GROUP, 250, None) == f"/cover/{GROUP}?size=250&key={key}"


@given(some.text(max_size=30))
def test_no_other_key_is_taken(key: str) -> None:
    assert is_ours(SECRET, GROUP, key) == (key == cover_key(SECRET, GROUP))


def test_a_key_is_for_one_album_and_one_site() -> None:
    assert not is_ours(SECRET, uuid4(), cover_key(SECRET, GROUP))
    assert not is_ours(b"another secret", GROUP, cover_key(SECRET, GROUP))


@pytest.mark.parametrize("url", ["postgresql://app:password@db/lastyear", "postgresql://app:other@db/lastyear"])
def test_all_web_machines_of_a_site_have_the_same_key(url: str) -> None:
    first, second = (read_settings({"DATABASE_URL": url}, ()) for _ in range(2))
    assert first.covers_key == second.covers_key
    assert first.covers_key != first.log_names_key
    without = [read_settings({"DATABASE_URL": "postgresql://app@db/lastyear"}, ()) for _ in range(2)]
    assert without[0].covers_key != without[1].covers_key, "nobody can guess it where there is no password"


def test_nobody_tries_passwords_by_the_key_fast() -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://app:password@db/lastyear"}, ())
    derived = settings._derived_key(b"covers")
    assert settings.covers_key == scrypt(derived, salt=b"covers", n=2**14, r=8, p=1, dklen=32)
