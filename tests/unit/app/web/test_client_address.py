"""The client's address: what our own proxy says, and nobody else."""

from ipaddress import ip_network
from typing import Any

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st

from app.web.client_address import ClientAddress, is_from_here, is_loopback
from app.web.rate_limits import SITES, networks

CDN = [ip_network("198.51.100.0/24"), ip_network("2001:db8:cd::/48")]


def seen(peer: str, **headers: str) -> dict[str, Any]:
    """The environment behind the middleware, which trusts a CDN."""
    found: dict[str, Any] = {}

    def application(environ: dict[str, Any], _start: Any) -> list[bytes]:
        found.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **headers}
    ClientAddress(application, CDN)(environ, lambda *_: lambda _: None)
    return found


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "127.8.8.8", ""])
def test_a_proxy_on_this_machine_says_for_whom_it_speaks(proxy: str) -> None:
    forwarded = {"HTTP_X_FORWARDED_FOR": "192.0.2.1, 203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https"}
    assert seen(proxy, **forwarded)["REMOTE_ADDR"] == "203.0.113.7"
    assert seen(proxy, **forwarded)["wsgi.url_scheme"] == "https"
    assert seen(proxy)["REMOTE_ADDR"] == proxy


@given(st.text(max_size=60), st.text(max_size=20))
def test_from_elsewhere_no_claim_is_believed(claim: str, scheme: str) -> None:
    environ = seen("203.0.113.9", HTTP_X_FORWARDED_FOR=claim, HTTP_X_FORWARDED_PROTO=scheme)
    assert environ["REMOTE_ADDR"] == "203.0.113.9"
    assert environ["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("", "203.0.113.7, 198.51.100.9", "203.0.113.7"),
        ("", "10.0.0.1, 203.0.113.7, 2001:db8:cd::5, 198.51.100.9", "203.0.113.7"),
        ("", "127.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("", "203.0.113.7, 198.51.100.9, 192.0.2.1", "192.0.2.1"),  # the last one is no proxy of ours
        ("198.51.100.9", "203.0.113.7", "203.0.113.7"),
        ("::ffff:198.51.100.9", "::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:ce::5", "203.0.113.7", "2001:db8:ce::5"),
        ("", "198.51.100.8, 198.51.100.9", "198.51.100.8"),
        ("", "somebody, 198.51.100.9", "nobody"),
        ("", "203.0.113.7:1234", "203.0.113.7"),
        ("", "[2001:db9::1]:443", "2001:db9::1"),
        ("", "[2001:db9::1]", "2001:db9::1"),
        ("", "203.0.113.7, 198.51.100.9:80, [2001:db8:cd::5]:80", "203.0.113.7"),
        ("", "203.0.113.7:", "nobody"),
        ("", "203.0.113.7, 127.0.0.1", "203.0.113.7"),  # two proxies on this machine
        ("", "192.0.2.1, 203.0.113.7, ::1, 127.0.0.1", "203.0.113.7"),
        ("198.51.100.9", "203.0.113.7, 127.0.0.1", "203.0.113.7"),
        ("", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxy(peer: str, forwarded: str, client: str) -> None:
    assert seen(peer, HTTP_X_FORWARDED_FOR=forwarded)["REMOTE_ADDR"] == client


@given(st.text(alphabet="127.0:abcf, %[]", max_size=40))
def test_a_proxy_that_names_nobody_speaks_for_a_stranger(claim: str) -> None:
    named = [one.strip() for one in claim.split(",")]
    environ = seen("127.0.0.1", HTTP_X_FORWARDED_FOR=claim)
    assert is_loopback(environ["REMOTE_ADDR"]) == (not claim or all(one and is_loopback(one) for one in named))
    assert not is_from_here(Request(environ))


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", ""])
def test_what_a_proxy_passes_on_is_not_from_here(peer: str) -> None:
    assert is_from_here(Request(seen(peer)))
    for header in (
        *("X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_FORWARDED_PORT", "FORWARDED", "VIA"),
        *("X_REAL_IP", "CF_CONNECTING_IP", "X_CLIENT_IP", "TRUE_CLIENT_IP", "FASTLY_CLIENT_IP", "CLIENT_IP"),
    ):
        for claim in ("127.0.0.1", ""):
            assert not is_from_here(Request(seen(peer, **{f"HTTP_{header}": claim})))
    assert not is_from_here(Request(seen("203.0.113.9")))
    assert not is_from_here(Request({}))


@pytest.mark.parametrize("scheme", ["", "ftp", "javascript", "https,http"])
def test_a_scheme_that_is_none_is_not_taken_over(scheme: str) -> None:
    environ = seen("127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.7", HTTP_X_FORWARDED_PROTO=scheme)
    assert environ["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("", True),
        ("10.0.0.1", False),
        ("nobody", False),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_loopback_is_this_machine_alone(address: str, own: bool) -> None:
    assert is_loopback(address) is own


def test_a_household_shares_its_network_of_the_sixth_version() -> None:
    assert networks("2001:db8:1:2::1") == networks("2001:db8:1:2:ffff::1") != networks("2001:db8:1:3::1")
    assert networks("2001:db8:1:2::1") == [("2001:db8:1:2::/64", 1), ("2001:db8:1::/48", SITES)]
    assert networks("203.0.113.7") == [("203.0.113.7", 1)]
    assert networks("::ffff:203.0.113.7") != networks("::ffff:203.0.113.8")
    assert networks("unix") == [("unix", 1)]
