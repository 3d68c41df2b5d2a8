"""Outage: why the app database cannot be reached, and what to do about it, in our own words.

The driver's messages are never passed on, since they may contain the connection string with its password.
"""

import re
from urllib.parse import parse_qs, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

COPY_AGAIN = "copy the connection string from your database provider again (at Neon: Connect)"
AUTHORITIES = "sslrootcert=/etc/ssl/certs/ca-certificates.crt"
VERIFIED = f"sslmode=verify-full&{AUTHORITIES}"
NEON = ".neon.tech"

ENCODED = "Special characters in a password must be encoded (@ is %40, / is %2F, % is %25)"
UNREADABLE = f"the connection string cannot be read. {ENCODED}; otherwise, {COPY_AGAIN}"
SILENT = "it does not answer in time: check host and port, and the firewalls in between"

# What the driver's message contains -> what that means. The first match counts.
_REASONS = {
    r"invalid integer value|invalid port number": UNREADABLE,  # a / in a password makes the rest of it a port
    r"password authentication failed|no password supplied|role .* does not exist": (
        f"the user name or password is wrong: {COPY_AGAIN}"
    ),
    r"database .* does not exist": "there is no database of that name: check what follows the host's /",
    r"endpoint .*(could not be found|not found)|[Ee]ndpoint ID is not specified": (
        f"Neon has no such host: its branch was deleted, or the host is misspelled: {COPY_AGAIN}"
    ),
    r"exceeded the .*quota": "Neon has suspended the project, as its quota is used up: see Neon's console",
    r"connection is insecure|no encryption|SSL required": f"the server requires TLS: add {VERIFIED} after the ?",
    r"no pg_hba\.conf entry": (
        "the server's pg_hba.conf has no line for this machine, user and database"
        " (lastyear restore --verify needs one for lastyear_verify)"
    ),
    r"does not support SSL": "the server does not support TLS: check host and port, or remove sslmode",
    r"root certificate file": f"sslmode=verify-full needs certificate authorities: add &{AUTHORITIES}",
    r"certificate verify failed": (
        f"no trusted authority has signed the server's certificate: check sslrootcert ({AUTHORITIES})"
    ),
    r"server certificate for .* does not match": (
        "the server's certificate is for another host: use the host name as your provider gives it"
    ),
    r"unsupported startup parameter|unrecognized configuration parameter": (
        "the pooler refuses an option in the string: remove options= and what belongs to it"
    ),
    r"No space left|could not extend file|DiskFull": "its disk is full: make room there",
    r"too many (clients|connections)|remaining connection slots": (
        "all its connections are in use: use the pooled string (at Neon its host has -pooler), or wait"
    ),
    r"resolve host|translate host name|Name or service not known": (
        f"there is no such host: check the string between @ and the next /. {ENCODED}"
    ),
    r"Connection refused|No such file or directory": (
        "no server listens there: check host and port, and whether the server is running"
    ),
    r"timeout|timed out": SILENT,
    r"server closed the connection|connection is closed|connection is lost|terminating connection": (
        "the connection to it was lost: it may be restarting, or the network between is gone"
    ),
}


def reason(error: Exception) -> str:
    """Explain why there is no connection; with the error's class where no more is known."""
    text = str(error)
    found = (words for pattern, words in _REASONS.items() if re.search(pattern, text))
    return next(found, f"{type(error).__name__}. Check the database server itself")


def is_readable(url: str) -> bool:
    """Whether the driver can read this connection string."""
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        return False
    return True


def neon_fault(url: str, *, direct: bool = False) -> str:
    """Name what is wrong with one of Neon's strings though it might connect; empty where nothing is.

    `direct`: the string is the one for migrations, which must not go through the pooler.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.endswith(NEON):
        return ""
    if direct and host.partition(".")[0].endswith("-pooler"):
        return "this is Neon's pooled string: use it for DATABASE_URL, and the one without -pooler here"
    mode = parse_qs(parts.query).get("sslmode", [""])[-1]
    if mode not in ("require", "verify-ca", "verify-full"):
        return f"nothing verifies that the server is Neon's: add {VERIFIED} after the ?"
    return ""
