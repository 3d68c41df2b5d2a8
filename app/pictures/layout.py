"""The layout of a picture: where its texts, boxes and chart stand, so that nothing overlaps or runs out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.pictures import fonts
from app.pictures.content import Album, Content, Mark
from app.pictures.shapes import Frame
from app.pictures.text import DESCENT, Text, fitted, paragraph

BRAND = "LastYear.fm"
LEADING = 1.22  # from line to line, as a part of the size
SMALLEST = 0.62  # how far a text is shrunk before it is cut short, as a part of its size
LABELS, SCALE = 26.0, 54.0
"""Room for a chart's labels below it and beside it, at scale 1."""
HIGHEST = 0.78  # how high a chart is at most, as a part of its width
LOWEST = 0.3  # and at least, with its labels, as a part of the picture's width: albums give way to it


@dataclass(frozen=True)
class Box:
    """A rectangle: the ground of a tile, a key of a colour."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    radius: float = 0.0


@dataclass(frozen=True)
class Plot:
    """Where the chart is, and how much larger its labels are than on a page."""

    x: float
    y: float
    width: float
    height: float
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Its width and height before it is made larger."""
        return round(self.width / self.scale), round(self.height / self.scale)


@dataclass(frozen=True)
class Layout:
    """Everything in its place."""

    texts: tuple[Text, ...]
    boxes: tuple[Box, ...]
    plot: Plot | None
    emphasis: str = ""


def lay_out(content: Content, frame: Frame, *, has_chart: bool) -> Layout:
    """Put everything in its place. What is below the chart stands at the foot; the chart has the room between."""
    head = list(_head(content, frame, is_alone=not has_chart))
    top = max((text.box[3] for text in head), default=frame.top)
    foot = _foot(content, frame)
    end = min(text.box[1] for text in foot)
    below, boxes, bottom = _below(content, frame, end)
    while content.albums and bottom - top < LOWEST * frame.width:
        fewer = len(content.listeners) or 1  # of each of two as many
        content = replace(content, albums=content.albums[: frame.albums][:-fewer])
        below, boxes, bottom = _below(content, frame, end)
    plot = _plot(frame, top, bottom) if has_chart else None
    texts = (text for text in (*head, *below, *foot) if not text.is_empty)
    return Layout(tuple(texts), tuple(boxes), plot, fonts.legible(content.emphasis))


def _head(content: Content, frame: Frame, *, is_alone: bool) -> Iterator[Text]:
    """Place the title, and below it the headline; without a chart somewhat lower."""
    y = frame.top + frame.title + is_alone * 0.12 * frame.height
    yield _fit(Text(content.title, frame.margin, y, frame.title, "muted"), frame.room)
    smallest = frame.headline * SMALLEST
    told = paragraph(content.headline, frame.room, frame.headline, smallest, lines=frame.lines, bold=True)
    y += 0.55 * frame.title + 1.1 * told.size
    for nth, line in enumerate(told.lines):
        at = y + nth * LEADING * told.size
        yield _fit(Text(line, frame.margin, at, told.size, bold=True, is_headline=True), frame.room)


def _foot(content: Content, frame: Frame) -> list[Text]:
    """Place the site's name at the right, and where the plays come from at the left."""
    y = frame.bottom - DESCENT * max(frame.facts, frame.foot)
    brand = Text(BRAND, frame.right, y, frame.facts, "accent", bold=True, anchor="end")
    if content.source is None:
        return [brand]
    told, address = content.source
    source = Text(told, frame.margin, y, frame.foot, "muted", address=address)
    return [brand, _fit(source, frame.room - brand.width - frame.facts)]


def _below(content: Content, frame: Frame, bottom: float) -> tuple[list[Text], list[Box], float]:
    """Place what stands between the chart and the foot, from below. Return also where it begins."""
    texts: list[Text] = []
    boxes: list[Box] = []
    gap = 0.7 * frame.facts
    parts = [
        _coverage(content, frame),
        _albums(content, frame),
        _listeners(content, frame),
        _remark(content, frame),
        _figures(content, frame),
    ]
    for part in parts:
        if part.height:
            bottom -= part.height + gap
            texts += (replace(text, y=round(text.y + bottom, 1)) for text in part.texts)
            boxes += (replace(box, y=round(box.y + bottom, 1)) for box in part.boxes)
    return texts, boxes, bottom


@dataclass(frozen=True)
class _Part:
    """Texts and boxes from y 0 on, and how high they are together."""

    texts: Sequence[Text] = ()
    boxes: Sequence[Box] = ()
    height: float = 0.0


def _coverage(content: Content, frame: Frame) -> _Part:
    if not (content.coverage and frame.has_tiles):
        return _Part()
    size = 0.85 * frame.facts
    return _Part([_fit(Text(content.coverage, frame.margin, size, size, "muted"), frame.room)], height=1.25 * size)


def _remark(content: Content, frame: Frame) -> _Part:
    if not (content.remark and frame.has_tiles):
        return _Part()
    size = frame.facts
    return _Part([_fit(Text(content.remark, frame.margin, size, size), frame.room)], height=1.2 * size)


