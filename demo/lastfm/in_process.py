"""Last.fm inside the process: mounted in a `requests.Session`, the model answers without a server or a socket."""

import time
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse as RawResponse

from demo.lastfm.model import LastfmModel


class InProcess(BaseAdapter):
    """Answers requests from a model; `sleep` lets the time pass that each answer takes.

        session.mount("https://ws.audioscrobbler.com/", InProcess(model, clock.sleep))

    An answer that takes longer than the call's read timeout is a ReadTimeout, as it is from a server.
    """

    def __init__(self, model: LastfmModel, sleep: Callable[[float], object] = time.sleep) -> None:
        super().__init__()
        self._model = model
        self._sleep = sleep
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer a request. Raises ReadTimeout."""
        with self._model.call_log.under_way():
            response = self._model.respond(request.path_url, str(request.headers.get("User-Agent", "")))
            patience = timeout[1] if isinstance(timeout, tuple) else timeout
            if patience is not None and response.delay > patience:
                self._sleep(patience)
                raise requests.ReadTimeout(request=request)
            self._sleep(response.delay)
        body = _Body(b"" if request.method == "HEAD" else response.body)
        body.wait = lambda count: self._sleep(count * response.pace)
        raw = RawResponse(
            body, response.headers, response.status, preload_content=False, request_method=request.method
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """Nothing is open."""


class _Body(BytesIO):
    """A body that is waited for, byte by byte, as it is from a socket."""

    wait: Callable[[int], object]

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.wait(len(data))
        return data

    def read1(self, size: int | None = -1, /) -> bytes:
        """Return what is there without a wait for more."""
        return self.read(1)
