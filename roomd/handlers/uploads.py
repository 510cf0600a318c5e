"""Pictures over HTTP: sent as forms with a file in them, as PlayPod has it, and fetched from `/uploads/`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPFile, HTTPInputError, parse_body_arguments
from tornado.web import stream_request_body

from roomd.domain.actor import Actor
from roomd.domain.refusals import Invalid, NotFound, Refusal, Unauthenticated
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import Budget, elsewhere
from roomd.handlers.by_cdn import sent_to_cdn
from roomd.handlers.described import operation
from roomd.openapi.shapes.accounts import Avatar
from roomd.openapi.shapes.library import Cover

#: Bytes of a body: a picture of 8 MiB and the form around it.
MAX_BODY = (8 << 20) + 16_384
#: Up to here too long a body is read to its end, so that the sender hears why it is refused; beyond, we hang up.
HARD_MAX = 4 * MAX_BODY
#: Seconds that a body may take: twice what others may, as 8 MiB take half a minute over a poor line.
BODY_S = 60
FORM = "multipart/form-data"


@stream_request_body
class _UploadHandler(ApiHandler):
    """The body is collected only from somebody who may send one; any other is read, and forgotten."""

    field = ""
    counted = ("POST", "upload")

    # Who sends has to be known before the body comes, and to know that takes Redis.
    async def prepare(self) -> None:  # type: ignore[override]
        self._collected = bytearray()
        self._refusal: Refusal | None = None
        self._place = ExitStack()
        super().prepare()
        length = self.request.headers.get("Content-Length", "")
        too_long = length.isdecimal() and int(length) > HARD_MAX
        connection = cast(HTTP1Connection, self.request.connection)
        # The other way, Tornado answers a bare 400 as soon as it sees the length.
        connection.set_max_body_size(int(length) if too_long else HARD_MAX)
        connection.set_body_timeout(BODY_S)
        if too_long:
            raise _too_large()
        if self.request.method != "POST":
            return
        try:
            async with Budget():
                await self.admit()
                self._sender = await self.actor()
            self._place.enter_context(self.services.library.uploads.place(self._sender.id))
        except Refusal as refusal:
            self._refusal = refusal

    def data_received(self, chunk: bytes) -> None:
        if self._refusal is None and len(self._collected) + len(chunk) > MAX_BODY:
            self._refusal = _too_large()
            self._collected.clear()
        if self._refusal is None:
            self._collected += chunk

    def on_finish(self) -> None:
        self._place.close()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._place.close()

    def sent(self) -> tuple[Actor, bytes]:
        """Who sends, and the picture. Raises whatever was wrong with the request."""
        if self._refusal is not None:
            raise self._refusal
        kind = self.request.headers.get("Content-Type", "")
        files: dict[str, list[HTTPFile]] = {}
        if self._collected:
            if kind.partition(";")[0].strip().lower() != FORM:
                raise Invalid(f"the body must be {FORM}, with the picture as `{self.field}`", "unsupported_media_type")
            try:
                parse_body_arguments(kind, bytes(self._collected), {}, files, self.request.headers)
            except HTTPInputError:
                raise Invalid("the form cannot be read", "invalid_form") from None
            self._collected.clear()
        if not files.get(self.field):
            raise Invalid(f"{self.field} is required", fields={self.field: "is required, as a file"})
        return self._sender, files[self.field][0].body


@operation(
    "post",
    "Upload your picture",
    file="avatar",
    answer=Avatar,
    errors="too_large not_a_picture unsupported_media_type busy no_storage storage_down",
)
@operation("delete", "Remove your picture")
class AvatarHandler(_UploadHandler):
    field = "avatar"

    async def post(self) -> None:
        sender, picture = self.sent()
        with elsewhere(), _still_here():
            self.answer({"avatar_url": await self.services.library.uploads.avatar(sender.id, picture)})

    async def delete(self) -> None:
        actor = await self.actor()
        with elsewhere(), _still_here():
            await self.services.library.uploads.drop_avatar(actor.id)
        self.set_status(204)


@operation(
    "post",
    "Upload a playlist's cover",
    needs="owner",
    file="cover_image",
    answer=Cover,
    errors="too_large not_a_picture unsupported_media_type busy no_storage storage_down",
)
@operation("delete", "Remove a playlist's cover", needs="owner")
class PlaylistCoverHandler(_UploadHandler):
    field = "cover_image"

    async def post(self, playlist_id: str) -> None:
        sender, picture = self.sent()
        with elsewhere():
            self.answer({"cover_url": await self.services.library.uploads.cover(playlist_id, sender.id, picture)})

    async def delete(self, playlist_id: str) -> None:
        actor = await self.actor()
        with elsewhere():
            await self.services.library.uploads.drop_cover(playlist_id, actor.id)
        self.set_status(204)


@operation(
    "get",
    "An uploaded picture",
    who="open",
    answer=bytes,
    also={302: None},
    mime=("image/webp",),
    errors="not_found link_expired storage_down",
)
class UploadedHandler(ApiHandler):
    """An address is never used for another picture, so whoever has seen one need not ask again."""

    async def get(self, key: str) -> None:
        if sent_to_cdn(self, self.services.library.cdn):
            return
        with elsewhere():
            found = await self.services.library.uploads.get(key)
        if found is None:
            raise NotFound("there is no such picture (any more)")
        self.set_header("Content-Type", found.mime)
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        # Should a picture ever pass for a page, it can do nothing.
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.write(found.data)

    async def head(self, key: str) -> None:
        await self.get(key)


def _too_large() -> Invalid:
    return Invalid("a picture has at most 8 MiB", "too_large")


@contextmanager
def _still_here() -> Iterator[None]:
    """Around what is done to the sender's own account."""
    try:
        yield
    except NotFound:
        raise Unauthenticated("the user of this token is gone; sign in again", "token_invalid") from None


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/accounts/upload-avatar/?", AvatarHandler),
    (r"/api/playlists/playlists/([^/]+)/upload-cover/?", PlaylistCoverHandler),
    (r"/uploads/([^/]+)", UploadedHandler),
]
