"""Where this server listens, and how people come to it: the port, the public address, the CDN."""

import asyncio
import errno
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import msgspec

from roomd.address import EVERYWHERE
from roomd.doctor.discretion import address, host_of
from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.settings import Settings

PORT, PROXY, CDN = "port", "proxy", "cdn"
#: Seconds for one question over HTTP, and the bytes that are read of its answer.
_ANSWER_S = 2.5
_MOST = 65_536
#: A file that there is not, with a signature that nobody made: only a roomd says `link_expired` to that.
_PROBE = f"/media/{'0' * 32}.mp3?exp=0&sig=doctor"


class _Said(NamedTuple):
    status: int
    body: bytes
    ms: float


async def port(settings: Settings) -> Lines:
    where = f"{settings.host}:{settings.port}"
    if settings.port == 0:
        return [ok(PORT, "PORT", "0: any free one")]
    try:
        await asyncio.to_thread(_bind, settings.host, settings.port)
    except OSError as fault:
        return [await _refused(settings, where, fault)]
    return [ok(PORT, "PORT", f"{where} is free")]


def _bind(host: str, port: int) -> None:
    """Take it for a moment, as the server would, but without listening. Raises OSError."""
    for family, kind, protocol, _, where in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as probe:
            if family is socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)


async def _refused(settings: Settings, where: str, fault: OSError) -> Line:
    if fault.errno == errno.EACCES:
        fix = "Set PORT to 1024 or more, or give roomd the right to lower ones (CAP_NET_BIND_SERVICE)."
        return fail(PORT, "PORT", f"{where} is not for this user", fix)
    if fault.errno != errno.EADDRINUSE:
        found = f"{where} cannot be listened on: {fault.strerror or fault}"
        return fail(PORT, "PORT", found, "Set HOST to an address of this machine, or to 0.0.0.0 for all of them.")
    host = "127.0.0.1" if settings.host in EVERYWHERE else settings.host
    name = {"Host": settings.allowed_hosts[0]} if settings.allowed_hosts else {}
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/api/health/"
    said = await _get(url, name)
    status = _health_of(said.body) if isinstance(said, _Said) else ""
    if not status:
        return fail(PORT, "PORT", f"{where} is taken by something else", "End that program, or set PORT to a free one.")
    if status != "ok":
        fix = "Look at the lines about Redis and PostgreSQL, and into its log."
        return warn(PORT, "PORT", f"{where} is served by a roomd that says of itself: {status}", fix)
    return ok(PORT, "PORT", f"{where} is served by a roomd, which is well")


def _health_of(body: bytes) -> str:
    """What a roomd says of itself; empty where it is none."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return str(said["status"])[:40] if isinstance(said, dict) and {"status", "redis", "postgres"} <= said.keys() else ""


async def proxy(settings: Settings) -> Lines:
    return list(_proxy(settings))


def _proxy(settings: Settings) -> Iterator[Line]:
    url, hosts = settings.public_url, settings.allowed_hosts
    check = "ROOMD_PUBLIC_URL"
    if url is None:
        yield ok(PROXY, check, "not set: links show the address that a request came by")
    elif settings.production and url.startswith("http:"):
        fix = "Put a proxy that speaks TLS in front, and set it to the https:// address."
        yield warn(PROXY, check, f"{address(url)}: tokens and passwords can be read on the way", fix)
    else:
        yield ok(PROXY, check, address(url))
    if url is not None and hosts and host_of(url) not in {host.lower() for host in hosts}:
        fix = f"Add {host_of(url)} to ALLOWED_HOSTS: whoever follows a link gets 404 otherwise."
        yield warn(PROXY, "ALLOWED_HOSTS", f"{', '.join(hosts)}, and not the host of ROOMD_PUBLIC_URL", fix)
    else:
        yield ok(PROXY, "ALLOWED_HOSTS", ", ".join(hosts) or "not set: this server answers to every name")
    origins = ", ".join(map(address, settings.allowed_origins))
    yield ok(PROXY, "ALLOWED_ORIGINS", origins or "not set: WebSockets are for this server's own pages")
    yield _hops(settings)


def _hops(settings: Settings) -> Line:
    """Whose word counts. We speak no TLS ourselves, so an https:// address is one of a proxy."""
    check = "X-Forwarded-For"
    if settings.hops:
        return ok(PROXY, check, f"of {settings.hops}, counted from the right")
    if (settings.public_url or "").startswith("https:"):
        found = "not believed, and there is a proxy: all people count as one address, and are limited as one"
        return warn(PROXY, check, found, "Set ROOMD_TRUSTED_HOPS to how many proxies of yours a request comes through.")
    return ok(PROXY, check, "not believed: all behind a proxy count as one address")


async def cdn(settings: Settings) -> Lines:
    check = "ROOMD_CDN_URL"
    if settings.cdn_url is None:
        return [ok(CDN, check, "not set")]
    where = address(settings.cdn_url)
    said = await _get(settings.cdn_url.rstrip("/") + _PROBE)
    if isinstance(said, str):
        return [
            fail(CDN, check, f"{where}: {said}", "Correct ROOMD_CDN_URL, or unset it: files are served from here then.")
        ]
    if said.status == 403 and b'"link_expired"' in said.body:
        return [ok(CDN, check, f"{where} passes requests on to a roomd, in {said.ms:.0f} ms")]
    if 300 <= said.status < 400:
        fix = "Have the CDN pass the whole query on: roomd looks for the signature there."
        return [warn(CDN, check, f"{where} asks this server without the query (status {said.status})", fix)]
    fix = "Start roomd, and have the CDN fetch from it, under the same path and query."
    return [warn(CDN, check, f"{where} answers {said.status}, and not as roomd would", fix)]


async def _get(url: str, headers: dict[str, str] | None = None) -> _Said | str:
    """The beginning of an answer; or why there is none. Redirects are not followed."""
    began, body = time.perf_counter(), b""
    try:
        async with asyncio.timeout(_ANSWER_S), httpx.AsyncClient(trust_env=False, timeout=_ANSWER_S) as http:
            answer = await http.send(http.build_request("GET", url, headers=headers), stream=True)
            try:
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > _MOST:
                        break
            finally:
                await answer.aclose()
    except TimeoutError:
        return "no answer in time"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
        return f"no answer ({type(fault).__name__})"
    return _Said(answer.status_code, body, (time.perf_counter() - began) * 1_000)
