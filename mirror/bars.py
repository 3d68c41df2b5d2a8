"""The frame in which a command shows how far it is: a bar on a terminal, plain lines in a journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column

Seen = TypeVar("Seen")
Bar = Callable[[Seen], tuple[str, int, int]]  # words, how much is done, of how much
Line = Callable[[Seen], str | None]


@contextmanager
def frame(
    console: Console, columns: tuple[ProgressColumn, ...], bar: Bar[Seen], line: Line[Seen]
) -> Iterator[Callable[[Seen], None]]:
    """What a command reports to, and what is shown of that, as a bar with these columns or as a line, if any."""

    def say(seen: Seen) -> None:
        if words := line(seen):
            console.print(words, markup=False, highlight=False, soft_wrap=True)

    def draw(seen: Seen) -> None:
        words, done, total = bar(seen)
        if done < progress.tasks[task].completed:  # another step, with a pace of its own
            progress.reset(task)
        progress.update(task, description=words, completed=done, total=total)

    if not console.is_terminal:
        yield say
        return
    # Last, and cut off where there is no room: whatever they are, the rest stays where it is.
    text = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1))
    with Progress(BarColumn(12), *columns, TimeRemainingColumn(), text, console=console, expand=True) as progress:
        task = progress.add_task("", total=None)
        yield draw
