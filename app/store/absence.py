"""Absence: why the app database cannot be reached, and what to do, in words of ours.

The driver's own words are never passed on: they may repeat the connection string with its password.
"""

import re
from urllib.parse import parse_qs, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

ANEW = "copy the string anew from where the database is kept (at Neon: Connect)"
AUTHORITIES = "sslrootcert=/etc/ssl/certs/ca-certificates.crt"
VERIFIED = f"sslmode=verify-full&{AUTHORITIES}"
NEON = ".neon.tech"

ENCODED = "Special characters in a password must be encoded (@ is %40, / is %2F, % is %25)"
UNREADABLE = f"it is no connection string that can be read. {ENCODED}; else {ANEW}"

# What stands in the driver's message -> what it means. The first that fits counts.
_REASONS = {
    r"invalid integer value|invalid port number": UNREADABLE,  # a / in a password makes the rest of it a port
    r"password authentication failed|no password supplied|role .* does not exist": (
        f"user name or password is wrong: {ANEW}"
    ),
    r"database .* does not exist": "there is no database of that name: look at what stands behind the host's /",
    r"endpoint .*(could not be found|not found)|[Ee]ndpoint ID is not specified": (
        f"Neon knows no such host: its branch was deleted, or the host is mistyped: {ANEW}"
    ),
    r"exceeded the .*quota": "Neon has stopped the project, since its quota is used up: look at its console",
    r"connection is insecure|no encryption|SSL required": f"it wants TLS: add {VERIFIED} behind the ?",
    r"does not support SSL": "that server speaks no TLS: look at host and port, or leave sslmode out",
    r"root certificate file": f"sslmode=verify-full needs authorities to go by: add &{AUTHORITIES}",
    r"certificate verify failed": f"no authority vouches for its certificate: look at sslrootcert ({AUTHORITIES})",
    r"server certificate for .* does not match": (
        "its certificate is made out for another host: take the host's name as its provider gives it"
    ),
    r"unsupported startup parameter|unrecognized configuration parameter": (
        "the pooler refuses an option in the string: take options= and what belongs to it out"
    ),
    r"too many (clients|connections)|remaining connection slots": (
        "all its connections are taken: use the pooled string (at Neon its host has -pooler), or wait"
    ),
    r"resolve host|translate host name|Name or service not known": (
        f"there is no such host: look for a slip between @ and the next /. {ENCODED}"
    ),
    r"Connection refused|No such file or directory": (
        "nobody listens there: look at host and port, and whether the server runs"
    ),
    r"timeout|timed out": "it does not answer in time: look at host and port, and at firewalls on the way",
}


def reason(error: Exception) -> str:
    """Why a connection could not be had; the error's kind where we do not know more."""
    text = str(error)
    found = (words for pattern, words in _REASONS.items() if re.search(pattern, text))
    return next(found, f"{type(error).__name__}. Look at its own state")


def is_readable(url: str) -> bool:
    """Whether the driver can make sense of this connection string."""
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        return False
    return True


def mix_up(url: str, *, direct: bool = False) -> str:
    """What is wrong with a Neon string that might still connect; nothing where it is well or not Neon's.

    `direct`: it is the one for migrations, which are to go past the pooler.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.endswith(NEON):
        return ""
    if direct and host.partition(".")[0].endswith("-pooler"):
        return "this is Neon's pooled string: it belongs into DATABASE_URL, and here the one without -pooler"
    mode = parse_qs(parts.query).get("sslmode", [""])[-1]
    if mode not in ("require", "verify-ca", "verify-full"):
        return f"nothing makes sure that it is Neon that answers: set {VERIFIED} behind the ?"
    return ""
