"""Snippets: what to paste into a page, a README or a forum, so that a chart, a picture or a badge stands there."""

from dataclasses import dataclass

from markupsafe import escape

EMBED_HEIGHT = 420  # pixels


@dataclass(frozen=True)
class Snippet:
    """A text to copy: what it puts where, and the id of its field."""

    id: str
    label: str
    text: str


def chart_frame(embed: str, title: str) -> Snippet:
    """Put the chart on a website."""
    text = (
        f'<iframe src="{escape(embed)}" title="{escape(title)}" width="100%" height="{EMBED_HEIGHT}"'
        ' loading="lazy" style="border:0;max-width:50rem"></iframe>'
    )
    return Snippet("snippet-chart", "The chart on a website (HTML)", text)


def picture_link(page: str, picture: str, alt: str, size: tuple[int, int]) -> Snippet:
    """Put the picture on a website; it leads to the page."""
    width, height = size
    image = f'<img src="{escape(picture)}" alt="{escape(alt)}" width="{width}" height="{height}">'
    return Snippet("snippet-html", "The picture on a website (HTML)", f'<a href="{escape(page)}">{image}</a>')


def markdown(page: str, picture: str, alt: str, what: str) -> Snippet:
    """Put a badge or a picture into a README."""
    plain = alt.translate({ord(sign): f"\\{sign}" for sign in "\\[]"})
    return Snippet("snippet-markdown", f"{what} in a README (Markdown)", f"[![{plain}]({picture})]({page})")


def bbcode(page: str, picture: str) -> Snippet:
    """Put the picture into a forum."""
    text = f"[url={page}][img]{picture}[/img][/url]"
    return Snippet("snippet-bbcode", "The picture in a forum (BBCode)", text)
