"""What people come through: the certificate of ROOMD_PUBLIC_URL, and whether WebSockets get past what is before us."""

import asyncio
import base64
import os
import ssl
import time
from urllib.parse import urlsplit

from roomd.doctor.discretion import address
from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.doctor.network import PROXY
from roomd.settings import Settings

TLS, SOCKETS = "certificate", "WebSocket"
_PATIENCE_S = 3.0
#: Days before its end at which a certificate should have been renewed.
_SOON = 14
_DAY_S = 86_400.0
#: A room that there is not: a roomd takes the socket all the same, until it is told who comes.
_PATH = "/ws/v1/AAAAAA/"


async def look(settings: Settings) -> Lines:
    if settings.public_url is None:
        return []
    parts = urlsplit(settings.public_url)
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if tls else 80)
    where = address(settings.public_url)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
    except ssl.SSLCertVerificationError as fault:
        fix = "Get a certificate for this name from an authority that browsers know (certbot does it)."
        return [fail(PROXY, TLS, f"{where}: browsers refuse it ({fault.verify_message})", fix)]
    except (OSError, TimeoutError) as fault:
        fix = "Look whether the proxy runs, and open it from elsewhere: some networks have no way back to themselves."
        return [warn(PROXY, SOCKETS, f"{where} does not answer from here ({type(fault).__name__})", fix)]
    try:
        lines = [_certificate(where, writer)] if tls else []
        return [*lines, await _upgraded(where, parts.netloc.rpartition("@")[2], reader, writer)]
    finally:
        writer.close()


def _certificate(where: str, writer: asyncio.StreamWriter) -> Line:
    until = ssl.cert_time_to_seconds(str(writer.get_extra_info("peercert")["notAfter"]))
    return certificate_line(where, (until - time.time()) / _DAY_S)


def certificate_line(where: str, days: float) -> Line:
    found = f"{where}: good for {days:.0f} days"
    if days < _SOON:
        return warn(PROXY, TLS, found, "Renew it, and see why that is not done by itself (`certbot renew --dry-run`).")
    return ok(PROXY, TLS, found)


async def _upgraded(where: str, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Line:
    """Whether a handshake gets through to a roomd."""
    key = base64.b64encode(os.urandom(16)).decode()
    asked = f"GET {_PATH} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    writer.write(f"{asked}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    try:
        async with asyncio.timeout(_PATIENCE_S):
            status = (await reader.readline()).decode("latin-1").split(" ")[1:2]
    except (OSError, TimeoutError):
        status = []
    if status == ["101"]:
        return ok(PROXY, SOCKETS, f"{where} lets them through")
    fix = "Have the proxy speak HTTP/1.1 to roomd and pass on Upgrade and Connection, as deploy/nginx.conf does."
    return fail(PROXY, SOCKETS, f"{where} answers {' '.join(status) or 'nothing'} to one", fix)
