"""What a failed job is said to have died of: the kind of its exception, never its text."""

import pytest

from app.jobs.queue_status import reason_of

FRAME = 'Traceback (most recent call last):\n  File "worker/jobs.py", line 1, in fetch_year\n    fetch.begin()\n'


@pytest.mark.parametrize(
    ("traceback", "reason"),
    [
        (FRAME + "RuntimeError: about HeavyHelen", "RuntimeError"),
        (FRAME + "app.store.database.StoreAway", "StoreAway"),
        (
            FRAME + "psycopg.errors.UniqueViolation: twice\nDETAIL:  Key (username_key)=(heavyhelen) exists.",
            "UniqueViolation",
        ),
        (FRAME + "psycopg.errors.SyntaxError: near x\nLINE 1: SELECT x\n               ^\n", "SyntaxError"),
        (FRAME + "KeyError: 'a'\n\nDuring handling of the above\n\n" + FRAME + "ValueError: b\n", "ValueError"),
        ("Work-horse terminated unexpectedly; waitpid returned 9", "its worker was killed"),
        ("rq.exceptions.AbandonedJobError: moved", "AbandonedJobError"),
        ("HeavyHelen\n", "not known"),
        ("", "not known"),
        (FRAME, "not known"),
    ],
)
def test_the_reason_is_the_kind_of_the_exception(traceback: str, reason: str) -> None:
    assert reason_of(traceback) == reason
