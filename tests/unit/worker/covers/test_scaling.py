"""Scaling: small pictures of whatever is one, and nothing of what is none."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from demo.cover_art.drawing import draw_cover
from demo.cover_art.stand_in import bomb
from demo.musicbrainz.catalogue import albums
from worker.covers.scaling import MAX_PIXELS, MAX_SCANS, NotAPicture, scale

RED, BLUE = (200, 30, 30), (30, 30, 200)


def written(size: tuple[int, int], kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    """A picture of one colour."""
    colour: Any = {"RGB": RED, "RGBA": (*RED, 0), "L": 90, "CMYK": (0, 200, 200, 20), "P": 3, "I;16": 900, "1": 1}
    into = BytesIO()
    Image.new(mode, size, colour[mode]).save(into, kind, **options)
    return into.getvalue()


def opened(picture: bytes) -> Image.Image:
    image = Image.open(BytesIO(picture))
    image.load()
    return image


def test_a_cover_is_there_in_both_sizes_as_light_webp() -> None:
    small = scale(draw_cover(albums()[0]))
    found = {size: opened(picture) for size, picture in small.items()}
    assert {size: (one.format, one.size) for size, one in found.items()} == {
        64: ("WEBP", (64, 64)),
        250: ("WEBP", (250, 250)),
    }
    assert len(small[64]) < 4_000
    assert len(small[250]) < 30_000


@pytest.mark.parametrize(
    ("size", "small"), [((250, 200), (64, 51)), ((120, 250), (31, 64)), ((40, 30), (40, 30)), ((2000, 1), (64, 1))]
)
def test_a_cover_keeps_its_shape_and_none_is_enlarged(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert opened(scale(written(size))[64]).size == small


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", mode) for mode in ("L", "CMYK")),
        *(("PNG", mode) for mode in ("RGBA", "P", "1", "I;16")),
        *(("GIF", "P"), ("WEBP", "RGBA")),
    ],
)
def test_every_kind_of_picture_becomes_one_in_colour(kind: str, mode: str) -> None:
    assert opened(scale(written((300, 300), kind, mode))[250]).mode == "RGB"


def test_what_is_transparent_is_white() -> None:
    assert opened(scale(written((100, 100), "PNG", "RGBA"))[64]).getpixel((9, 9)) == (255, 255, 255)


def test_a_cover_that_lies_on_its_side_is_put_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert opened(scale(written((200, 100), exif=turned))[64]).size == (32, 64)


def test_of_a_moving_picture_the_first_one_is_taken() -> None:
    into = BytesIO()
    first, second = (Image.new("RGB", (80, 80), colour) for colour in (RED, BLUE))
    first.save(into, "GIF", save_all=True, append_images=[second] * 500)
    red, _, blue = opened(scale(into.getvalue())[64]).getpixel((5, 5))  # type: ignore[misc]
    assert red > blue


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<h1>Down for maintenance</h1>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"\x89PNG\r\n\x1a\n" + bytes(2000),
        draw_cover(albums()[0])[:3000],
        written((300, 300), "BMP"),
        written((300, 300), "TIFF"),
        written((3000, 3000), "PNG"),
        bomb(),
    ],
    ids=["nothing", "a page", "a drawing", "a head", "half a JPEG", "BMP", "TIFF", "too large", "a bomb"],
)
def test_what_is_no_picture_of_a_cover_is_refused(content: bytes) -> None:
    assert MAX_PIXELS < 3000 * 3000
    with pytest.raises(NotAPicture):
        scale(content)


def test_a_picture_that_is_drawn_again_and_again_is_none() -> None:
    whole = written((300, 300), mode="L", progressive=True)
    assert opened(scale(whole)[250]).size == (250, 250)
    scan, end = whole[whole.rfind(b"\xff\xda") : -2], whole[-2:]
    with pytest.raises(NotAPicture):
        scale(whole[:-2] + MAX_SCANS * scan + end)
