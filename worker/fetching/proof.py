"""Proof: what Last.fm's answers prove, and what to ask for next. Decides only, and asks nobody.

An answer proves its stretch when it shows as many plays as it says there are. One that is full shows only the
newest of them; these are proven when the rest, asked for next, is smaller by just as many. What cannot be proven
is asked for again, then in halves, until a gap of minutes is left.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil

from worker.lastfm.payloads import NO_ROWS, Rows

SIZES = (1000, 500, 200, 100, 50)
"""How many rows to ask for: the most that Last.fm grants, and fewer where it fails with that."""

MAX_PARTS = 4  # into which a rest is cut, to be read side by side
CALLS_A_PART = 3  # at least, since the last answer of every part is not full
FEW_CUTS, CUTS_A_CALL = 2, 0.2  # most parts more than one: every one may cost a call, if the plays lie elsewhere
MIN_SECONDS = 15 * 60  # seconds; what is not proven is not halved further
SEARCHES = 60  # halvings in one run; what is still open then becomes a wider gap, which the next run searches
NEARLY_FULL = 0.9  # of an answer: neighbours are asked for together as long as they held no more when last read


@dataclass(frozen=True, order=True)
class Stretch:
    """A time from `start` up to `end`, in UNIX seconds."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.end - self.start

    def cut(self, *seconds: int) -> list["Stretch"]:
        """Cut it at these seconds; returns the parts, the newest first, without empty ones."""
        inside = sorted({second for second in seconds if self.start < second < self.end})
        return [Stretch(*bounds) for bounds in pairwise((self.start, *inside, self.end))][::-1]

    def halves(self) -> list["Stretch"]:
        """Cut it in the middle; the newer half comes first."""
        return self.cut((self.start + self.end) // 2)


@dataclass(frozen=True)
class Finding:
    """What is known of a stretch in the end: its plays are proven, or some are missing and it is a gap."""

    stretch: Stretch
    rows: Rows
    missing: int | None = 0
    """How many plays Last.fm counts and does not show: 0 where it is proven, None where it does not even say."""


@dataclass(eq=False)
class PartialAnswer:
    """An answer that counts more plays than it shows: the newest, of a `piece`. The rest is asked for in parts."""

    total: int | None
    piece: Stretch
    rows: Rows
    """Those of the piece."""
    size: int
    """How many rows were asked for."""
    answers: "dict[Ask, Rows | None]" = field(default_factory=dict)
    """The first answer about each part; None for one that was not served."""
    parts: int = 0

    @property
    def agrees(self) -> bool | None:
        """Whether the parts count what this answer leaves for them; None if one of them does not say."""
        totals = [rows.total if rows else None for rows in self.answers.values()]
        if self.total is None or None in totals:
            return None
        return self.total - self.rows.shown == sum(total for total in totals if total is not None)


@dataclass(frozen=True, eq=False)
class Ask:
    """A stretch that Last.fm is to be asked for."""

    stretch: Stretch
    size: int
    """How many rows to ask for."""
    partial: PartialAnswer | None = None
    """The answer of which this is a part of the rest."""
    before: Rows | None = None
    """What an answer before showed of it, without proving it."""
    failures: int = 0
    """How many calls for it were not served."""
    is_suspect: bool = False
    """Whether it was a gap, or is half of a stretch that was not served, not even with the fewest rows."""
    by_pages: bool = False
    """Whether it is a single second with more plays than one answer holds."""

    @property
    def plays(self) -> int | None:
        """About how many plays it has, as far as answers about it, or about all of which it is a part, say."""
        if self.before is not None:
            return max(self.before.shown, self.before.total or 0)
        partial = self.partial
        if partial is None or partial.total is None:
            return None
        told = sum(rows.total or 0 for rows in partial.answers.values() if rows)
        left = max(0, partial.total - partial.rows.shown - told)
        return left // max(1, partial.parts - len(partial.answers))


class Search:
    """The stretches that are still to be asked for (`todo`), and what the answers so far leave open."""

    def __init__(self, asks: Iterable[Ask], *, searches: int = SEARCHES) -> None:
        self.todo = deque(asks)
        self.size = SIZES[0]
        """The most rows that are asked for; with more than these Last.fm has failed."""
        self._served = 0  # the most rows that Last.fm was asked for and answered
        self._seen = 0  # rows of full answers
        self._cuts = 0
        self._searches = searches

    @property
    def is_searching(self) -> bool:
        """Whether it looks for what is missing, which takes as long as it takes."""
        return self._searches < SEARCHES

    def may_cut(self, left: int, granted: int) -> int:
        """Return how many cuts may still be made, `left` plays being known to come."""
        return FEW_CUTS + int(CUTS_A_CALL * (self._seen + left) / granted) - self._cuts

    def next(self) -> Ask:
        """Take what is to be asked for next out of `todo`."""
        ask = self.todo.popleft()
        return replace(ask, size=min(ask.size, self.size))

    def answered(self, ask: Ask, rows: Rows) -> list[Finding]:
        """Take in an answer. Returns what is known in the end; what is still to be asked is in `todo`."""
        self._served = max(self._served, ask.size)
        if ask.failures > 1:
            self.size = min(self.size, ask.size)
        return self._settle(ask, rows) if ask.partial else self._judge(ask, rows, is_doubted=not rows.shown)

    def not_served(self, ask: Ask) -> list[Finding]:
        """Take in that Last.fm serves others, but not this: it asks for fewer rows, then for half the time."""
        smaller = next((size for size in SIZES if size < ask.size), None)
        if ask.failures == 0 and not ask.is_suspect:
            self.todo.appendleft(replace(ask, failures=1))
        elif smaller is not None and not ask.is_suspect and not ask.by_pages:
            self.todo.appendleft(replace(ask, failures=ask.failures + 1, size=smaller))
        else:
            if not ask.is_suspect:
                self.size = SIZES[0]  # it was not their number that made it fail
            findings = self._settle(ask, None) if ask.partial else []
            if self._may_halve(ask.stretch):
                size = self._served or SIZES[-1]
                halves = [Ask(half, size, is_suspect=True) for half in ask.stretch.halves()]
                self.todo.extendleft(reversed(halves))
                return findings
            return [*findings, Finding(ask.stretch, NO_ROWS, missing=None)]
        return []

    def _settle(self, ask: Ask, rows: Rows | None) -> list[Finding]:
        partial = ask.partial
        assert partial is not None  # noqa: S101  both callers have looked
        partial.answers[ask] = rows
        if len(partial.answers) < partial.parts:
            return []
        findings = []
        if partial.agrees and partial.piece.seconds:
            findings.append(Finding(partial.piece, partial.rows))
        elif partial.piece.seconds:
            before = partial.rows if partial.rows.shown else None
            self.todo.appendleft(Ask(partial.piece, partial.size, before=before))
        for part, answer in partial.answers.items():
            if answer is not None:
                # Where nothing agrees with it, an answer that shows nothing has to be given twice.
                is_doubted = partial.agrees is False or (partial.agrees is None and not answer.shown)
                findings += self._judge(replace(part, partial=None), answer, is_doubted=is_doubted)
        return findings

    def _judge(self, ask: Ask, rows: Rows, *, is_doubted: bool) -> list[Finding]:
        if ask.before is not None:
            # What shows less than an answer before it, or than that counted, is not believed at once.
            is_doubted = rows.shown < max(ask.before.shown, ask.before.total or 0)
        if rows.scrobbles and not ask.by_pages and (rows.is_full or _may_go_on(ask, rows)):
            # Even if it counts no more than it shows: a count can be cut off with the rows.
            self._cut(ask, rows)
        elif rows.is_proof and not is_doubted:
            return [Finding(ask.stretch, rows)]
        elif ask.before is None or rows.is_proof:
            self.todo.appendleft(replace(ask, before=rows, failures=0))
        elif rows.total is None and rows.shows_the_same_as(ask.before):
            return [Finding(ask.stretch, rows)]
        elif self._may_halve(ask.stretch):
            self._halve(ask, rows)
        else:
            return [Finding(ask.stretch, rows, None if rows.total is None else rows.total - rows.shown)]
        return []

    def _cut(self, ask: Ask, rows: Rows) -> None:
        """Cut a full answer: the oldest second that it shows may go on, and belongs to the rest."""
        stretch = ask.stretch
        oldest, newest = rows.scrobbles[0].second, rows.scrobbles[-1].second
        piece = Stretch(oldest + 1, stretch.end)
        rest = Stretch(stretch.start, oldest + 1)
        if oldest == newest:
            # All in one second: there may be more than one answer can hold.
            parts = [Ask(Stretch(oldest, oldest + 1), ask.size, by_pages=True)]
            parts += [Ask(Stretch(stretch.start, oldest), self.size)] if oldest > stretch.start else []
            self._ask_for_rest(ask, rows, piece, parts)
            return
        shown = rows.since(piece.start).shown
        left = max(0, (rows.total or 0) - shown)
        self._seen += shown
        number = parts_of(left, rows.granted, self.may_cut(left, rows.granted))
        self._cuts += number - 1
        # The plays seen say how far back the rest may go; the oldest part has all time before that.
        reach = min(rest.seconds, ceil(left * (newest - oldest) / max(1, shown)))
        cuts = [rest.end - reach * nth // number for nth in range(1, number)]
        self._ask_for_rest(ask, rows, piece, [Ask(part, self.size) for part in rest.cut(*cuts)])

    def _halve(self, ask: Ask, rows: Rows) -> None:
        newer, older = ask.stretch.halves()
        shown = rows.before(newer.start)
        self._ask_for_rest(ask, rows, newer, [Ask(older, ask.size, before=shown if shown.shown else None)])

    def _ask_for_rest(self, ask: Ask, rows: Rows, piece: Stretch, parts: Sequence[Ask]) -> None:
        partial = PartialAnswer(rows.total, piece, rows.since(piece.start), ask.size, parts=len(parts))
        self.todo.extendleft(replace(part, partial=partial) for part in reversed(parts))

    def _may_halve(self, stretch: Stretch) -> bool:
        if stretch.seconds <= MIN_SECONDS or self._searches <= 0:
            return False
        self._searches -= 1
        return True


def parts_of(left: int, granted: int, may_cut: int) -> int:
    """Return into how many parts a rest of so many plays is cut, to be read side by side."""
    return max(1, min(MAX_PARTS, ceil(left / granted) // CALLS_A_PART, 1 + may_cut))


def _may_go_on(ask: Ask, rows: Rows) -> bool:
    """Whether there is more than an answer shows that is not quite full: it does not count, or counts more.

    Not for the second time, since a count may be too high whatever is asked for.
    """
    goes_on = rows.total is None or (
        rows.total > rows.granted and rows.shown >= min(NEARLY_FULL * rows.granted, rows.granted - 2)
    )
    return ask.before is None and goes_on
