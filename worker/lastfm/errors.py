"""What can go wrong with a call to Last.fm, named for what the caller can do."""


class TryAgain(Exception):
    """Last.fm gave no usable answer this time. Ask again later; nothing is wrong on our side."""


class Unreachable(TryAgain):
    """Last.fm could not be reached."""


class TooMuch(TryAgain):
    """Last.fm could not make the answer, or not in time, or it is too large or cut off. Ask for fewer rows."""


class NotUnderstood(TryAgain):
    """Last.fm's answer has another form than this program expects: out of order, or changed for good."""


class TooFast(TryAgain):
    """Last.fm says that we call too fast. Nobody calls for `seconds`."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class OtherListener(TryAgain):
    """The answer is about `answered`: one of Last.fm's errors, or the new name of the listener asked about."""

    def __init__(self, answered: str) -> None:
        super().__init__(answered)
        self.answered = answered

    def __str__(self) -> str:
        return "the answer is about another listener"  # whose name is not for the log


class NoSuchUser(Exception):
    """Last.fm has no listener of that name. Tell the visitor."""


class ListeningHidden(Exception):
    """The listener hides recent listening. Tell the visitor which setting that is; asking again does not help."""


class KeyRefused(Exception):
    """Last.fm refuses our API key. Make no call for `seconds`; the operator has to look at LASTFM_API_KEY."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class CallRefused(Exception):
    """Last.fm says that the call is wrong: a bug in this program."""
