"""Fonts of pictures: what they have is written as it is, everything else so that it can be read."""

from pathlib import Path

import pytest

from app.pictures import fonts


@pytest.mark.parametrize(
    "text",
    [
        "Björk – Post",
        "Antonín Dvořák",
        "Кино",
        "Ελένη Καραΐνδρου",
        "فيروز",
        "שלמה ארצי",
        "คาราบาว",
        "2.3\u00a0%",
        "Half · of it…",
    ],
)
def test_most_alphabets_are_written_as_they_are(text: str) -> None:
    assert fonts.legible(text) == text
    assert fonts.width(text) > 0.4 * len(text) - 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("🎵 Songs 🔥 of\nSummer", "Songs of Summer"),
        ("💿", ""),
        ("\u202eevil\x00\x07", "evil"),
        ("ᚠᚢ", "fu"),
        ("é" + "\u0301" * 30, "é" + "\u0301" * 3),
    ],
)
def test_what_no_font_has_is_spelled_or_left_out(text: str, written: str) -> None:
    assert fonts.legible(text) == written


def test_without_a_font_for_them_asian_names_are_spelled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "SYSTEM_FONTS", tmp_path)
    for cached in (fonts.others, fonts._font_of, fonts.width):
        cached.cache_clear()
    assert fonts.legible("방탄소년단").isascii()


def test_only_the_fonts_that_are_needed_are_read() -> None:
    assert [Path(file).name for file in fonts.files_for("Björk")] == ["Lato-Regular.ttf", "Lato-Bold.ttf"]
    assert [Path(file).name for file in fonts.files_for("Кино")][2:] == ["FiraGO-Regular.ttf", "FiraGO-Bold.ttf"]
