"""Text in a picture: line breaks, and the largest font size that fits."""

import textwrap

LINE_LENGTH = 52  # letters of a headline in one line
# The width of letters in Lato Bold, as a part of the font size, rather too wide than too narrow.
LETTERS_BY_WIDTH = {
    1.06: "W",
    0.93: "M",
    0.84: "DHNOQmw%@…",
    0.73: "AGKUVX",
    0.67: "BCPRTYZ",
    0.53: "acegsvyzJL",
    0.42: "frt_-/",
    0.32: "ijlI:;()",
    0.28: " \u00a0.,’·",
}
OTHER_WIDTH = 0.59
WIDTHS = {letter: width for width, letters in LETTERS_BY_WIDTH.items() for letter in letters}


def wrap(text: str) -> list[str]:
    """Break the text into two lines of about the same length if it is long. Words stay whole."""
    if len(text) <= LINE_LENGTH:
        return [text]
    return next(
        lines
        for length in range(len(text) // 2, len(text) + 1)
        if len(lines := textwrap.wrap(text, length, break_long_words=False, break_on_hyphens=False)) <= 2
    )


def font_size(texts: list[str], largest: int, width: int) -> int:
    """Return the largest size, at most `largest`, in which each of the texts fits into the width."""
    widest = max((sum(WIDTHS.get(letter, OTHER_WIDTH) for letter in text) for text in texts), default=0.0)
    return min(largest, int(width / widest)) if widest else largest
