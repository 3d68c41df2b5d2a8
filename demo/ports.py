"""Ports of this machine on which a server can listen, without another process taking them before it does."""

import os
import socket
from itertools import count

PORTS = range(10_000, 32_000)
"""Below those that Linux gives to outgoing connections: one of these may have it by the time a server starts."""
APART = 997
"""So many lie between the ports of two processes whose ids follow each other, as those of pytest's workers may."""
_numbers = count(os.getpid() * APART)


def free_port(preferred: int = 0) -> int:
    """Return the preferred port if nothing listens there, otherwise another one, and never the same twice."""
    if preferred and is_free(preferred):
        return preferred
    return next(port for port in (PORTS[number % len(PORTS)] for number in _numbers) if is_free(port))


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
