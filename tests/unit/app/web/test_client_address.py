"""The client's address: what our own proxy says, and nobody else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.client_address import ClientAddress, is_loopback
from app.web.rate_limits import network


def seen(peer: str, **headers: str) -> dict[str, Any]:
    """The environment behind the middleware."""
    found: dict[str, Any] = {}

    def application(environ: dict[str, Any], _start: Any) -> list[bytes]:
        found.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **headers}
    ClientAddress(application)(environ, lambda *_: lambda _: None)
    return found


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "127.8.8.8", ""])
def test_a_proxy_on_this_machine_says_for_whom_it_speaks(proxy: str) -> None:
    forwarded = {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https"}
    assert seen(proxy, **forwarded)["REMOTE_ADDR"] == "203.0.113.7"
    assert seen(proxy, **forwarded)["wsgi.url_scheme"] == "https"
    assert seen(proxy)["REMOTE_ADDR"] == proxy


@given(st.text(max_size=60), st.text(max_size=20))
def test_from_elsewhere_no_claim_is_believed(claim: str, scheme: str) -> None:
    environ = seen("203.0.113.9", HTTP_X_FORWARDED_FOR=claim, HTTP_X_FORWARDED_PROTO=scheme)
    assert environ["REMOTE_ADDR"] == "203.0.113.9"
    assert environ["wsgi.url_scheme"] == "http"


@given(st.text(alphabet="127.0:abcf, %[]", max_size=40))
def test_a_proxy_that_names_nobody_speaks_for_a_stranger(claim: str) -> None:
    last = claim.rsplit(",", 1)[-1].strip()
    address = seen("127.0.0.1", HTTP_X_FORWARDED_FOR=claim)["REMOTE_ADDR"]
    assert is_loopback(address) == (not claim or (bool(last) and is_loopback(last)))


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
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::1") != network("2001:db8:1:3::1")
    assert network("203.0.113.7") == "203.0.113.7"
    assert network("::ffff:203.0.113.7") != network("::ffff:203.0.113.8")
    assert network("unix") == "unix"
