"""The placeholder: a sleeve with its record, drawn in the colour of the decade in which the album came out."""

from functools import lru_cache

DECADES = {
    1900: "#8a7a5c",
    1910: "#8f7650",
    1920: "#937045",
    1930: "#7d6b57",
    1940: "#6f7458",
    1950: "#3f8f86",
    1960: "#c98a1b",
    1970: "#b8552c",
    1980: "#a63a78",
    1990: "#4d7c4f",
    2000: "#3d78ab",
    2010: "#7a63b3",
    2020: "#2b8a9c",
}
"""Decade -> colour; each is dark enough for white on it, and light enough for a dark page."""
NO_DECADE = "#77706a"

WAITING_SIZE, FINAL_SIZE = 2, 8
"""Its own width and height, by which covers.js knows whether the cover may still come. Pages scale it."""


def colour_of(release_year: int | None) -> str:
    """Return the colour of a release year's decade."""
    if release_year is None:
        return NO_DECADE
    return DECADES[max(min(DECADES), min(max(DECADES), release_year // 10 * 10))]


@lru_cache(maxsize=64)
def draw_placeholder(release_year: int | None, *, is_final: bool) -> bytes:
    """Draw what stands in the place of a cover, as SVG."""
    size = FINAL_SIZE if is_final else WAITING_SIZE
    grooves = "".join(f'<circle r="{radius}"/>' for radius in (13, 16, 19))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="-32 -32 64 64">'
        f'<rect x="-32" y="-32" width="64" height="64" fill="{colour_of(release_year)}"/>'
        '<path d="M-32 32V-32H32Z" fill="#fff" fill-opacity=".09"/>'
        '<circle r="22" fill="#000" fill-opacity=".3"/>'
        f'<g fill="none" stroke="#fff" stroke-opacity=".16" stroke-width=".7">{grooves}</g>'
        '<circle r="8.5" fill="#fff" fill-opacity=".85"/>'
        f'<circle r="1.8" fill="{colour_of(release_year)}"/></svg>'
    ).encode()
