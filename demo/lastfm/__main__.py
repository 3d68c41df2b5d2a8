"""The stand-in for Last.fm by itself: `python -m demo.lastfm`."""

import signal
from threading import Event

import click

from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import DEFAULT_PORT, LastfmStandIn


def _read_faults(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> list[Fault]:
    try:
        return [Fault.parse(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port on 127.0.0.1; 0 picks a free one.")
@click.option("--latency", default=0.0, show_default=True, help="Seconds that every API call takes.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    callback=_read_faults,
    help="What goes wrong, as docs/stand-in.md says it: KIND,NAME=VALUE,... such as error8,page=2,times=always.",
)
def main(port: int, latency: float, faults: list[Fault]) -> None:
    """Run a stand-in for Last.fm until Ctrl-C.

    It answers the API methods that LastYear.fm calls and serves profile pages, for invented listeners whose plays
    are the same on every run. Any API key is accepted. Point LastYear.fm at it with LASTFM_API_URL and
    LASTFM_WEB_URL, which it prints; `make run` does so by itself where no key is set.
    """
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        lastfm = LastfmStandIn(port=port, latency=latency)
    except OSError as error:
        raise click.ClickException(f"Port {port} is taken. Choose another one with --port. ({error})") from error
    lastfm.faults.add(*faults)
    with lastfm as stand_in:
        names = ", ".join(account.name for account in stand_in.accounts)
        click.echo(f"The stand-in for Last.fm is at {stand_in.url} with the listeners {names}.")
        click.echo(f"LASTFM_API_URL={stand_in.api_url}\nLASTFM_WEB_URL={stand_in.url}")
        stop.wait()


if __name__ == "__main__":
    main()
