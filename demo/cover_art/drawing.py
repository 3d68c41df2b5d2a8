"""Covers of our own making: pictures that are drawn from an album's names, the same on every run."""

import colorsys
import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from math import cos, sin, tau

from PIL import Image, ImageDraw

from demo.musicbrainz.catalogue import CatalogueAlbum

DRAWN = 500
"""Pixels of a side. Thumbnails are scaled down from it, which makes their edges smooth."""
QUALITY = 85

Colour = tuple[int, int, int]
Draw = Callable[[ImageDraw.ImageDraw, random.Random, Sequence[Colour]], None]


@lru_cache(maxsize=32)
def draw_cover(album: CatalogueAlbum, size: int = 250) -> bytes:
    """Draw an album's front cover as JPEG, with `size` pixels a side."""
    chance = random.Random(str(album.group_mbid))
    colours = _colours(chance)
    picture = Image.new("RGB", (DRAWN, DRAWN), colours[0])
    chance.choice(DESIGNS)(ImageDraw.Draw(picture), chance, colours)
    written = BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def _colours(chance: random.Random) -> list[Colour]:
    """Choose a background, dark or light, and four colours that go with it."""
    hue, is_dark = chance.random(), chance.random() < 0.5
    background = (hue, 0.55, 0.22) if is_dark else (hue, 0.12, 0.94)
    turns = chance.choice(((0.0, 0.04, 0.08, 0.5), (0.33, 0.5, 0.1, 0.66), (0.45, 0.5, 0.55, 0.05)))
    others = [
        ((hue + turn) % 1, chance.uniform(0.45, 0.85), chance.uniform(0.6, 0.95) if is_dark else 0.7)
        for turn in turns
    ]
    return [_rgb(*each) for each in (background, *others)]


def _rgb(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue


def _circle(draw: ImageDraw.ImageDraw, at: tuple[float, float], radius: float, colour: Colour) -> None:
    (x, y), r = at, radius
    draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _sunset(draw: ImageDraw.ImageDraw, chance: random.Random, colours: Sequence[Colour]) -> None:
    horizon = chance.randint(260, 360)
    _circle(draw, (chance.randint(170, 330), horizon), chance.randint(110, 170), colours[1])
    draw.rectangle((0, horizon, DRAWN, DRAWN), fill=colours[0])
    for number in range(7):
        top = horizon + number * (DRAWN - horizon) / 7
        draw.rectangle((0, top, DRAWN, top + 3 + number * 2.2), fill=colours[2 + number % 2])


def _rings(draw: ImageDraw.ImageDraw, chance: random.Random, colours: Sequence[Colour]) -> None:
    at = (chance.randint(120, 380), chance.randint(120, 380))
    for number, radius in enumerate(range(460, 20, -chance.choice((34, 48, 62)))):
        _circle(draw, at, radius, colours[number % len(colours)])


def _stripes(draw: ImageDraw.ImageDraw, chance: random.Random, colours: Sequence[Colour]) -> None:
    left, lean = -300.0, chance.choice((-260, 0, 180, 320))
    while left < DRAWN + 300:
        width = chance.choice((18, 30, 56, 90))
        corners = ((left, DRAWN), (left + width, DRAWN), (left + width + lean, 0), (left + lean, 0))
        draw.polygon(corners, fill=chance.choice(colours))
        left += width


def _tiles(draw: ImageDraw.ImageDraw, chance: random.Random, colours: Sequence[Colour]) -> None:
    side = DRAWN // chance.choice((2, 3, 4))
    for x in range(0, DRAWN, side):
        for y in range(0, DRAWN, side):
            ground, colour = chance.sample(colours, 2)
            draw.rectangle((x, y, x + side, y + side), fill=ground)
            corner = chance.randrange(4)
            centre = (x + side * (corner % 2), y + side * (corner // 2))
            box = (centre[0] - side, centre[1] - side, centre[0] + side, centre[1] + side)
            start = {0: 0, 1: 90, 3: 180, 2: 270}[corner]
            draw.pieslice(box, start, start + 90, fill=colour)


def _hills(draw: ImageDraw.ImageDraw, chance: random.Random, colours: Sequence[Colour]) -> None:
    _circle(draw, (chance.randint(90, 410), chance.randint(80, 170)), chance.randint(30, 70), colours[4])
    for number in range(4):
        height, waves, phase = 190 + number * 80, chance.uniform(0.6, 1.8), chance.uniform(0, tau)
        line = [
            (x, height + (60 - 8 * number) * sin(phase + tau * waves * x / DRAWN))
            for x in range(0, DRAWN + 10, 10)
        ]
        draw.polygon([(0, DRAWN), *line, (DRAWN, DRAWN)], fill=colours[1 + number % 3])


def _rays(draw: ImageDraw.ImageDraw, chance: random.Random, colours: Sequence[Colour]) -> None:
    x, y, rays = chance.randint(150, 350), chance.randint(250, 500), chance.choice((10, 14, 20))
    for number in range(rays):
        ends = [
            (x + 900 * cos(tau * (number + half) / rays), y + 900 * sin(tau * (number + half) / rays))
            for half in (0, 0.5)
        ]
        draw.polygon(((x, y), *ends), fill=colours[1 + number % 2])
    _circle(draw, (x, y), chance.randint(50, 110), colours[3])


DESIGNS: tuple[Draw, ...] = (_sunset, _rings, _stripes, _tiles, _hills, _rays)
