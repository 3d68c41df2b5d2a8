"""Lettering: words in a picture, in lines of about one length, as large as they have room."""

import textwrap

LETTERS = 52  # of a headline in one line
# How wide letters are in Lato Bold, in parts of its size and rather too wide.
WIDTHS = {
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
ELSE = 0.59
OF_LETTERS = {letter: width for width, letters in WIDTHS.items() for letter in letters}


def lines(text: str) -> list[str]:
    """The text in one line, or in two that are about as long as each other; names are not broken."""
    if len(text) <= LETTERS:
        return [text]
    return next(
        wrapped
        for letters in range(len(text) // 2, len(text) + 1)
        if len(wrapped := textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False)) <= 2
    )


def size(texts: list[str], largest: int, room: int) -> int:
    """The largest size in which each of the texts has room, at most `largest`."""
    widest = max((sum(OF_LETTERS.get(letter, ELSE) for letter in text) for text in texts), default=0.0)
    return min(largest, int(room / widest)) if widest else largest
