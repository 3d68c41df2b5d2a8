"""The doctor's check of the site from outside: a request to its own address, and the certificate it comes with."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from app.settings import read_settings
from worker.doctor.finding import CheckContext, Finding, State
from worker.doctor.site import check_site

NOW = datetime.now(UTC)
Serve = Callable[..., dict[str, Finding]]


class Site(BaseHTTPRequestHandler):
    """A site that is well, or not."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def look(url: str) -> dict[str, Finding]:
    return {finding.part: finding for finding in check_site(CheckContext(read_settings({"SITE_URL": url}, ())))}


@contextmanager
def serving(leaf: trustme.LeafCert | None = None, status: int = 200) -> Iterator[str]:
    """The URL of a site with this certificate."""
    handler = type("Site", (Site,), {"status": status})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        if leaf:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            leaf.configure_cert(tls)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"{'https' if leaf else 'http'}://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def seen(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """What is found of a site whose authority this machine knows, with a certificate from one day to another."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with ExitStack() as stack:

        def serve(begin: float, end: float, *, name: str = "localhost", status: int = 200) -> dict[str, Finding]:
            leaf = authority.issue_cert(
                name, not_before=NOW + timedelta(days=begin), not_after=NOW + timedelta(days=end, minutes=30)
            )
            return look(stack.enter_context(serving(leaf, status)))

        yield serve


def test_without_an_address_nothing_is_said() -> None:
    assert look("") == {}


def test_a_site_that_answers_with_a_good_certificate_is_well(seen: Serve) -> None:
    found = seen(-30, 60)
    assert (found["site"].state, found["certificate"].state) == (State.WELL, State.WELL)
    assert found["certificate"].seen == "expires in 60 days"


@pytest.mark.parametrize(
    ("begin", "end", "state"),
    [
        (-77, 13, State.WARNING),  # Let's Encrypt: renewed a month before its end
        (-75, 15, State.WELL),
        (-0.3, 0.2, State.WELL),  # Caddy's own live for half a day
        (-0.45, 0.05, State.WARNING),
        (-350, 15, State.WELL),
    ],
)
def test_a_certificate_that_should_have_been_renewed_is_told_before_it_expires(
    seen: Serve, begin: float, end: float, state: State
) -> None:
    found = seen(begin, end)
    assert (found["site"].state, found["certificate"].state) == (State.WELL, state)


def test_an_expired_certificate_is_ill_and_the_site_behind_it_is_still_seen(seen: Serve) -> None:
    found = seen(-90, -1)
    assert (found["site"].state, found["certificate"].state) == (State.WELL, State.ILL)
    assert found["certificate"].seen == "has expired"


def test_a_certificate_for_another_name_is_told(seen: Serve) -> None:
    found = seen(-1, 80, name="elsewhere.example")
    assert found["certificate"].state == State.ILL
    assert found["certificate"].seen.startswith("browsers refuse it: Hostname mismatch")


def test_an_authority_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with serving(trustme.CA().issue_cert("localhost")) as url:
        found = look(url)
    assert (found["site"].state, found["certificate"].state) == (State.WELL, State.ILL)
    assert found["certificate"].seen.startswith("browsers refuse it: ")


def test_caddys_own_authority_was_chosen_and_is_well() -> None:
    caddy = trustme.CA(organization_name="x", organization_unit_name="x")
    with pytest.MonkeyPatch.context() as patch, serving(caddy.issue_cert("localhost")) as url:
        patch.setattr("worker.doctor.site.CADDYS_OWN", "x")
        found = look(url)["certificate"]
    assert found.state == State.WELL
    assert found.seen.endswith(", of Caddy's own authority, which browsers do not know")


def test_a_site_that_answers_with_an_error_or_not_at_all_is_ill(seen: Serve) -> None:
    found = seen(-30, 60, status=502)
    assert (found["site"].state, found["certificate"].state) == (State.ILL, State.WELL)
    assert found["site"].seen.endswith(" answers with status 502")
    away = look("https://localhost:1")
    assert (away["site"].state, away["certificate"].state) == (State.ILL, State.WARNING)
    assert away["site"].seen == "https://localhost:1 cannot be reached (Connection refused)"


def test_a_site_without_tls_has_no_certificate() -> None:
    with serving() as url:
        assert list(look(url)) == ["site"]
