"""The log context of a job: what every log line about it carries, so that one search finds all of them."""

from rq.exceptions import DeserializationError
from rq.job import Job

from app.jobs.queues import ABOUT_ONE_LISTENER, FETCH_YEAR, INTRODUCE, LOOK_UP_LISTENER, REMOVE_LISTENER, REQUEST
from app.logs.names import LISTENER

RUN = "run"
_RUN_IN_ARGUMENTS = {FETCH_YEAR: 2, INTRODUCE: 2, LOOK_UP_LISTENER: 1}


def log_context_of(job: Job) -> dict[str, str]:
    """Return the request that enqueued the job, the listener whom it is about, and the run that it is."""
    told = {REQUEST: str(job.meta.get(REQUEST, ""))}
    try:
        arguments, function = job.args or (), job.func_name
    except DeserializationError:
        arguments, function = (), ""
    if arguments and function in ABOUT_ONE_LISTENER | {REMOVE_LISTENER}:
        told[LISTENER] = str(arguments[0])
    place = _RUN_IN_ARGUMENTS.get(function or "")
    if place is not None and len(arguments) > place:
        told[RUN] = str(arguments[place])
    return {key: value for key, value in told.items() if value}
