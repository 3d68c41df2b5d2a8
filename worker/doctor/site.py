"""Check the site from outside: one request to its own address, and the certificate that comes with it."""

import http.client
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from app.durations import format_duration
from worker.doctor.finding import CheckContext, Finding, ill, unknown, warning, well
from worker.doctor.systemd import has_units

PART, CERTIFICATE = "site", "certificate"
PARTS = (PART, CERTIFICATE)

PATH = "/healthz"  # needs neither Redis nor a database
TIMEOUT = 8.0
EXPIRED = 10  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED
UNTRUSTED = {18, 19, 20, 21}  # signed by itself, or by an authority that this machine does not know
CADDYS_OWN = "Caddy Local Authority"
RENEWED_WITHIN = timedelta(days=14)
"""Renewal is late then. Certificates that live for less than ten weeks are given a fifth of their life."""


@dataclass
class Answer:
    """What a request has brought: the status, and the certificate, or what is wrong with it."""

    status: int = 0
    certificate: dict[str, Any] = field(default_factory=dict)
    fault: ssl.SSLCertVerificationError | None = None


def check_site(context: CheckContext) -> Iterator[Finding]:
    """Request a page of the site as a visitor does. Where SITE_URL is not set, nothing is reported."""
    if not context.settings.site_url:
        return
    url = urlsplit(context.settings.site_url)
    try:
        answer = _ask(url)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        mend = f"see whether {url.hostname} leads here, and {_logs('caddy')}"
        yield ill(PART, f"{url.geturl()} cannot be reached ({reason})", mend)
        if url.scheme == "https":
            yield unknown(CERTIFICATE, "unknown while the site cannot be reached", "fix the site first")
        return
    if answer.status == http.HTTPStatus.OK:
        yield well(PART, f"{url.geturl()} answers")
    else:
        yield ill(PART, f"{url.geturl()} answers with status {answer.status}", _logs("lastyear-web"))
    if url.scheme == "https":
        yield _certificate(answer)


def _logs(unit: str) -> str:
    return f"`journalctl -u {unit} -n 50`" if has_units() else "the output of the server"


def _ask(url: SplitResult) -> Answer:
    """Request the page; an untrusted certificate is looked into, any other that is faulty ends in its fault."""
    if url.scheme == "http":
        return _request(http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=TIMEOUT))
    try:
        return _request_with(url, ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        fault = error
    if fault.verify_code in UNTRUSTED:
        # Trust this one certificate, which is the only way to have it parsed.
        pinned = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        pinned.load_verify_locations(cadata=_leaf(url))
        pinned.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            answer = _request_with(url, pinned)
        except ssl.SSLCertVerificationError as error:
            fault = error
        else:
            answer.fault = None if _is_caddys_own(answer.certificate) else fault
            return answer
    answer = _request_with(url, _blind())
    answer.fault = fault
    return answer


def _request_with(url: SplitResult, tls: ssl.SSLContext) -> Answer:
    host, port = url.hostname or "", url.port or 443
    return _request(http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=tls))


def _request(connection: http.client.HTTPConnection) -> Answer:
    try:
        connection.request("GET", PATH, headers={"User-Agent": "LastYear.fm doctor", "Connection": "close"})
        # Before the answer is read, which closes the connection.
        certificate: dict[str, Any] = getattr(connection.sock, "getpeercert", dict)() or {}
        return Answer(connection.getresponse().status, certificate)
    finally:
        connection.close()


def _leaf(url: SplitResult) -> bytes:
    connection = http.client.HTTPSConnection(
        url.hostname or "", url.port or 443, timeout=TIMEOUT, context=_blind()
    )
    try:
        connection.connect()
        return connection.sock.getpeercert(binary_form=True) or b""
    finally:
        connection.close()


def _blind() -> ssl.SSLContext:
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return tls


def _is_caddys_own(certificate: dict[str, Any]) -> bool:
    names = [value for parts in certificate.get("issuer", ()) for _, value in parts]
    return any(name.startswith(CADDYS_OWN) for name in names)


def _certificate(answer: Answer) -> Finding:
    renew = f"{_logs('caddy')}, then `systemctl restart caddy`"
    if answer.fault:
        if answer.fault.verify_code == EXPIRED:
            return ill(CERTIFICATE, "has expired", renew)
        return ill(CERTIFICATE, f"browsers refuse it: {answer.fault.verify_message}", renew)
    begin, end = (ssl.cert_time_to_seconds(answer.certificate[name]) for name in ("notBefore", "notAfter"))
    left = timedelta(seconds=end - time.time())
    whose = ", of Caddy's own authority, which browsers do not know" if _is_caddys_own(answer.certificate) else ""
    seen = f"expires in {format_duration(left)}{whose}"
    if left < min(RENEWED_WITHIN, timedelta(seconds=end - begin) / 5):
        return warning(CERTIFICATE, seen, renew)
    return well(CERTIFICATE, seen)
