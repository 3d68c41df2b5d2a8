"""The client's address: taken from our own reverse proxy's header, which nobody else can forge."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ClientAddress:
    """WSGI middleware that trusts X-Forwarded-For from this machine only."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Replace the proxy's address with the client's, then serve."""
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
        # A Unix socket has no peer address: only processes of this machine reach it.
        if forwarded and is_loopback(environ.get("REMOTE_ADDR", "")):
            environ["REMOTE_ADDR"] = forwarded.rsplit(",", 1)[-1].strip() or "nobody"
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return self._application(environ, start_response)


def is_loopback(address: str) -> bool:
    """Return whether the address is this machine's own; an empty one is a Unix socket's."""
    try:
        return not address or ip_address(address).is_loopback
    except ValueError:
        return False


def is_same_origin(request: Request) -> bool:
    """Return whether one of our own pages sent this form: browsers say where a form came from."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")
