"""Sound and pictures of other catalogues, passed on: to whoever has a sealed address, or a token.

The other server is read as fast as the listener takes it, and let go of when the listener goes.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from roomd.catalogue.lanes import CDN
from roomd.catalogue.relay import Relay, Sound
from roomd.catalogue.resuming import Broken
from roomd.dialects.playpod import seconds
from roomd.domain.refusals import Invalid, Limited, NotFound, Refusal, Unavailable
from roomd.domain.song import full_id, split_id
from roomd.domain.track import MEDIA_PATH
from roomd.handlers.base import RETRY_S, ApiHandler, status_of
from roomd.handlers.bounded import elsewhere
from roomd.handlers.by_cdn import send_to_cdn
from roomd.handlers.catalogue import CatalogueHandler
from roomd.handlers.described import operation
from roomd.handlers.media import OpenHandler, SendsFiles
from roomd.openapi.operation import JSON, flag
from roomd.openapi.shapes.accounts import Error
from roomd.openapi.shapes.library import Preview, StreamFault

if TYPE_CHECKING:
    from roomd.services import Services

#: What a listener's player may ask the other server for.
ASKED = ("Range", "If-Range", "If-None-Match", "If-Modified-Since")
#: Seconds that a listener may take for 64 KiB; who pauses for longer asks again for the rest.
STALL_S = 90.0
COVER_CACHE = "private, max-age=86400"

_NAME = "([a-z][a-z_-]{1,19})"
_KEY = "([A-Za-z0-9._~-]{1,150})"
_PICTURE_KEY = "([A-Za-z0-9._~-]{1,512})"


class Passing(SendsFiles):
    """Passes sound on for as long as somebody listens."""

    _listening: asyncio.Task[None] | None = None

    async def pass_on(self, relay: Relay, name: str, key: str, address: str) -> None:
        """Raises a Refusal while nothing was sent yet; later faults break the connection off."""
        # A task of its own: it is ended while it waits for a server that is silent, too.
        self._listening = asyncio.create_task(self._pass(relay, name, key, address))
        try:
            await asyncio.wait({self._listening})
        finally:
            self._listening.cancel()
        if not self._listening.cancelled():
            self._listening.result()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._listening is not None:
            self._listening.cancel()

    async def _pass(self, relay: Relay, name: str, key: str, address: str) -> None:
        asked = {header: self.request.headers[header] for header in ASKED if header in self.request.headers}
        async with relay.sound(name, key, asked, address) as sound:
            self._describe_sound(sound)
            if self.request.method == "HEAD" or sound.status in {304, 416}:
                return
            try:
                await sound.copy(self._give)
            except (Broken, TimeoutError):
                # A length was promised, so a broken connection is the only honest end.
                self.request.connection.stream.close()  # type: ignore[union-attr]
            except StreamClosedError:
                return

    async def _give(self, part: bytes) -> None:
        self.write(part)
        async with asyncio.timeout(STALL_S):
            await self.flush()

    def _describe_sound(self, sound: Sound) -> None:
        self.set_status(sound.status)
        for header, value in sound.headers.items():
            self.set_header(header, value)
        if sound.status in {304, 416}:
            self.clear_header("Content-Length")
        else:
            self.set_header("Content-Type", sound.mime)
        self.set_header("Cache-Control", "no-store" if sound.live else self.cache)


class _Sealed(OpenHandler):
    """`/media/<provider>/…?s=<seal>`; or `?exp=…&sig=…`, by which the CDN fetches it."""

    def initialize(self, services: "Services") -> None:  # type: ignore[override]
        super().initialize(services.folder, services.library.cdn)
        self.services = services

    def sealed(self) -> bool:
        """Whether the address was given out by this server. If not, there is nothing, as far as anybody can tell."""
        if not self._link_fits():
            return False
        if self.signed:
            return True
        mark = (self.request.query_arguments.get("s") or [b""])[-1].decode("ascii", "replace")
        if self.services.library.seal.fits(self.request.path, mark):
            return True
        self._missing("file")
        return False

    def listener(self) -> str:
        """By what it is limited how much passes: for all that the CDN asks for by one thing, whoever it is for."""
        return CDN if self.signed else self.services.address_of(self.request)

    def refuse(self, refusal: Refusal) -> None:
        say_when(self, refusal)
        self._refuse(status_of(refusal), refusal.code, refusal.message)


class SoundHandler(_Sealed, Passing):
    """`/media/<provider>/<key>`; with `redirect=1` the listener is sent there, where its address is no secret."""

    async def get(self, name: str, key: str) -> None:
        if not self.sealed():
            return
        relay = self.services.library.relay
        try:
            if self.get_query_argument("redirect", "") == "1":
                source = await relay.source(name, key)
                if source.public:
                    self.set_header("Cache-Control", "no-store")
                    self.redirect(source.url)
                    return
            if self._cdn is not None and not self.signed and (await relay.source(name, key)).lasts:
                send_to_cdn(self, self._cdn)
                return
            await self.pass_on(relay, name, key, self.listener())
        except Refusal as refusal:
            self.refuse(refusal)

    async def head(self, name: str, key: str) -> None:
        await self.get(name, key)


class PictureHandler(_Sealed):
    """`/media/<provider>/cover/<key>`"""

    async def get(self, name: str, key: str) -> None:
        if not self.sealed():
            return
        if self._cdn is not None and not self.signed:
            send_to_cdn(self, self._cdn)
            return
        try:
            picture = await self.services.library.relay.picture(name, key, self.listener())
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self._describe(picture.mime, picture.etag)
        if not self.signed:
            self.set_header("Cache-Control", COVER_CACHE)
        if not self._unchanged(picture.etag):
            self.finish(picture.data)

    async def head(self, name: str, key: str) -> None:
        await self.get(name, key)


@operation(
    "get",
    "The sound of a song",
    query=(flag("direct", "False: only say where it is", usual=True),),
    answer=Preview,
    also={206: bytes, 302: None},
    mime=(JSON, "audio/*", "video/*"),
    fault=Error | StreamFault,
    errors="no_such_track not_playable too_many_streams streams_full provider_down provider_busy",
    about="With `direct=false` the answer is JSON. A pasted link is redirected to. Errors have PlayPod's form.",
)
class StreamHandler(CatalogueHandler, Passing):
    # Players ask for sound in many parts; what passes at once is bounded (`catalogue/lanes.py`).
    counted = ()

    async def get(self, track_id: str) -> None:
        """The sound itself; with `direct=false` the address that it has here, which does not run out."""
        await self.actor()
        preview = ""
        try:
            song_id = full_id(track_id, "track id")
            with elsewhere():
                song = (await self.services.library.catalogue.song(song_id)).value
                preview = song.url
                if not song.url:
                    raise NotFound(
                        f"“{song.title}” cannot be played here.", "not_playable", params={"title": song.title}
                    )
                if self._direct():
                    await self._send(song_id, song.url)
                else:
                    self.answer({"preview_url": song.url, "expires_at": None, "duration": seconds(song.duration_ms)})
        except Refusal as refusal:
            await self._fail(refusal, track_id, preview)

    async def head(self, track_id: str) -> None:
        await self.get(track_id)

    def _direct(self) -> bool:
        text = self.get_query_argument("direct", "true").lower()
        if text not in {"true", "false", "1", "0"}:
            raise Invalid("direct takes true or false", fields={"direct": "must be true or false"})
        return text in {"true", "1"}

    async def _send(self, song_id: str, url: str) -> None:
        name, key = split_id(song_id)
        if not url.startswith(MEDIA_PATH):
            # A link that somebody pasted plays where it leads.
            self.redirect(url)
            return
        source = await self.services.library.relay.source(name, key)
        if source.path:
            media = await self.services.folder.open(key, source.path.rpartition(".")[2])
            if media is None:
                raise NotFound("That file is not in the music folder (any more).", "no_such_track")
            with media.file:
                await self.send_file(media)
        else:
            await self.pass_on(self.services.library.relay, name, key, self.client_address())

    async def _fail(self, refusal: Refusal, track_id: str, preview: str) -> None:
        """PlayPod's own form; `fallback`: the sound may still be had at `preview_url`, from its provider itself."""
        fallback = False
        if preview.startswith(MEDIA_PATH):
            with contextlib.suppress(Refusal):
                with elsewhere():
                    source = await self.services.library.relay.source(*split_id(full_id(track_id)))
                preview, fallback = (source.url, True) if source.public else (preview, False)
        say_when(self, refusal)
        told = {"error": refusal.code, "preview_url": preview, "fallback": fallback, "message": refusal.message}
        self.answer(told | {"detail": refusal.message}, status_of(refusal))


def say_when(handler: RequestHandler, refusal: Refusal) -> None:
    """When it is worth asking again."""
    if isinstance(refusal, Limited):
        handler.set_header("Retry-After", str(max(1, round(refusal.retry_after_s))))
    elif isinstance(refusal, Unavailable):
        handler.set_header("Retry-After", str(RETRY_S))


ROUTES: list[tuple[str, type[ApiHandler]]] = [(r"/api/catalogue/stream/([^/]+)/?", StreamHandler)]

#: Not of the API: players come here, and other pages may read the answers.
MEDIA_ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (rf"/media/{_NAME}/cover/{_PICTURE_KEY}", PictureHandler),
    (rf"/media/{_NAME}/{_KEY}", SoundHandler),
]
