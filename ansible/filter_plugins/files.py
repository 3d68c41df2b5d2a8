"""The checkout's files, for roles that write them as they stand."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any


def with_contents(entries: Iterable[Mapping[str, Any]], folder: str) -> list[dict[str, Any]]:
    """Return the entries, each with the content of the file `name` in the folder, as `write_files` takes them."""
    return [{**entry, "content": Path(folder, entry["name"]).read_text(encoding="utf-8")} for entry in entries]


class FilterModule:
    """The filters that Ansible finds here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"with_contents": with_contents}
