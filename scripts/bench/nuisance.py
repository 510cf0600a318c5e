"""Clients that behave badly, until standard input ends: nuisance.py PORT PATH EACH, with tokens on standard input.

EACH of every kind: they never read; read a byte a second; send noise, and come again when they are cut off; begin a
handshake and never end it; send messages of 64 KiB at the rate limit. Those that enter need a token each.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
from collections.abc import Callable, Coroutine

#: Bytes of a message that is just not too large, and how often one may be sent.
LARGE = 64 * 1024
RATE_S = 0.1
KEY = "dGhlIHNhbXBsZSBub25jZQ=="

Kind = Callable[[int, str, str], Coroutine[None, None, None]]


async def entered(port: int, path: str, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=4_096)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.write(frame(json.dumps({"type": "hello", "token": token}).encode()))
    return reader, writer


def frame(payload: bytes) -> bytes:
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else bytes([0x81, 0xFE]) + struct.pack(">H", size)
    if size >= 1 << 16:
        head = bytes([0x81, 0xFF]) + struct.pack(">Q", size)
    return head + bytes(4) + payload


async def never_reads(port: int, path: str, token: str) -> None:
    reader, _ = await entered(port, path, token)
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.Event().wait()


async def drips(port: int, path: str, token: str) -> None:
    reader, _ = await entered(port, path, token)
    while await reader.read(1):  # noqa: ASYNC110 - it is to be slow
        await asyncio.sleep(1)


async def noise(port: int, path: str, token: str) -> None:
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await entered(port, path, token)
            writer.write(os.urandom(2_000))
            while await reader.read(4_096):
                pass
            writer.close()
        await asyncio.sleep(0.5)


async def half_a_handshake(port: int, path: str, token: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1".encode())
    await asyncio.Event().wait()


async def large(port: int, path: str, token: str) -> None:
    reader, writer = await entered(port, path, token)
    message = json.dumps({"type": "say", "id": "large", "text": ""}).encode()
    whole = frame(message[:-2] + b"x" * (LARGE - len(message)) + message[-2:])

    async def listen() -> None:
        while await reader.read(1 << 16):
            pass

    listening = asyncio.create_task(listen())
    while not listening.done():
        writer.write(whole)
        await asyncio.sleep(RATE_S)


KINDS: tuple[Kind, ...] = (never_reads, drips, noise, half_a_handshake, large)


async def main(port: int, path: str, each: int, tokens: list[str]) -> None:
    tasks = [
        asyncio.create_task(kind(port, path, tokens[n * each + i])) for n, kind in enumerate(KINDS) for i in range(each)
    ]
    await asyncio.sleep(1)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    given = [sys.stdin.readline().strip() for _ in range(int(sys.argv[3]) * len(KINDS))]
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), given))
