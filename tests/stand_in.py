"""A web server that misbehaves in the ways that web servers do, for what fetches and probes links.

/file/<name>        a file, with ranges
/whole/<name>       the same without ranges: 200 and everything, whatever was asked
/typed/<name>?type= the file under another Content-Type
/jump?to=           302 to there;  /circle: 302 to itself;  /hops/<n>: n redirects, then "arrived"
/drip/<name>        the file's first 20,000 bytes, then nothing for ever
/frail/<name>       the file with ranges, under `tag` and `date`; breaks off as `breaks` says
/silent             never answers;  /endless: answers without end
/bomb               a gzip bomb of 10 MB in 10 KB, sent although nobody asked for compression
/status/<n>         that status
/seen               what the request looked like
"""

import asyncio
import gzip
from collections.abc import Mapping

from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

from roomd.handlers.media import parse_range

PAGE = b"<!doctype html><html><head><title>Not found, says the page, with 200</title></head></html>"


class StandIn:
    """What the server serves and what it saw."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.requests: list[tuple[str, str]] = []
        #: Of the last request.
        self.headers: dict[str, str] = {}
        self.sent = 0
        #: Of /frail: after how many bytes the next answers break off, and by what the file's version is known.
        self.breaks: list[int] = []
        self.tag, self.date = '"one"', "Mon, 02 Jan 2023 00:00:00 GMT"
        self.closed = asyncio.Event()

    def app(self) -> Application:
        given = {"server": self}
        return Application(
            [
                (r"/(file|whole|typed|drip)/(.*)", FileHandler, given),
                (r"/frail/(.*)", FrailHandler, given),
                (r"/(jump|circle|hops|silent|endless|bomb|status|seen|page)/?(.*)", OddHandler, given),
            ]
        )


class _Handler(RequestHandler):
    def initialize(self, server: StandIn) -> None:
        self._server = server
        self._gone = asyncio.Event()

    def prepare(self) -> None:
        self._server.requests.append((self.request.path, self.request.headers.get("Range", "")))
        self._server.headers = dict(self.request.headers.get_all())

    def on_connection_close(self) -> None:
        self._gone.set()
        self._server.closed.set()


class FileHandler(_Handler):
    async def get(self, manner: str, name: str) -> None:
        data = self._server.files[name]
        self.set_header("Content-Type", self.get_argument("type", "application/octet-stream"))
        asked = parse_range(self.request.headers.get("Range", ""), len(data))
        if manner == "drip":
            self.set_header("Content-Length", len(data))
            self.write(data[:20_000])
            await self.flush()
            await self._gone.wait()
            return
        if asked and manner != "whole":
            first, last = asked
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            data = data[first : last + 1]
        self._server.sent += len(data)
        self.write(data)


class FrailHandler(_Handler):
    def compute_etag(self) -> str | None:
        return self._server.tag or None

    async def get(self, name: str) -> None:
        server, data = self._server, self._server.files[name]
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Content-Type", "audio/mpeg")
        if server.tag:
            self.set_header("ETag", server.tag)
        if server.date:
            self.set_header("Last-Modified", server.date)
        asked = parse_range(self.request.headers.get("Range", ""), len(data))
        if asked and self.request.headers.get("If-Range") in {None, server.tag, server.date}:
            first, last = asked
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            data = data[first : last + 1]
        self.set_header("Content-Length", len(data))
        if not server.breaks:
            self.write(data)
            return
        self.write(data[: server.breaks.pop(0)])
        await self.flush()
        self.request.connection.stream.close()  # type: ignore[union-attr]


class OddHandler(_Handler):
    async def get(self, what: str, rest: str) -> None:
        await getattr(self, f"_{what}")(rest)

    async def _jump(self, _rest: str) -> None:
        self.redirect(self.get_argument("to"))

    async def _circle(self, _rest: str) -> None:
        self.redirect("/circle")

    async def _hops(self, rest: str) -> None:
        if int(rest):
            self.redirect(f"{int(rest) - 1}")
        else:
            self.write("arrived")

    async def _silent(self, _rest: str) -> None:
        await self._gone.wait()

    async def _endless(self, _rest: str) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        try:
            while not self._gone.is_set():
                self.write(bytes(100_000))
                await self.flush()
                self._server.sent += 100_000
        except StreamClosedError:
            # Tornado may tell the handler in this way only.
            self._server.closed.set()

    async def _bomb(self, _rest: str) -> None:
        self.set_header("Content-Encoding", "gzip")
        self.write(gzip.compress(bytes(10_000_000)))

    async def _status(self, rest: str) -> None:
        self.set_status(int(rest))

    async def _page(self, _rest: str) -> None:
        self.write(PAGE)

    async def _seen(self, _rest: str) -> None:
        self.write({name.lower(): value for name, value in self.request.headers.get_all()})
