"""`/media/subtitles/…`: subtitles that lie elsewhere, handed on."""

from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere


class SubtitlesHandler(ApiHandler):
    async def get(self, signature: str, name: str) -> None:
        """The path is known to those who see the queue, as a media file's is."""
        with elsewhere():
            text = await self.services.subtitles.fetch(signature, name)
        self.set_header("Content-Type", "text/vtt; charset=utf-8")
        self.set_header("Cache-Control", "private, max-age=3600")
        self.write(text)


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/media/subtitles/([0-9a-f]{32})/([A-Za-z0-9_-]{1,2800})", SubtitlesHandler),
]
