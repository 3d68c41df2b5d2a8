"""The URL of sentinels: hosts, the primary's name, and whose password is whose."""

import pytest

from app.redis.sentinel_url import is_sentinel_url, parse_sentinel_url
from app.settings import read_settings


def test_it_says_where_the_sentinels_are_and_how_to_reach_them_and_the_primary() -> None:
    url = "rediss+sentinel://web:p%2Fw%40rd@one,two:1,[2001:db8::1]:26380/lastyear/3"
    found = parse_sentinel_url(f"{url}?sentinel_username=u&sentinel_password=s%26s&ssl_ca_certs=/ca.pem&timeout=1")
    assert found.sentinels == (("one", 26379), ("two", 1), ("2001:db8::1", 26380))
    assert found.primary == "lastyear"
    assert found.primary_url == "rediss://web:p%2Fw%40rd@/3?ssl_ca_certs=%2Fca.pem&timeout=1"
    assert found.sentinel_url == "rediss://?username=u&password=s%26s&ssl_ca_certs=%2Fca.pem"


@pytest.mark.parametrize("url", ["redis+sentinel://one/lastyear", "redis+sentinel://@one:26379/lastyear/"])
def test_most_of_it_may_be_left_out(url: str) -> None:
    found = parse_sentinel_url(url)
    assert (found.sentinels, found.primary) == ((("one", 26379),), "lastyear")
    assert found.primary_url == "redis://@/0?"
    assert found.sentinel_url == "redis://?"


def test_other_urls_are_none() -> None:
    assert is_sentinel_url("REDIS+sentinel://one/x")
    assert not is_sentinel_url("redis://one/0")
    assert not is_sentinel_url("")


def test_every_password_in_it_is_a_secret() -> None:
    url = "redis+sentinel://:p%2Fw%40rd@one/lastyear?sentinel_password=hush%26more"
    secrets = read_settings({"REDIS_URL": url}, []).secrets()
    assert {url, "p%2Fw%40rd", "p/w@rd", "hush&more", "hush%26more"} <= set(secrets)
