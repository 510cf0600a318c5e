"""A load generator for HTTP: so many connections, each asking again when it was answered.

httpload.py PORT PATH TOKEN CONNECTIONS SECONDS prints one JSON object.
"""

import asyncio
import json
import sys
import time


class Asker(asyncio.Protocol):
    """Asks, and asks again; answers have a Content-Length."""

    def __init__(self, request: bytes, spans: list[float], over: asyncio.Event) -> None:
        self._request = request
        self._spans = spans
        self._over = over
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(head.decode())
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        if len(body) >= length:
            self._spans.append(time.perf_counter() - self._began)
            if not self._over.is_set():
                self._ask()

    def _ask(self) -> None:
        self._answer = b""
        self._began = time.perf_counter()
        self._transport.write(self._request)


async def main(port: int, path: str, token: str, connections: int, seconds: float) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    spans: list[float] = []
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Asker(request, spans, over), "127.0.0.1", port)
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    over.set()
    count = len(spans)
    spans.sort()
    figures = {"per_s": count / took, "p50_ms": 1e3 * spans[count // 2], "p99_ms": 1e3 * spans[int(count * 0.99)]}
    print(json.dumps({**figures, "requests": count}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])))
