"""One room in several browsers, through the page that everybody gets; the first who enters opens it and is its host."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

from audio.tab import Tab, TabError

#: Seconds within which anything that is to happen has happened, on a machine that has other things to do.
PATIENCE_S = 60.0
NAMES = ("Alice", "Bob", "Carol", "Dave")

#: Every 100 ms: how far the page believes to be behind the line, in ms, and what it does about it.
_NOTES = """(() => {
  window.noted = [];
  setInterval(() => {
    const { player, state } = window.roomd;
    if (player.mode !== "running" || !state()?.playback.playing) return;
    const error = player.expectedPosition() + player.trim - player.actualPosition();
    window.noted.push({ error, player: player.player?.name ?? null, ...player.player?.effort() });
  }, 100);
})()"""

#: The songs of the folder, in the order of their titles.
_SONGS = """(async () => {
  const { access } = JSON.parse(localStorage.getItem("roomd.session"));
  const answer = await fetch("/api/catalogue/search/", { headers: { Authorization: `Bearer ${access}` } });
  const { tracks } = await answer.json();
  return tracks.sort((one, other) => one.title < other.title ? -1 : 1).map(({ id }) => ({ source: id }));
})()"""


@dataclass
class Room:
    url: str
    #: Whether pages correct anything once they play.
    controlled: bool = True
    #: How far ahead of the line the second begins, in milliseconds; the third twice as far, and so on.
    stumble: float = 0.0
    tabs: list[Tab] = field(default_factory=list)
    _code: str = ""

    async def enter(self, tab: Tab, player: str) -> None:
        """`player` is the page's preference: "webaudio" or "element"."""
        name = NAMES[len(self.tabs)]
        await tab.go(self.url)
        taste: dict[str, Any] = {"player": player, "volume": 1, "even": False}
        if self.stumble:
            taste["trim"] = self.stumble * len(self.tabs)
        stored = json.dumps(json.dumps(taste))
        await tab.evaluate(f"localStorage.setItem('roomd.preferences', {stored})")
        if self._code:
            await tab.go(f"{self.url}/r/{self._code}")
            await _submit(tab, "#enter-form", name=name)
        else:
            await tab.go(self.url)
            await _submit(tab, "#create", room_name="Friday kitchen", name=name)
        await until(tab, "window.roomd?.client.status.phase === 'live' && window.roomd.state() !== null")
        if not self.controlled:
            await tab.evaluate("(() => { window.roomd.player.tick = () => {}; })()")
        await tab.evaluate(_NOTES)
        self.tabs.append(tab)
        self._code = str(await tab.evaluate("location.pathname.split('/').pop()"))

    async def add_all(self) -> None:
        """Queue the folder's songs; the first one starts."""
        await self.host("add", tracks=await self.tabs[0].evaluate(_SONGS))

    async def host(self, command: str, **fields: Any) -> None:
        await self.tabs[0].evaluate(f"window.roomd.client.run({command!r}, {json.dumps(fields)}).then(() => null)")

    async def all_play(self, entry: int = 0) -> None:
        """Wait until everybody plays that entry of the queue."""
        current = f"window.roomd.state().playback.entry === window.roomd.state().queue[{entry}].id"
        runs = "window.roomd.player.mode === 'running' && window.roomd.player.expectedPosition() > 0"
        for tab in self.tabs:
            await until(tab, f"{current} && {runs}")
            if self.stumble:
                # Whoever began beside the line is to be on it from now on.
                await tab.evaluate("(() => { window.roomd.player.trim = 0; })()")

    async def noted(self) -> list[list[dict[str, Any]]]:
        """What each page noted of itself since this was last asked."""
        return [await tab.evaluate("window.noted.splice(0)") for tab in self.tabs]


async def until(tab: Tab, condition: str) -> None:
    """Wait for a JavaScript condition. Raises TimeoutError with what the page is at."""
    end = time.monotonic() + PATIENCE_S
    while not await _holds(tab, condition):
        if time.monotonic() > end:
            at = await tab.evaluate("[document.title, window.roomd?.player.mode, window.roomd?.client.status]")
            raise TimeoutError(f"waited {PATIENCE_S:.0f} s in vain for {condition}; the page is at {at}")
        await asyncio.sleep(0.1)


async def _holds(tab: Tab, condition: str) -> bool:
    try:
        return bool(await tab.evaluate(f"Boolean({condition})"))
    except TabError:
        # The page was just being left for the next.
        return False


async def _submit(tab: Tab, form: str, **values: str) -> None:
    await until(tab, f"document.querySelector({form!r})?.checkVisibility()")
    fills = "".join(f"form.elements[{name!r}].value = {json.dumps(value)};" for name, value in values.items())
    await tab.evaluate(f"(() => {{ const form = document.querySelector({form!r}); {fills} form.requestSubmit(); }})()")