def _figures(content: Content, frame: Frame) -> _Part:
    """Place the numbers: in tiles beside each other, or in one line."""
    size = frame.facts
    if not frame.has_tiles:
        line = _fit(Text(content.facts, frame.margin, size, size, "muted"), frame.room)
        return _Part([line], height=1.2 * size) if content.facts else _Part()
    if not content.figures:
        return _Part()
    gap, inner, height = 0.6 * size, 0.8 * size, 4.0 * size
    width = (frame.room - gap * (len(content.figures) - 1)) / len(content.figures)
    texts, boxes = [], []
    for nth, figure in enumerate(content.figures):
        x = frame.margin + nth * (width + gap)
        boxes.append(Box(x, 0, width, height, "card", radius=0.5 * size))
        label = Text(figure.label, x + inner, 1.4 * size, 0.85 * size, "muted")
        value = Text(figure.value, x + inner, 3.15 * size, 1.65 * size, bold=True)
        texts += [_fit(text, width - 2 * inner) for text in (label, value)]
    return _Part(texts, boxes, height)


def _listeners(content: Content, frame: Frame) -> _Part:
    """Place a line for each of two, or two where there is more height, with the key of the chart before it."""
    size, texts, boxes, y = frame.facts, list[Text](), list[Box](), 0.0
    left = frame.margin + 1.5 * size
    for listener in content.listeners:
        name = _fit(Text(listener.name, left, y + size, size, bold=True, is_tight=True), frame.right - left)
        boxes.append(_key(listener.mark, frame.margin, y + size, size))
        texts.append(name)
        after = name.box[2] + 0.5 * size
        if not frame.has_tiles:
            facts = Text(listener.facts, after, y + size, size, "muted")
            texts.append(_fit(facts, frame.right - after, smallest=0.5))
            y += 1.5 * size
            continue
        told = paragraph(listener.facts, frame.right - left, 0.9 * size, 0.6 * size, lines=2, bold=False)
        for line in told.lines:
            y += 1.3 * size
            texts.append(_fit(Text(line, left, y + size, told.size, "muted"), frame.right - left))
        y += 1.9 * size
    return _Part(texts, boxes, y)


def _key(mark: Mark, x: float, baseline: float, size: float) -> Box:
    height = 0.22 * size if mark == "other" else 0.72 * size
    return Box(x, baseline - 0.36 * size - height / 2, size, height, mark or "accent", radius=2)


def _albums(content: Content, frame: Frame) -> _Part:
    albums = [one for one in content.albums[: frame.albums] if fonts.legible(one.title)]
    if not albums:
        return _Part()
    size = frame.facts
    texts = [Text("Most played", frame.margin, size, size, "muted")]
    boxes: list[Box] = []
    for nth, album in enumerate(albums):
        row = _Row(frame, 1.3 * size + (nth + 0.5) * frame.row)
        texts += row.texts(album)
        boxes.append(Box(frame.margin, 1.3 * size + nth * frame.row, frame.room, 1.5, "line"))
    return _Part(texts, boxes, 1.3 * size + len(albums) * frame.row)


@dataclass(frozen=True)
class _Row:
    """An album's row: its year at the left, its plays at the right, its names in between."""

    frame: Frame
    middle: float

    def texts(self, album: Album) -> Iterator[Text]:
        frame, size = self.frame, self.frame.facts
        baseline = self.middle + 0.36 * size
        year = Text(str(album.year), frame.margin, baseline, size, album.mark or "accent", bold=True)
        plays = Text(_counted(album.plays), frame.right, baseline, 0.85 * size, "muted", anchor="end")
        yield year
        yield plays
        left, end = frame.margin + 3.2 * size, plays.box[0] - 0.8 * size
        yield from (
            self._stacked(album, left, end) if frame.row > 2.6 * size else self._beside(album, left, end, baseline)
        )

    def _stacked(self, album: Album, left: float, end: float) -> Iterator[Text]:
        size = self.frame.facts
        yield _fit(Text(album.title, left, self.middle - 0.12 * size, size, bold=True), end - left, smallest=0.85)
        yield _fit(Text(album.artist, left, self.middle + 1.02 * size, 0.85 * size, "muted"), end - left)

    def _beside(self, album: Album, left: float, end: float, baseline: float) -> Iterator[Text]:
        """Give the title what the artist leaves, and at least half of the room."""
        size, room = self.frame.facts, end - left
        artist = _fit(Text(album.artist, 0, baseline, 0.85 * size, "muted"), room / 2 - 0.5 * size, smallest=0.85)
        title = Text(album.title, left, baseline, size, bold=True, is_tight=True)
        title = _fit(title, room - (artist.width + 0.5 * size if artist.text else 0), smallest=0.85)
        yield title
        artist = replace(artist, text=album.artist, x=title.box[2] + 0.5 * size)
        yield _fit(artist, end - artist.x, smallest=0.85)


def _counted(plays: int) -> str:
    return f"{plays:,} play" + "s" * (plays != 1)


def _plot(frame: Frame, top: float, bottom: float) -> Plot:
    """Give the chart what is left, and no more than looks well: then it stands in the middle of that."""
    scale, room = frame.chart_scale, frame.facts
    x = frame.margin + SCALE * scale * 0.8
    width = frame.right - x
    above, below = top + 1.6 * room, bottom - 0.5 * room - LABELS * scale
    height = max(80.0, min(below - above, HIGHEST * width))
    spare = max(0.0, below - above - height)
    return Plot(round(x), round(above + spare / 2), round(width), round(height), scale)


def _fit(text: Text, room: float, *, smallest: float = SMALLEST) -> Text:
    return fitted(text, room, round(smallest * text.size, 1))
