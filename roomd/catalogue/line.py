"""The HTTP client of all music services: one pool of connections, every request bounded in time and size."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import NamedTuple

import httpx

from roomd.catalogue.breaker import Trouble
from roomd.catalogue.fetch import trust
from roomd.tasks import Tasks

#: Seconds for one request, and for its parts.
REQUEST_S = 4.0
_TIMEOUT = httpx.Timeout(REQUEST_S, connect=2.0, pool=2.0)
MAX_BYTES = 4 * 1024 * 1024
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=30)
_HEADERS = {"User-Agent": "roomd", "Accept": "application/json", "Accept-Encoding": "identity"}

_LOG = logging.getLogger(__name__)


class Answer(NamedTuple):
    status: int
    headers: httpx.Headers
    body: bytes


class Line:
    """Requests run in tasks of their own, which end by themselves: a request of httpx that is cancelled twice, once by
    its time and once by whoever waited, loses its connection for good (measured: 26 of 64 after 760 requests).
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._requests = Tasks(_LOG)

    async def get(self, url: httpx.URL) -> Answer:
        """A whole answer, whatever its status. Raises Trouble for one that is too slow, too long or compressed, and
        httpx's errors.
        """
        expected = (Trouble, httpx.HTTPError, httpx.InvalidURL, OSError)
        return await asyncio.shield(self._requests.start("request", self._get(url), expected=expected))

    async def close(self) -> None:
        await self._requests.stop()

    async def _get(self, url: httpx.URL) -> Answer:
        body = bytearray()
        try:
            async with asyncio.timeout(REQUEST_S) as bound:
                answer = await self._http.send(self._http.build_request("GET", url), stream=True)
                try:
                    await _gather(answer, body, bound)
                finally:
                    await answer.aclose()
        except TimeoutError:
            raise Trouble("an endless answer" if len(body) > MAX_BYTES else "no answer in time") from None
        return Answer(answer.status_code, answer.headers, bytes(body))


@asynccontextmanager
async def open_line(transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[Line]:
    """It keeps no cookies, knows no proxies, and writes no addresses into the log."""
    for name in ("httpx", "httpcore"):  # They log every URL, and with it the credentials of OpenSubsonic.
        logging.getLogger(name).setLevel(logging.WARNING)
    async with httpx.AsyncClient(
        verify=trust(), timeout=_TIMEOUT, trust_env=False, headers=_HEADERS, limits=_LIMITS, transport=transport
    ) as http:
        http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        line = Line(http)
        try:
            yield line
        finally:
            await line.close()


async def _gather(answer: httpx.Response, body: bytearray, bound: asyncio.Timeout) -> None:
    """The raw body, until it is more than the bound: then time is up at once.

    Leaving the loop early instead would leave httpx's generators behind. What is compressed though it was not asked for
    may be a bomb, and stays shut.
    """
    if answer.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise Trouble("the answer is compressed")
    async for part in answer.aiter_raw():
        if len(body) <= MAX_BYTES:
            body += part
        if len(body) > MAX_BYTES:
            bound.reschedule(0)
