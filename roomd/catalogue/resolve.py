"""From what somebody wants to a track that can be played: our own media are known, other links are looked at."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from msgspec import structs

from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.oembed import OEmbed
from roomd.catalogue.probe import Probed, probe
from roomd.catalogue.subtitles import Subtitles
from roomd.domain.links import Link, is_short, parse_link
from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.song import full_id
from roomd.domain.track import MAX_TEXT, MEDIA_PATH, Track, check_track, fit_text, url_fault
from roomd.domain.wanted import Wanted

#: Links looked at at the same time, for one command and for all of them.
PROBES_EACH = 4
PROBES_ALL = 16

#: Songs by their full ids, as they are queued. Raises NotFound.
Tracks = Callable[[Sequence[str]], Awaitable[tuple[Track, ...]]]

_PASSED_ON = re.compile(r"/media/([a-z][a-z_-]{1,19})/([A-Za-z0-9._~-]{1,150})")


class Resolver:
    """`tracks` knows the songs of all catalogues."""

    def __init__(
        self, folder: LocalFolder, fetcher: Fetcher, oembed: OEmbed, subtitles: Subtitles, tracks: Tracks | None = None
    ) -> None:
        self._tracks = tracks
        self._folder = folder
        self._fetcher = fetcher
        self._oembed = oembed
        self._subtitles = subtitles
        self._all = asyncio.Semaphore(PROBES_ALL)

    async def resolve(self, wanted: Sequence[Wanted]) -> tuple[Track, ...]:
        """A track for each, in order. Raises Invalid for a link that is none, or is certainly no audio or video."""
        for index, each in enumerate(wanted):
            sourced = each.source.strip() and not each.url.strip()
            fault = "" if sourced or parse_link(each.url) else url_fault(each.url.strip())
            if fault:
                raise Invalid(f"The url {fault}.", fields={f"tracks[{index}].url": fault})
            fault = url_fault(each.subtitles.strip()) if each.subtitles.strip() else ""
            if fault:
                raise Invalid(f"The subtitles {fault}.", fields={f"tracks[{index}].subtitles": fault})
        each_s = asyncio.Semaphore(PROBES_EACH)

        async def one(index: int, each: Wanted) -> Track:
            async with each_s:
                return await self._one(index, each)

        tasks = [asyncio.create_task(one(index, each)) for index, each in enumerate(wanted)]
        try:
            return tuple(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, index: int, wanted: Wanted) -> Track:
        url = wanted.url.strip()
        if not url:
            return await self._known(full_id(wanted.source, f"tracks[{index}].source"))
        if url.startswith(MEDIA_PATH):
            passed_on = _PASSED_ON.fullmatch(urlsplit(url).path)
            return await self._known(f"{passed_on[1]}:{passed_on[2]}") if passed_on else self._own(url)
        link = parse_link(url)
        async with self._all:
            if link is None and is_short(url):
                link = await self._oembed.follow(url)
            if link is not None:
                return await self._linked(index, wanted, link)
        if wanted.title.strip() and wanted.duration_ms is not None and wanted.kind is not None:
            return self._checked(index, wanted, Probed(what="unknown"))
        async with self._all:
            probed = await probe(url, self._fetcher)
        if probed.what in {"not_media", "missing"}:
            raise Invalid(
                f"There is nothing to play at that link: {probed.reason}.",
                "not_media",
                {f"tracks[{index}].url": probed.reason},
            )
        return self._checked(index, wanted, probed)

    async def _linked(self, index: int, wanted: Wanted, link: Link) -> Track:
        """A provider's recording: it plays in the provider's own player, under the title and picture it has there."""
        card = await self._oembed.card(link)
        facts = Probed(
            what="media",
            kind=link.kind,
            title=card.title or f"{link.provider} {link.id}",
            artist=card.artist,
            duration_ms=card.duration_ms,
        )
        known = structs.replace(wanted, url=link.url, cover=wanted.cover or card.cover, kind=link.kind, subtitles="")
        return structs.replace(self._checked(index, known, facts), source=link.source, loose=link.loose)

    def _checked(self, index: int, wanted: Wanted, probed: Probed) -> Track:
        """What the client says of a link goes before what its tags say; a length that was measured goes before both."""
        try:
            return check_track(
                title=wanted.title.strip() or fit_text(probed.title) or title_of(wanted.url),
                artist=wanted.artist.strip() or fit_text(probed.artist),
                album=wanted.album.strip() or fit_text(probed.album),
                url=wanted.url,
                duration_ms=probed.duration_ms or wanted.duration_ms,
                kind=probed.kind if probed.what == "media" else wanted.kind or "audio",
                cover=wanted.cover,
                mime=probed.mime if probed.what == "media" else "",
                subtitles=self._subtitles.path(wanted.subtitles.strip()) if wanted.subtitles.strip() else "",
            )
        except Invalid as refusal:
            fields = {f"tracks[{index}].{name}": reason for name, reason in refusal.fields.items()}
            raise Invalid(refusal.message, refusal.code, fields) from None

    async def _known(self, song_id: str) -> Track:
        """A song of a catalogue: what that says of it counts, not what the client says."""
        if self._tracks is None:
            raise _missing()
        (track,) = await self._tracks([song_id])
        return track

    def _own(self, url: str) -> Track:
        """A file of this server: what its index says counts, not what the client says."""
        name = url.removeprefix(MEDIA_PATH).partition(".")[0]
        track = self._folder.track(f"local:{name}")
        if track is None:
            raise _missing()
        return track


def _missing() -> NotFound:
    return NotFound("That file is not in the music folder (any more).", "no_such_track")


def title_of(url: str) -> str:
    """What a link is called when nobody says: the file's name, or the host."""
    parts = urlsplit(url)
    stem = PurePosixPath(unquote(parts.path)).stem.replace("_", " ")
    return fit_text(stem, MAX_TEXT) or parts.hostname or "Untitled"
