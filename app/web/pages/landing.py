"""The landing page, the page that explains the site, and the form's way to a listener."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.charts.example import LISTENING_YEAR, example
from app.pictures.content import Content
from app.pictures.drawing import draw_picture
from app.web.context import context
from app.web.routing import listener_name, typed
from app.web.sharing.answers import rendered
from app.web.words import wording

blueprint = Blueprint("landing", __name__)

NOT_FOR_ROBOTS = ("/user?", "/user/*/*/", "/user/*.csv", "/user/*.json", "/*?*with=", "/album/", "/api/v1/users/")


@blueprint.get("/")
def show() -> str:
    """Ask for a name, under an example chart."""
    return render_template("landing.html", example=example(), year=LISTENING_YEAR)


@blueprint.get("/card.png")
def card() -> Response:
    """Show the example as a picture, for links to pages that have none of their own."""
    drawn = draw_picture(
        Content(title="LastYear.fm", headline=wording.QUESTION, facts=wording.ANSWER),
        wording.ANSWER,
        bars=example(),
        own=LISTENING_YEAR,
    )
    return make_response(rendered(drawn), {"Content-Type": "image/png", "Cache-Control": "max-age=86400"})


@blueprint.get("/about")
def about() -> str:
    """Explain how it works, what the numbers mean and whose data it is."""
    return render_template("about.html", contact=context().settings.contact)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Tell robots what they may read: all but what asks the database. Pages about a listener say `noindex`."""
    text = "".join(f"{line}\n" for line in ("User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS)))
    return make_response(text, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "max-age=86400"})


@blueprint.get("/user")
def find() -> Response:
    """Lead from the form to the listener's years, or to the one that was typed."""
    name, year = typed(request.args.get("name", ""))
    name = listener_name(name)
    return redirect(
        url_for("year.show", name=name, year=year) if year else url_for("listener.show", name=name), 303
    )
