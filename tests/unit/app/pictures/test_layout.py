"""The layout of pictures: whatever the names are, no text runs out of the picture or over another one."""

from dataclasses import replace
from itertools import combinations

import pytest

from app.pictures.content import Album, Content, Figure, Listener
from app.pictures.layout import Layout, lay_out
from app.pictures.shapes import FRAMES, Shape
from app.pictures.text import Text

LONG = "A-name-as_long.as_Last.fm_allows"
HOSTILE = (
    "Kind of Blue",
    "W" * 80,
    "i" * 80,
    "A title that goes on and on " * 6,
    "宇多田ヒカル 初恋",
    "방탄소년단",
    "معرفتي فيك",
    "\u202e‮evil\u202c",
    "🎵🔥💿",
    "Z" + "\u0301" * 60,
    "",
    "\x00\n\t",
    "ﷺ" * 20,
)
SOURCE = ("Listening data powered by AudioScrobbler, last.fm", "https://www.last.fm/")
COVERAGE = "elease year known for 829,000 of 1,000,000 plays"
FACTS = f"Middle year 1992 · average age 31 years · 1.2\u00a0% new in 2023 · r{COVERAGE}"
HALF = "half of the music with a known release year that"


def of_one(name: str, title: str) -> Content:
    return Content(
        title=f"{name}’s 2023 so far, by the year of each song",
        headline=f"More than {HALF} {name} played in 2023 so far came out by 1992.",
        emphasis="by 1992",
        facts=FACTS,
        figures=(
            Figure("Middle year", "1992"),
            Figure("Average age", "under a year"),
            Figure("Most played decade", "under 0.1\u00a0%"),
        ),
        albums=tuple(Album(1977, title, artist, 1_234_567) for artist in (title, LONG, "", "U2", "W" * 80)),
        remark="Musical age 62: 4.1 times as much from 1978 to 1982 as others",
        coverage=f"R{COVERAGE}",
        source=SOURCE,
    )


def of_two(name: str, title: str) -> Content:
    return Content(
        title=f"{name} and {name[::-1]} in 2023, by the year of each song",
        headline=f"In 2023 {HALF} {name} played and half of {name[::-1]}’s came out by 1992.",
        listeners=(Listener(name, FACTS, "accent"), Listener(name[::-1], f"{FACTS} {title}", "other")),
        albums=tuple(Album(1977, title, title, 5, mark) for mark in ("accent", "accent", "other", "other")),
        source=SOURCE,
    )


def overlap(one: Text, other: Text) -> bool:
    """Whether the two cover each other by more than accents that few letters have."""
    left, top, right, bottom = one.box
    other_left, other_top, other_right, other_bottom = other.box
    is_beside = right <= other_left + 0.5 or other_right <= left + 0.5
    slack = 0.25 * max(one.size, other.size)
    return not (is_beside or bottom <= other_top + slack or other_bottom <= top + slack)


def check(layout: Layout, shape: Shape) -> None:
    frame = FRAMES[shape]
    for text in layout.texts:
        left, top, right, bottom = text.box
        assert left >= frame.margin - 0.5, text
        assert right <= frame.right + 0.5, text
        assert top >= frame.top - 0.5 * text.size, text
        assert bottom <= frame.bottom + 1, text
        assert text.text.strip(), text
        assert text.size >= 10, text
    for one, other in combinations(layout.texts, 2):
        assert not overlap(one, other), (one, other)
    for box in layout.boxes:
        assert box.x >= frame.margin - 0.5, box
        assert box.x + box.width <= frame.right + 0.5, box
    if layout.plot:
        plot = layout.plot
        assert plot.height >= 0.14 * frame.width, "a chart that can be read"
        assert plot.x + plot.width <= frame.right
        for text in layout.texts:
            _, top, _, bottom = text.box
            assert bottom <= plot.y or top >= plot.y + plot.height + 12 * plot.scale, text


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_runs_out_of_a_picture_or_over_another(shape: Shape, title: str) -> None:
    for name in ("U2", LONG, "W" * 32):
        check(lay_out(of_one(name, title), FRAMES[shape], has_chart=True), shape)
        check(lay_out(of_two(name, title), FRAMES[shape], has_chart=True), shape)
        check(lay_out(Content(of_one(name, title).title, title), FRAMES[shape], has_chart=False), shape)


@pytest.mark.parametrize("shape", Shape)
def test_an_album_without_a_name_that_can_be_written_is_left_out(shape: Shape) -> None:
    texts = lay_out(of_one("U2", "🎵🔥💿"), FRAMES[shape], has_chart=True).texts
    assert "Most played" not in [text.text for text in texts]


def test_a_link_card_has_no_albums_and_taller_pictures_as_many_as_they_have_room_for() -> None:
    for shape, albums in ((Shape.LINK, 0), (Shape.SQUARE, 3), (Shape.STORY, 5)):
        content = replace(of_one("U2", "Kind of Blue"), headline="Half of it came out by 1992.")
        texts = lay_out(content, FRAMES[shape], has_chart=True).texts
        assert sum(text.text == "1,234,567 plays" for text in texts) == albums
