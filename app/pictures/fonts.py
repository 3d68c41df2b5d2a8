"""The fonts of pictures: which letters they have, how wide a text is in them, and what to write instead.

Lato is the font of pictures. What it lacks comes from FiraGO, which has most alphabets, and from fonts of the
machine that have Chinese, Japanese and Korean.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import pymupdf_fonts
import uharfbuzz as harfbuzz
from anyascii import anyascii

FAMILY = "Lato, FiraGO, system-ui, sans-serif"
SYSTEM_FONTS = Path("/usr/share/fonts")
ASIAN = (
    "truetype/droid/DroidSansFallbackFull.ttf",
    "truetype/nanum/NanumGothic.ttf",
    "opentype/noto/NotoSansCJK-Regular.ttc",
)
"""Where Debian's fonts-droid-fallback, fonts-nanum and fonts-noto-cjk put theirs."""
MAX_MARKS = 3  # above and below one letter; more would run over other lines
JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Font:
    """A font by its file, and the one of its family that is bold."""

    regular: Path
    bold: Path

    def has(self, letter: str) -> bool:
        """Whether it has a glyph for this letter."""
        return ord(letter) in _letters(self.regular)

    def width(self, text: str, *, bold: bool) -> float:
        """Return how wide the text is, as a part of the font's size."""
        font = _shaper(self.bold if bold else self.regular)
        buffer = harfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        harfbuzz.shape(font, buffer)
        advances: list[int] = [glyph.x_advance for glyph in buffer.glyph_positions]
        return sum(advances) / float(font.face.upem)


@cache
def lato() -> Font:
    """Return the font that nearly everything is written in."""
    folder = Path(str(files("font_lato") / "files"))
    return Font(folder / "Lato-Regular.ttf", folder / "Lato-Bold.ttf")


@cache
def others() -> tuple[Font, ...]:
    """Return the fonts for letters that Lato lacks, as far as they are installed, the best first."""
    folder = Path(_folder().name)
    regular, bold = folder / "FiraGO-Regular.ttf", folder / "FiraGO-Bold.ttf"
    regular.write_bytes(pymupdf_fonts.myfont("figo"))
    bold.write_bytes(pymupdf_fonts.myfont("figbo"))
    asian = [SYSTEM_FONTS / name for name in ASIAN]
    return (Font(regular, bold), *(Font(file, file) for file in asian if file.exists()))


@cache
def _folder() -> "TemporaryDirectory[str]":
    """Return a folder that is deleted with this process: the renderer reads files alone."""
    return TemporaryDirectory(prefix="lastyear-fonts-")


def files_for(text: str) -> list[str]:
    """Return the font files that are needed to draw this text."""
    fonts = [lato()]
    if not _is_plain(text):
        used = {_font_of(letter) for letter in set(text)}
        fonts += [font for font in others() if font in used]
    return [str(file) for font in fonts for file in dict.fromkeys((font.regular, font.bold))]


@lru_cache(4096)
def width(text: str, *, bold: bool = False) -> float:
    """Return how wide the text is drawn, as a part of the font's size."""
    if not text:
        return 0.0
    if _is_plain(text):
        return lato().width(text, bold=bold)
    runs = groupby(text, key=_font_of)
    return sum((font or lato()).width("".join(run), bold=bold) for font, run in runs)


def legible(text: str) -> str:
    """Return the text as the fonts can write it, in one line.

    Letters that no font has are written in Latin ones; emoji and other signs, and whatever only steers how text
    runs, are left out. Nothing but these leaves nothing.
    """
    if _is_plain(text):
        return _in_one_line(text)
    letters = unicodedata.normalize("NFC", text)
    return _in_one_line("".join(_without_piles(_written(letter) for letter in letters)))


def _in_one_line(text: str) -> str:
    """Put a blank where there are several; those that keep two words together stay."""
    return " ".join(filter(None, re.split("[ \n]+", text)))


def _written(letter: str) -> str:
    if letter.isspace():
        return letter if letter == "\u00a0" else " "
    kind = unicodedata.category(letter)
    if kind[0] == "C" and letter not in JOINERS:
        return ""
    if _font_of(letter):
        return letter
    return anyascii(letter) if kind[0] in "LN" else ""


def _without_piles(letters: Iterable[str]) -> Iterable[str]:
    """Leave out marks beyond those that a letter of any language has."""
    marks = 0
    for letter in letters:
        marks = marks + 1 if letter and unicodedata.category(letter[0]) == "Mn" else 0
        if marks <= MAX_MARKS:
            yield letter


def _is_plain(text: str) -> bool:
    return all(letter in " \n" or lato().has(letter) for letter in text)


@lru_cache(16_384)
def _font_of(letter: str) -> Font | None:
    """Return the first font that has the letter."""
    return next((font for font in (lato(), *others()) if font.has(letter)), None)


@cache
def _letters(file: Path) -> frozenset[int]:
    return frozenset(code for code in _shaper(file).face.unicodes if code >= ord(" "))


@cache
def _shaper(file: Path) -> "harfbuzz.Font":
    return harfbuzz.Font(harfbuzz.Face(harfbuzz.Blob.from_file_path(str(file))))
