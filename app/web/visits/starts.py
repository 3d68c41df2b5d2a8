"""Starts: which requests are a person's, or a program's on its own account, so that they may start a fetch.

Robots, previews of links, prefetches and other sites' pages that embed ours do not: they see what is here already.
"""

import re

from flask import Request

ROBOT = re.compile(
    r"(?<!cu)bots?(?![a-z])|crawl|spider|slurp|archiver|preview|external(?:hit|agent|fetcher)|facebot|embedly|iframely"
    r"|whatsapp|cardyb|vkshare|mastodon|misskey|pleroma|akkoma|friendica|pagerenderer|lighthouse|inspectiontool"
    r"|validator|imgproxy",
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
    if request.path.startswith(API):
        return _is_for_itself(request, "same-origin", "none")  # a browser's extension is a program as well
    return _is_for_itself(request, "same-origin") and not _is_robot(request)


def may_have_covers_fetched(request: Request) -> bool:
    """Return whether a picture is asked for by one of our own pages that a person looks at."""
    if request.method != "GET" or any(AHEAD.search(request.headers.get(name, "")) for name in PURPOSES):
        return False
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin" and not _is_robot(request)


def _is_for_itself(request: Request, *sites: str) -> bool:
    """Whether it is no part of another page: a document of its own, or what a script of these sites asks for."""
    wanted = request.headers.get("Sec-Fetch-Dest", "document")
    return wanted == "document" or (wanted == "empty" and request.headers.get("Sec-Fetch-Site") in sites)


def _is_robot(request: Request) -> bool:
    return ROBOT.search(request.headers.get("User-Agent", "")) is not None
