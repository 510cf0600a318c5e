"""The only code that requests URLs which users gave. It must not become a way into the operator's own network.

The name is resolved here and every address judged; the connection then goes to the judged address itself, so that a
name that changes its address in between gains nothing. TLS still checks the certificate against the name. Redirects
are followed by hand, each judged anew.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache

import httpx
from msgspec import Struct

from roomd.catalogue import addresses
from roomd.catalogue.addresses import Address

MAX_REDIRECTS = 3
#: Addresses of one name that are tried; the second covers a host whose IPv6 does not work.
MAX_ADDRESSES = 3
PORTS = frozenset({80, 443})
#: Seconds for one address; `timeout_s` is the bound of everything.
_TIMEOUT = httpx.Timeout(30.0, connect=2.0)
#: Headers that follow a redirect to another host.
HARMLESS = frozenset({"Range", "If-Range", "If-None-Match", "If-Modified-Since"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


class FetchRefused(Exception):  # noqa: N818 - named for what happened
    """The URL leads where this server does not go. The message says why and may be shown."""


class FetchFailed(Exception):  # noqa: N818 - named for what happened
    """Nobody answered, or not in time, or not in HTTP."""


class Fetched(Struct, frozen=True):
    """`body` holds max_bytes at most, and is `cut` when there was more; `url` is where redirects led."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    cut: bool


class _Bounds(Struct, frozen=True):
    span: tuple[int, int] | None
    max_bytes: int
    patience_s: float


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system's resolver tells them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@cache
def trust() -> ssl.SSLContext:
    """Whose certificates count. One for the whole process: loading them takes 28 ms of a core."""
    return httpx.create_ssl_context()


