"""What is drawn in the place of a cover: a plain picture in the colour of a decade."""

from xml.etree import ElementTree

import pytest

from app.web.covers.placeholder import DECADES, NO_DECADE, colour_of, draw_placeholder


@pytest.mark.parametrize(
    ("year", "decade"), [(1977, 1970), (1970, 1970), (1979, 1970), (2026, 2020), (1890, 1900), (9999, 2020)]
)
def test_each_decade_has_its_colour(year: int, decade: int) -> None:
    assert colour_of(year) == DECADES[decade]
    assert colour_of(year).encode() in draw_placeholder(year, is_final=False)


def test_an_album_without_a_year_has_none_of_them() -> None:
    assert colour_of(None) == NO_DECADE
    assert len({*DECADES.values(), NO_DECADE}) == len(DECADES) + 1


@pytest.mark.parametrize(("is_final", "width"), [(False, "2"), (True, "8")])
def test_it_says_by_its_width_whether_the_cover_may_still_come(is_final: bool, width: str) -> None:
    drawn = ElementTree.fromstring(draw_placeholder(1977, is_final=is_final))  # noqa: S314  our own
    assert (drawn.get("width"), drawn.get("height"), drawn.get("viewBox")) == (width, width, "-32 -32 64 64")


def test_it_is_light_and_has_nothing_that_a_policy_would_refuse() -> None:
    text = draw_placeholder(1977, is_final=True).decode()
    assert len(text) < 800
    assert not any(word in text for word in ("style", "script", "href", "url("))
