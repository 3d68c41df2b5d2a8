"""Visits: which requests are a person's, or a program's on its own account, so that they may start a fetch.

Robots, previews of links, prefetches and other sites' pages that embed ours do not: they see what is here already.
"""

import re

from flask import Request

ROBOT = re.compile(
    r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|archiver|preview|externalhit|externalagent|facebot|embedly|iframely"
    r"|whatsapp|mastodon|lighthouse|inspectiontool|validator|imgproxy",
    re.IGNORECASE,
)
"""What robots and previewers call themselves. (There are phones called Cubot.)"""

PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
API = "/api/"


def may_start_fetches(request: Request) -> bool:
    """Return whether the request may have Last.fm asked for what is missing or out of date.

    Whoever says nothing of itself may. What is posted comes from our own pages, and the API is for programs.
    """
    if request.method not in ("GET", "POST"):
        return False
    if any(AHEAD.search(request.headers.get(name, "")) for name in PURPOSES):
        return False
    return _is_for_itself(request) and (request.path.startswith(API) or not _is_robot(request))


def _is_for_itself(request: Request) -> bool:
    """Whether it is no part of another page: a document of its own, or what our own scripts ask for."""
    wanted = request.headers.get("Sec-Fetch-Dest", "document")
    return wanted == "document" or (wanted == "empty" and request.headers.get("Sec-Fetch-Site") == "same-origin")


def _is_robot(request: Request) -> bool:
    return ROBOT.search(request.headers.get("User-Agent", "")) is not None
