"""The site's own address, for links that leave it, and what comes from its own pages."""

from flask import Request, abort, request

from app.web.context import context


def site_url() -> str:
    """Return the address of the site without a slash at its end: SITE_URL, or the host that was asked for."""
    return context().settings.site_url or request.host_url.rstrip("/")


def is_same_origin(request: Request) -> bool:
    """Return whether one of our own pages sent this form: browsers say where a form came from."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return _is_ours(request.headers.get("Origin", ""), request)


def require_own_page() -> None:
    """Refuse a form that none of our own pages sent. Raises Forbidden."""
    if not is_same_origin(request):
        abort(403, "This can only be asked for from the page itself.")


def is_foreign(request: Request) -> bool:
    """Return whether a page of another site asks. A program, which says nothing of itself, is not foreign."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in ("same-origin", "none")
    # By its host alone: behind a proxy we may not know that it is asked by https.
    return origin is not None and not (_is_ours(origin, request) or origin.partition("//")[2] == request.host)


def _is_ours(origin: str, request: Request) -> bool:
    return bool(origin) and origin in (context().settings.site_url, request.host_url.rstrip("/"))