class Fetcher:
    """`allow` lists hosts, addresses and networks that are permitted although they are private."""

    def __init__(self, allow: Sequence[str] = (), resolver: Resolver = resolve) -> None:
        self._allow = addresses.allow_list(allow)
        self._resolver = resolver
        self._tls = trust()

    async def get(
        self,
        url: str,
        *,
        span: tuple[int, int] | None = None,
        max_bytes: int = 1 << 20,
        timeout_s: float = 5.0,
        patience_s: float | None = None,
    ) -> Fetched:
        """GET, `span` being the first and last byte wanted. Raises FetchRefused or FetchFailed.

        `timeout_s` is for everything. A body still coming after `patience_s` is cut there: a live stream never ends.
        """
        bounds = _Bounds(span, max_bytes, timeout_s if patience_s is None else patience_s)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(url, bounds)
        except TimeoutError:
            raise FetchFailed(f"no answer within {timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            raise FetchFailed(str(fault) or type(fault).__name__) from None

    @asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str], *, trusted: bool = False, opening_s: float = 8.0
    ) -> AsyncIterator[httpx.Response]:
        """The answer with its body unread, which whoever asks has to bound. `trusted`: this URL may be private; where
        it redirects is judged like any other. Headers go to no other host. Raises FetchRefused or FetchFailed.
        """
        stack = contextlib.AsyncExitStack()
        async with stack:
            try:
                async with asyncio.timeout(opening_s):
                    answer = await self._opened(url, headers, trusted, stack)
            except TimeoutError:
                raise FetchFailed(f"no answer within {opening_s:g} s") from None
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
                raise FetchFailed(str(fault) or type(fault).__name__) from None
            yield answer

    async def _opened(
        self, url: str, headers: Mapping[str, str], trusted: bool, stack: contextlib.AsyncExitStack
    ) -> httpx.Response:
        for _ in range(MAX_REDIRECTS + 1):
            target = _parse(url)
            allowed = await self._judge(target, trusted=trusted)
            answer = await stack.enter_async_context(self._sent(target, allowed, headers))
            location = answer.headers.get("location", "")
            if answer.status_code not in _REDIRECTS or not location:
                return answer
            following = target.join(location)
            if following.netloc != target.netloc:
                headers = {name: value for name, value in headers.items() if name in HARMLESS}
                trusted = False
            url = str(following)
        raise FetchFailed(f"more than {MAX_REDIRECTS} redirects")

    async def _follow(self, url: str, bounds: _Bounds) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            target = _parse(url)
            fetched = await self._request(target, await self._judge(target), bounds)
            location = fetched.headers.get("location", "")
            if fetched.status not in _REDIRECTS or not location:
                return fetched
            url = str(target.join(location))
        raise FetchFailed(f"more than {MAX_REDIRECTS} redirects")

    async def judge(self, url: str, timeout_s: float = 2.0) -> None:
        """Whether this server, or anybody it sends there, may go there now. Raises FetchRefused or FetchFailed."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._judge(_parse(url))
        except TimeoutError:
            raise FetchFailed(f"no address within {timeout_s:g} s") from None

    async def _judge(self, target: httpx.URL, *, trusted: bool = False) -> list[Address]:
        """The addresses that may be connected to, in the resolver's order."""
        host, port = target.host, _port(target)
        try:
            found = [addresses.parse(text) for text in await self._resolver(host, port)]
        except OSError as fault:
            raise FetchFailed(f"{host} has no address: {fault.strerror or fault}") from None
        except UnicodeError:
            raise FetchRefused(f"{host!r} is not a host name") from None
        allowed = [address for address in found if trusted or self._may(host, port, address)]
        if not allowed:
            raise FetchRefused(f"{host}:{port} is not a public address")
        return allowed[:MAX_ADDRESSES]

    def _may(self, host: str, port: int, address: Address) -> bool:
        if self._allow.has_name(host) or self._allow.has_address(address):
            return True
        return port in PORTS and addresses.is_public(address)

    async def _request(self, target: httpx.URL, allowed: Sequence[Address], bounds: _Bounds) -> Fetched:
        span = {} if bounds.span is None else {"Range": f"bytes={bounds.span[0]}-{bounds.span[1]}"}
        async with self._sent(target, allowed, span) as answer:
            return await _read(answer, str(target), bounds)

    @asynccontextmanager
    async def _sent(
        self, target: httpx.URL, allowed: Sequence[Address], headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """The answer of the first of these addresses that takes a connection."""
        own = {"Host": target.netloc.decode("ascii"), "User-Agent": "roomd", "Accept-Encoding": "identity"}
        names = {"sni_hostname": target.raw_host.decode("ascii")}
        # A client per request: a kept TLS connection was checked for another name on the same address.
        async with httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=_TIMEOUT) as client:
            for address in allowed:
                literal = target.copy_with(host=str(address), fragment=None)
                request = client.build_request("GET", literal, headers={**headers, **own}, extensions=names)
                try:
                    answer = await client.send(request, stream=True)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if address is allowed[-1]:
                        raise
                    continue
                try:
                    yield answer
                finally:
                    await answer.aclose()
                return
        raise FetchFailed("no address was left to try")


def _parse(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as fault:
        raise FetchRefused(f"not a URL: {fault}") from None
    if target.scheme not in {"http", "https"} or not target.host:
        raise FetchRefused("only http and https URLs are fetched")
    if target.userinfo:
        raise FetchRefused("a URL with a name or password is not fetched")
    return target


def _port(target: httpx.URL) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


async def _read(answer: httpx.Response, url: str, bounds: _Bounds) -> Fetched:
    """Raw bytes up to the bounds. What is compressed though we asked for no such thing may be a bomb: it stays shut."""
    try:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise FetchFailed("the answer is compressed, which was not asked for")
        body = bytearray()
        whole = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(bounds.patience_s) as patience:
                if answer.status_code not in _REDIRECTS:
                    await _gather(answer, body, bounds.max_bytes, patience)
                whole = len(body) <= bounds.max_bytes
        return Fetched(answer.status_code, headers, bytes(body[: bounds.max_bytes]), url, not whole)
    finally:
        await answer.aclose()


async def _gather(answer: httpx.Response, body: bytearray, max_bytes: int, patience: asyncio.Timeout) -> None:
    """Read on until the end, or until there is more than the bound: then patience ends at once.

    Leaving the loop early instead would leave httpx's generators behind, to be closed whenever the loop gets to it.
    """
    async for part in answer.aiter_raw():
        if len(body) <= max_bytes:
            body += part
        if len(body) > max_bytes:
            patience.reschedule(0)
