"""The client's address: taken from the headers of our own reverse proxy and of those before it, which are trusted.

What strangers send along is never believed: neither who they are, nor that they are on this machine.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from flask import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOBODY = "nobody"
"""Who asks where a proxy names no address: they all count as one."""

_OF_PROXIES = re.compile(r"HTTP_(X_FORWARDED(_.+)?|FORWARDED|VIA|(.+_)?(REAL|CLIENT|CONNECTING)_IP(V6)?)")
"""Headers in which proxies say that they are proxies, or for whom they ask."""
_WITH_PORT = re.compile(r"\[([^]]+)\](?::\d+)?|([\d.]+):\d+")
_IS_FROM_HERE = "lastyear.is_from_here"
_IS_BELIEVED = "lastyear.is_believed"


class ClientAddress:
    """WSGI middleware that believes X-Forwarded-For only of this machine's proxy and of `trusted` ones."""

    def __init__(self, application: "WSGIApplication", trusted: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._application = application
        self._trusted = tuple(trusted)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Replace the proxy's address with the client's, then serve."""
        peer, forwarded = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")
        # A Unix socket has no peer address: only processes of this machine reach it.
        is_own = is_loopback(peer)
        environ[_IS_FROM_HERE] = is_own and not any(map(_OF_PROXIES.fullmatch, environ))
        is_proxy = is_own or self._is_trusted(peer)
        environ[_IS_BELIEVED] = is_proxy
        if forwarded and is_proxy:
            environ["REMOTE_ADDR"] = self._client(forwarded)
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return self._application(environ, start_response)

    def _client(self, forwarded: str) -> str:
        """Return the last address that is no trusted proxy's and not this machine's; where all are, the first."""
        address = NOBODY
        for text in reversed(forwarded.split(",")):
            parsed = _parsed(text.strip())
            if parsed is None:
                return NOBODY
            address = str(parsed)
            if not (self._is_trusted(address) or parsed.is_loopback):
                break
        return address

    def _is_trusted(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """Parse an address, which some proxies write with a port and brackets."""
    if match := _WITH_PORT.fullmatch(address):
        address = match[1] or match[2]
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return (parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None) or parsed


def is_loopback(address: str) -> bool:
    """Return whether the address is this machine's own; an empty one is a Unix socket's."""
    parsed = _parsed(address)
    return not address or (parsed is not None and parsed.is_loopback)


def is_from_here(request: Request) -> bool:
    """Return whether a process of this machine asks by itself: no proxy has passed the request on."""
    return bool(request.environ.get(_IS_FROM_HERE))


def is_believed(request: Request) -> bool:
    """Return whether what the request says of itself comes from this machine or from a proxy that is trusted."""
    return bool(request.environ.get(_IS_BELIEVED))
