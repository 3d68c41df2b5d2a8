"""The operator's buttons: what the commands of `lastyear` do as well, by the same functions.

They are there only where OPERATOR_MAY_CHANGE allows it (`auth.refuse_changes`). Those that need the app database
connect to it for that moment alone.
"""

import hmac
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.durations import format_duration
from app.jobs import admin
from app.jobs.admin import ForgottenForGood
from app.jobs.forget import forget_listener
from app.logs.names import LISTENER
from app.redis.notice import MAX_CHARACTERS, BadNotice, clear_notice, read_notice, write_notice
from app.redis.pause import pause, paused_since, resume
from app.store import connect
from app.web.context import context
from app.web.errors import Problem
from app.web.routing import listener_name, listening_year_of

blueprint = Blueprint("changes", __name__, url_prefix="/operator/changes")

DONE = {
    "queued": "The year is queued.",
    "joined": "The year was on its way already.",
    "forgotten": "Everything about the listener is deleted.",
    "nothing": "Nothing was stored about the listener.",
    "paused": "Fetching is paused. Fetches under way stop after the stretch in hand.",
    "resumed": "Fetching goes on.",
    "told": "Every page shows the notice now.",
    "cleared": "No page shows a notice any more.",
}
"""What was done, by the word that the next page's address says it with: no name is in it."""


@blueprint.before_request
def refuse() -> None:
    """Refuse whoever may only look, and a form that is not from this page."""
    if not context().settings.operator_may_change:
        raise Problem(403, "These pages are read-only", "To change anything here, set OPERATOR_MAY_CHANGE=true.")
    if request.method == "POST" and not _is_ours(request.form.get("token", "")):
        raise Problem(403, "This form is too old", "Open the page again and use its buttons.")


@blueprint.get("")
def show() -> str:
    """Show what can be changed, and what was changed just now."""
    since = paused_since(context().redis)
    return render_template(
        "changes.html",
        said=DONE.get(request.args.get("done", ""), ""),
        paused_for=format_duration(max(datetime.now(UTC) - since, timedelta())) if since else "",
        notice=read_notice(context().redis),
        most=MAX_CHARACTERS,
        has_database=bool(_database()),
        this_year=datetime.now(UTC).year,
        token=_tokens()[0],
    )


@blueprint.post("/fetch")
def fetch() -> Response:
    """Have a year fetched, all of it if that is asked for."""
    name, year = _named(), listening_year_of(request.form.get("year", "").strip())
    with connect(_database()) as connection:
        try:
            anew = request.form.get("anew") == "on"
            asked = admin.ask_for_year(connection, context().redis, name, year, anew=anew)
        except ForgottenForGood:
            advice = f"`lastyear admit {name}` lets the listener be shown again."
            raise Problem(409, f"{name} was forgotten for good", advice) from None
    return _done("queued" if asked.is_new else "joined")


@blueprint.post("/forget")
def forget() -> Response | str:
    """Ask once more, then delete everything about a listener."""
    name, confirmed = _named(), request.form.get("confirmed", "")
    if confirmed not in ("for now", "for good"):
        return render_template("forget.html", name=name, token=_tokens()[0])
    for_good = confirmed == "for good"
    with connect(_database()) as connection:
        found = forget_listener(connection, context().redis, name, for_good=for_good)
    return _done("forgotten" if found or for_good else "nothing")


@blueprint.post("/pause")
def pause_fetching() -> Response:
    """Pause fetching."""
    pause(context().redis)
    return _done("paused")


@blueprint.post("/resume")
def resume_fetching() -> Response:
    """Go on with it."""
    resume(context().redis)
    return _done("resumed")


@blueprint.post("/notice")
def tell() -> Response:
    """Have every page say something, or nothing any more."""
    if request.form.get("clear"):
        clear_notice(context().redis)
        return _done("cleared")
    try:
        write_notice(context().redis, request.form.get("text", ""))
    except BadNotice as error:
        raise Problem(400, "That cannot be a notice", str(error)) from None
    return _done("told")


def _named() -> str:
    name = request.form.get("name", "").strip()
    structlog.contextvars.bind_contextvars(**{LISTENER: name})
    return listener_name(name)


def _database() -> str:
    return context().settings.database_url.get_secret_value()


def _done(what: str) -> Response:
    return redirect(url_for(".show", done=what), 303)


def _tokens() -> tuple[str, str]:
    """Return today's token of our forms, and yesterday's, which a page that was open at midnight still has."""
    today = _today()
    return _token(today), _token(today - timedelta(days=1))


def _today() -> date:
    return datetime.now(UTC).date()


def _is_ours(token: str) -> bool:
    return any(hmac.compare_digest(token.encode(), ours.encode()) for ours in _tokens())


def _token(day: date) -> str:
    key = context().settings.operator_password.get_secret_value().encode()
    return hmac.new(key, f"forms of {day}".encode(), sha256).hexdigest()
