"""What stands behind the links in a chat: title, a sentence and a picture, fetched by this server.

Browsers ask nobody but us, so who reads a chat stays unknown to the sites that are named in it. Pages are fetched by
the guarded fetcher, pictures made anew and small; both are bounded, and kept for an hour.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

from msgspec import Struct

from roomd.catalogue.fetch import Fetcher, FetchFailed, FetchRefused
from roomd.catalogue.memory import Memory
from roomd.catalogue.oembed import OEmbed
from roomd.catalogue.page_facts import Facts, facts_of
from roomd.domain.links import parse_link
from roomd.domain.refusals import Invalid, Limited, Unavailable
from roomd.domain.track import url_fault
from roomd.pictures import MIME, Pictures

#: Bytes of a page that are read: what is wanted stands in its head.
MAX_PAGE = 256 * 1_024
MAX_PICTURE = 4 << 20
#: The longer side of a preview's picture, in pixels; as WebP it has some 6 KB.
SIDE = 192
PATIENCE_S = 4.0
#: Looked at at the same time, and those that may wait for that.
AT_ONCE = 6
WAITING = 60
#: Previews kept; with pictures they are some 6 MB.
MOST = 600
KEPT_MS = 3_600_000.0
#: A page that did not answer is asked again after this.
NOTHING_MS = 300_000.0


class Preview(Struct, frozen=True):
    """`picture` is a data URL; everything is empty where there is nothing to tell."""

    url: str
    site: str = ""
    title: str = ""
    description: str = ""
    picture: str = ""


class Previews:
    """`now` is room time in ms."""

    def __init__(self, fetcher: Fetcher, oembed: OEmbed, pictures: Pictures, now: Callable[[], float]) -> None:
        self._fetcher = fetcher
        self._oembed = oembed
        self._pictures = pictures
        self._kept: Memory[Preview] = Memory(MOST, now)
        self._asked: dict[str, asyncio.Future[Preview]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def of(self, url: str) -> Preview:
        """Raises Invalid for what is no http(s) link, Limited when too many are being looked at."""
        fault = url_fault(url)
        if fault or not url.startswith(("http://", "https://")):
            reason = fault or "must be an http or https URL"
            raise Invalid(f"The url {reason}.", fields={"url": reason})
        known = self._kept.get(url)
        if known is not None:
            return known
        if url not in self._asked:
            if len(self._asked) >= WAITING:
                raise Limited("many links are being looked at; try again in a moment", 5.0, "busy")
            task = asyncio.ensure_future(self._look(url))
            self._asked[url] = task
            task.add_done_callback(lambda _: self._asked.pop(url, None))
        return await asyncio.shield(self._asked[url])

    async def stop(self) -> None:
        for task in tuple(self._asked.values()):
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _look(self, url: str) -> Preview:
        async with self._turns:
            facts = await self._facts(url)
            picture = await self._picture(facts.picture) if facts.picture and facts.title else ""
        site = facts.site or (urlsplit(url).hostname or "").removeprefix("www.")
        found = Preview(url, site, facts.title, facts.description, picture) if facts.title else Preview(url)
        self._kept.keep(url, found, KEPT_MS if facts.title else NOTHING_MS)
        return found

    async def _facts(self, url: str) -> Facts:
        """A recording's from its provider, any other page's from itself."""
        link = parse_link(url)
        if link is not None:
            card = await self._oembed.card(link)
            return Facts(title=card.title, description=card.artist, picture=card.cover)
        try:
            page = await self._fetcher.get(url, max_bytes=MAX_PAGE, timeout_s=PATIENCE_S, patience_s=PATIENCE_S / 2)
        except (FetchRefused, FetchFailed):
            return Facts()
        return facts_of(page.body, page.headers, page.url) if page.status == 200 else Facts()

    async def _picture(self, address: str) -> str:
        """As a data URL; empty where it cannot be had. A preview does without."""
        try:
            found = await self._fetcher.get(address, max_bytes=MAX_PICTURE, timeout_s=PATIENCE_S)
            if found.status != 200 or found.cut:
                return ""
            small = await self._pictures.small(found.body, SIDE)
        except (FetchRefused, FetchFailed, Invalid, Limited, Unavailable):
            return ""
        return f"data:{MIME};base64,{b64encode(small).decode()}"
