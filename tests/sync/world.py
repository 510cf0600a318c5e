"""A server, its music, slow lines to it, and listeners with a Chromium process each."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
from browser_world import FLAGS, PLAYS_ALOUD, Roomd, chromium
from playwright.async_api import Browser, Page, Playwright, async_playwright
from serving import make_wav

from sync.delays import Line, SlowProxy
from sync.samples import Noted, read

PATIENCE_S = 30.0
#: Milliseconds by which the listeners' clocks are ahead, where they are wrong at all: 8 days, an hour, not at all.
OFFSETS_MS = (691_200_000.0, 3_600_000.0, 0.0)
#: Songs of the room, and their lengths in seconds: the first is long enough for all that is done in it; the others are
#: for skipping, and long enough that none begins to load the next one.
SONG_S = 240.0
SONGS = {"Long Walk": SONG_S} | dict.fromkeys(("Brook", "Ferry", "Orchard", "Harbour", "Meadow", "Ridge"), 60.0)
_PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class Setup:
    """What the listeners of a run are like. `law` and `clock` name others' in place of the page's (page/peers.js)."""

    player: str = "element"
    line: Line | None = None
    #: By how much the listeners' clocks run fast, one after the other.
    ppm: tuple[float, ...] = (0.0,)
    law: str | None = None
    clock: str | None = None


@dataclass
class Listener:
    name: str
    browser: Browser
    page: Page
    faults: list[str] = field(default_factory=list)

    async def do(self, kind: str, **fields: Any) -> None:
        await self.page.evaluate("([kind, fields]) => window.roomd.client.run(kind, fields)", [kind, fields])

    async def now(self) -> float:
        """Room time, by the truth."""
        js = "() => { const { upper, lower } = bench.looks.at(-1); return bench.now() + (upper + lower) / 2; }"
        return float(await self.page.evaluate(js))

    async def playback(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate("() => window.roomd.state().playback")
        return found

    async def entered(self) -> None:
        """Wait until the room is shown, and its clock is known."""
        js = "() => Boolean(window.roomd?.state() && window.roomd.clock.ready && window.bench.looks.length)"
        await until(f"{self.name} is in the room", lambda: self.page.evaluate(js))

    async def runs(self, since: float = 0.0) -> None:
        """Wait until what the room plays, from a line that began then or later, is heard here."""
        js = """(since) => {
          const { player, state } = window.roomd ?? {};
          const playback = state?.()?.playback;
          return Boolean(playback?.playing && playback.as_of >= since && player.mode === "running");
        }"""
        await until(f"{self.name} plays", lambda: self.page.evaluate(js, since))

    async def noted(self) -> Noted:
        return read(self.name, await self.page.evaluate("() => JSON.stringify(window.bench)"))


@dataclass
class Room:
    """A room of one run, and who is in it."""

    world: "World"
    code: str
    setup: Setup
    #: Who opened it.
    key: dict[str, Any]
    listeners: list[Listener] = field(default_factory=list)
    came: int = 0

    async def join(self, *names: str, after_s: float = 0.0) -> list[Listener]:
        """These come in, each with a browser of their own that has run for so long; the first of all is the host.
        Returns as their pages load."""
        places = range(self.came, self.came + len(names))
        self.came += len(names)
        joining = (self._join(name, place, after_s) for name, place in zip(names, places, strict=True))
        joined = await asyncio.gather(*joining)
        self.listeners += joined
        return joined

    async def _join(self, name: str, place: int, after_s: float) -> Listener:
        key = self.key if place == 0 else await self.world.guest(name)
        listener = await self.world.browse(name, place, key, self)
        await asyncio.sleep(after_s)
        await listener.page.goto(f"{self.world.address(place, self.setup)}/r/{self.code}", wait_until="commit")
        return listener

    async def add_songs(self) -> None:
        """All of them; the first one starts."""
        await self.listeners[0].do("add", tracks=[{"source": self.world.songs[title]} for title in SONGS])

    async def leave(self, listener: Listener) -> None:
        self.listeners.remove(listener)
        await listener.browser.close()


@dataclass
class World:
    server: Roomd
    http: httpx.AsyncClient
    playwright: Playwright
    proxies: list[SlowProxy]
    songs: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    async def guest(self, name: str) -> dict[str, Any]:
        """What the page keeps of somebody who is signed in."""
        answer = (await self.http.post("/api/auth/guest/", json={"name": name})).raise_for_status().json()
        return {"access": answer["access_token"], "refresh": answer["refresh_token"], "user": answer["user"]}

    @asynccontextmanager
    async def room(self, setup: Setup) -> AsyncIterator[Room]:
        """A room of its own. Its listeners are gone at the end, and what their browsers complained of is kept."""
        key = await self.guest("Alice")
        headers = {"Authorization": f"Bearer {key['access']}"}
        made = await self.http.post("/api/rooms/create/", json={"name": "Friday"}, headers=headers)
        room = Room(self, str(made.raise_for_status().json()["code"]), setup, key)
        if not self.songs:
            await self._find_songs(headers)
        try:
            yield room
        finally:
            for listener in room.listeners:
                self.faults += [f"{listener.name}: {fault}" for fault in listener.faults]
                await listener.browser.close()

    async def browse(self, name: str, place: int, key: dict[str, Any], room: Room) -> Listener:
        """A browser with an empty page, made ready to measure in that room."""
        browser = await self.playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, PLAYS_ALOUD])
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(PATIENCE_S * 1_000)
        await context.add_init_script(_probe(self._wanted(place, room.code, key, room.setup)))
        listener = Listener(name, browser, await context.new_page())
        listener.page.on("pageerror", lambda fault: listener.faults.append(str(fault)))
        return listener

    def address(self, place: int, setup: Setup) -> str:
        """Where a listener finds the server: itself, or the end of their line to it."""
        if setup.line is None:
            return self.server.url
        proxy = self.proxies[place % len(self.proxies)]
        proxy.line = setup.line
        return f"http://127.0.0.1:{proxy.port}"

    def _wanted(self, place: int, code: str, key: dict[str, Any], setup: Setup) -> dict[str, Any]:
        ppm = setup.ppm[place % len(setup.ppm)]
        preferences: dict[str, Any] = {"player": setup.player}
        if setup.law is not None:
            # Others do not learn how long a start takes.
            preferences["latency"] = 0
        return {
            "skew": {"ppm": ppm, "offset": OFFSETS_MS[place % len(OFFSETS_MS)] if any(setup.ppm) else 0},
            "truth": f"ws://127.0.0.1:{self.server.port}/ws/v1/{code}/",
            "law": setup.law,
            "clock": setup.clock,
            "kept": {"roomd.session": key, "roomd.preferences": preferences},
        }

    async def _find_songs(self, headers: dict[str, str]) -> None:
        """The folder is read as the server starts, beside everything else."""

        async def found() -> bool:
            answer = await self.http.get("/api/catalogue/search/", params={"provider": "local"}, headers=headers)
            tracks = answer.raise_for_status().json()["tracks"]
            self.songs = {track["title"]: track["id"] for track in tracks}
            return self.songs.keys() >= SONGS.keys()

        await until("the songs are known", found)


@asynccontextmanager
async def world(data: Path, music: Path, *, lines: int, seed: int) -> AsyncIterator[World]:
    """Two empty folders; that for data right in /tmp, since stores of another user have their sockets in it."""
    for title, seconds in SONGS.items():
        make_wav(music / f"Carol Example - {title}.wav", seconds, rate=22_050)
    server = Roomd(data, music)
    async with AsyncExitStack() as stack:
        proxies = [SlowProxy(lambda: server.port, Random(f"{seed} {place}")) for place in range(lines)]
        for proxy in proxies:
            await proxy.start()
            stack.push_async_callback(proxy.close)
        # The truth is asked of the server itself, by pages that know it by their proxy's address.
        server.more["ALLOWED_ORIGINS"] = ",".join(f"http://127.0.0.1:{proxy.port}" for proxy in proxies)
        await asyncio.to_thread(server.start)
        stack.callback(server.end, signal.SIGTERM)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url, trust_env=False))
        playwright = await stack.enter_async_context(async_playwright())
        yield World(server, http, playwright, proxies)


async def until(what: str, met: Callable[[], Awaitable[Any]], patience_s: float = PATIENCE_S) -> None:
    """Fails when it is not so within the time."""
    limit = time.monotonic() + patience_s
    while not await met():
        if time.monotonic() > limit:
            raise AssertionError(f"waited {patience_s:.0f} s in vain: {what}")
        await asyncio.sleep(0.05)


async def everybody(listeners: Sequence[Listener]) -> list[Noted]:
    return list(await asyncio.gather(*(listener.noted() for listener in listeners)))


def _probe(wanted: dict[str, Any]) -> str:
    parts = [(_PAGE / f"{name}.js").read_text(encoding="utf-8") for name in ("clocks", "peers", "probe")]
    return f"(() => {{\n{''.join(parts)}\nprobe({json.dumps(wanted)});\n}})();"
