"""Scaling: small pictures of a cover, whatever the archive has sent in its place."""

import warnings
from collections.abc import Mapping
from io import BytesIO

from PIL import Image, ImageOps

from app.redis.covers import SIZES

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MAX_PIXELS = 4_000_000
"""A thumbnail has 250 by 250; a picture with more than this takes too much time and memory."""
MAX_SCANS = 100
"""In a JPEG, which has some ten: each decodes the whole picture once more, from as few as 14 bytes."""
JPEG, SCAN = b"\xff\xd8", b"\xff\xda"
QUALITY = 80
BACKGROUND = "white"


class NotAPicture(Exception):
    """This cannot be decoded, or only to more than anybody would call a thumbnail."""


def scale(content: bytes) -> Mapping[int, bytes]:
    """Return the picture as WebP in each size, which is that of its longer side; none is enlarged.

    Raises NotAPicture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of what is suspicious
            picture = _decode(content)
    except Exception as error:  # noqa: BLE001  decoders raise whatever they stumble over
        raise NotAPicture(type(error).__name__) from None
    return {size: _webp(picture, size) for size in SIZES}


def _decode(content: bytes) -> Image.Image:
    if content.startswith(JPEG) and content.count(SCAN) > MAX_SCANS:
        raise ValueError
    with Image.open(BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size  # from its head: nothing is decoded yet
        if not 0 < width * height <= MAX_PIXELS:
            raise ValueError
        opened.draft("RGB", (max(SIZES), max(SIZES)))  # a large JPEG is decoded smaller
        opened.load()
        turned = ImageOps.exif_transpose(opened)
        if not turned.has_transparency_data:
            return turned.convert("RGB")
        layer = turned.convert("RGBA")
        whole = Image.new("RGB", layer.size, BACKGROUND)
        whole.paste(layer, mask=layer.getchannel("A"))
        return whole


def _webp(picture: Image.Image, size: int) -> bytes:
    small = picture.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS)
    written = BytesIO()
    small.save(written, "WEBP", quality=QUALITY, method=6)
    return written.getvalue()
