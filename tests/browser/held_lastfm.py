"""A Last.fm that keeps back its plays for as long as a test looks at a year of which only a part is here."""

from threading import Condition
from typing import Any

from demo.lastfm.stand_in import LastfmStandIn
from demo.server import HttpResponse


class HeldLastfm(LastfmStandIn):
    """Answers every call until a test says for how many calls for plays it still does."""

    def __init__(self, **model: Any) -> None:
        super().__init__(**model)
        self._changed = Condition()
        self._allowed: float = float("inf")

    def hold(self, after: int) -> None:
        """Answer so many more calls for plays, and have the others wait."""
        self._allow(after)

    def let_go(self) -> None:
        """Answer what waits, and every call from now on."""
        self._allow(float("inf"))

    def respond(self, target: str, agent: str = "") -> HttpResponse:
        """Return the response, once the test allows it."""
        if "method=user.getrecenttracks" in target.casefold():
            with self._changed:
                self._changed.wait_for(lambda: self._allowed > 0)
                self._allowed -= 1
        return super().respond(target, agent)

    def _allow(self, calls: float) -> None:
        with self._changed:
            self._allowed = calls
            self._changed.notify_all()

    def __exit__(self, *error: object) -> None:
        self.let_go()  # or the threads of calls that wait would never end
        super().__exit__(*error)
