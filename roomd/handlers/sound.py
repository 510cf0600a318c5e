"""How loud a track of the music folder is, how it looks as a wave, and how far its conversion has come."""

from typing import TYPE_CHECKING

from roomd.catalogue.scan import LOCAL, Item
from roomd.domain.refusals import NotFound
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.openapi.shapes.library import Peaks, Sound

if TYPE_CHECKING:
    from roomd.sound.notes import Told


class _SoundHandler(ApiHandler):
    def item(self, track_id: str) -> Item:
        item = self.services.folder.index.get(track_id.removeprefix(f"{LOCAL}:"))
        if item is None:
            raise NotFound("that file is not in the music folder (any more)", "no_such_track")
        return item

    async def told(self, item: Item) -> "Told | None":
        """None where there is no ffmpeg."""
        sound = self.services.folder.sound
        return await sound.tell(item) if sound is not None else None


@operation("get", "How a file sounds", answer=Sound, errors="no_such_track")
class SoundHandler(_SoundHandler):
    async def get(self, track_id: str) -> None:
        await self.actor()
        item = self.item(track_id)
        told = await self.told(item)
        heard = told.heard if told else None
        known = heard if heard and not heard.fault else None
        self.answer(
            {
                "id": item.track.source,
                "status": told.status if told else "off",
                "progress": round(told.progress, 3) if told else 0.0,
                "duration_ms": known.duration_ms if known else item.track.duration_ms,
                "loudness_lufs": known.lufs if known else None,
                "true_peak_db": known.peak_db if known else None,
                "gain_db": known.gain_db if known else None,
                "peaks_url": f"/api/catalogue/sound/{item.track.source}/peaks/" if known else "",
                "converted": item.converted,
                "url": item.track.url,
                "fault": heard.fault if heard else "",
            }
        )


@operation("get", "A file's waveform", answer=Peaks, errors="no_such_track not_measured")
class PeaksHandler(_SoundHandler):
    async def get(self, track_id: str) -> None:
        await self.actor()
        told = await self.told(self.item(track_id))
        if told is None or told.heard is None or told.heard.fault:
            raise NotFound("nobody has listened to this track (yet)", "not_measured")
        self.answer({"duration_ms": told.heard.duration_ms, "peaks": list(told.heard.peaks)})


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/catalogue/sound/([^/]+)/?", SoundHandler),
    (r"/api/catalogue/sound/([^/]+)/peaks/?", PeaksHandler),
]
