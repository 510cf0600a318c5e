"""TLS for tests: a certificate that nobody vouches for, and what speaks it before a store that does not."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: By which a client of PostgreSQL asks for TLS, in the clear: its length, and a number that is no version.
_WANTS_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


class Certificate(NamedTuple):
    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


def self_signed(folder: Path, days: int = 30) -> Certificate:
    """For localhost and 127.0.0.1; signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roomd tests")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    found = Certificate(folder / "roomd.crt", folder / "roomd.key")
    found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    found.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return found


@asynccontextmanager
async def before(url: str, certificate: Certificate) -> AsyncIterator[str]:
    """An address of the same store that speaks TLS: `rediss://`, or `postgres://` to which `sslmode` may be added."""
    given = urlsplit(url)
    postgres = given.scheme.startswith("postgres")
    folder = parse_qs(given.query).get("host")
    path = f"{folder[0]}/.s.PGSQL.5432" if folder else given.path
    links: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
    context = certificate.server()

    async def link(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        links[task] = writer
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            if postgres:
                assert await reader.readexactly(len(_WANTS_TLS)) == _WANTS_TLS
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(context)
            there, back = await asyncio.open_unix_connection(path)
            await _both_ways((reader, back), (there, writer))
        writer.close()

    server = await asyncio.start_server(link, "127.0.0.1", 0, ssl=None if postgres else context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield (
            f"postgres://{given.username}@127.0.0.1:{port}{given.path}" if postgres else f"rediss://127.0.0.1:{port}/0"
        )
    finally:
        server.close()
        # Cut off, not cancelled: asyncio complains of servers whose tasks are.
        for writer in links.values():
            writer.transport.abort()
        await asyncio.gather(*links)


async def _both_ways(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Until either side ends."""
    tasks = [asyncio.create_task(_pour(*way)) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, writer in ways:
            writer.close()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
