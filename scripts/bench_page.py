#!/usr/bin/env python3
"""How heavy the room's page is and how quick, on a slow line and a slow processor: `make bench-page`.

scripts/bench_page.py                     # all of it, some 4 minutes on a machine with little else to do
scripts/bench_page.py --only load scroll --rounds 1
scripts/bench_page.py --document          # writes the table into docs/page.md

Medians of several loads. The whole of it, emulation included, is Chromium's; see scripts/bench/page_loads.py.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from bench import page_loads, page_rooms, page_scrolls

# After `page_rooms`, which puts the tests' parts on the path.
from browser_world import FLAGS, PLAYS_ALOUD, chromium
from playwright.sync_api import Browser, sync_playwright

DOCUMENT = Path(__file__).parent.parent / "docs" / "page.md"
HEAD = "| what | target | figure | |\n| --- | --- | --- | --- |"
#: A usual room and one that is as full as they get.
TRACKS, LINES = (20, page_rooms.SONGS), (60, 5_000)


class Row(NamedTuple):
    what: str
    target: str
    figure: str
    met: bool | None = None


class World(NamedTuple):
    browser: Browser
    url: str
    usual: page_rooms.Room
    full: page_rooms.Room
    rounds: int


def load_rows(world: World) -> Iterator[Row]:
    for name, room in (("a usual room", world.usual), ("a full room", world.full)):
        said(f"loads of {name}")
        loads = [page_loads.watched(world.browser, world.url, room) for _ in range(world.rounds)]
        last = loads[-1]
        if room is world.usual:
            own = sum(last.weight.get(part, 0) for part in ("HTML", "CSS", "JS")) / 1_000
            parts = ", ".join(f"{part} {size / 1_000:.1f}" for part, size in last.weight.items() if part != "the rest")
            yield Row("weight of our HTML, CSS and JS, compressed", "< 100 KB", f"{own:.1f} KB ({parts})", own < 100)
            foreign = {address for load in loads for address in load.foreign}
            yield Row("requests; of other hosts", "0 of others", f"{last.requests}; {len(foreign)}", not foreign)
        yield Row(f"first paint with content, {name}", "", ms(median(each.fcp for each in loads)))
        yield Row(f"largest paint, {name}", "", ms(median(each.lcp for each in loads)))
        shift = max(each.cls for each in loads)
        yield Row(f"layout shift, {name}, the worst of {len(loads)}", "< 0.02", f"{shift:.4f}", shift < 0.02)
        yield Row(f"total blocking time, {name}", "", ms(median(each.tbt for each in loads)))
        yield Row(f"elements in the page, {name}", "", f"{last.nodes:,}")


def react_rows(world: World) -> Iterator[Row]:
    said("presses from the start")
    asked = {"play": "the play button reacts", "say": "the chat box reacts", "name": "the door reacts, to who is new"}
    for what, words in asked.items():
        yield from _reaction(world, f"{words}, a usual room", world.usual, what)
    yield from _reaction(world, "the play button reacts, a full room", world.full, "play")


def _reaction(world: World, words: str, room: page_rooms.Room, what: str) -> Iterator[Row]:
    taken = [page_loads.reacts(world.browser, world.url, room, what) for _ in range(world.rounds)]
    seen, told = (median(getattr(each, name) for each in taken) for name in ("seen", "told"))
    yield Row(f"{words}: it is seen", "< 1,000 ms", ms(seen), seen < 1_000)
    yield Row(f"{words}: the server is told", "", ms(told))


def scroll_rows(world: World) -> Iterator[Row]:
    measures: dict[str, Callable[[int], page_scrolls.Frames]] = {
        "500 plain boxes, to compare": lambda rate: page_scrolls.plain(world.browser, rate),
        "a queue of 500 tracks": lambda rate: page_scrolls.queue(world.browser, world.url, world.full, rate),
        "5,000 lines of chat": lambda rate: page_scrolls.chat(world.browser, world.url, world.full, rate),
    }
    for what, measure in measures.items():
        for rate in (1, page_loads.SLOWER):
            said(f"scrolling: {what}, {rate} ×")
            runs = [measure(rate) for _ in range(world.rounds)]
            late, p50, p95 = (median(getattr(each, name) for each in runs) for name in ("late", "p50", "p95"))
            longest = max(each.longest for each in runs)
            figure = f"{late:.1%} late; p50 {p50:.1f}, p95 {p95:.1f}, longest {longest:.0f} ms"
            slower = f", processor {rate} × slower" if rate > 1 else ""
            aim = ("", None) if "plain" in what else ("p95 of frames ≤ 16.7 ms", p95 < page_scrolls.LATE_MS)
            yield Row(f"{what}{slower}", aim[0], figure, aim[1])


MEASURES = {"load": load_rows, "react": react_rows, "scroll": scroll_rows}


def said(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def ms(value: float) -> str:
    return f"{value:,.0f} ms"


def main() -> int:
    given = _options()
    began = time.monotonic()
    with page_rooms.house() as server:
        said("rooms")
        usual, full = (page_rooms.opened(server, "Room", *size) for size in zip(TRACKS, LINES, strict=True))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, PLAYS_ALOUD])
            world = World(browser, server.url, usual, full, given.rounds)
            rows = [row for name in given.only or MEASURES for row in MEASURES[name](world)]
            browser.close()
    table = "\n".join([HEAD, *map(_line, rows)])
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(table)
    print(f"{(time.monotonic() - began) / 60:.1f} minutes; load at the end {load}")
    if given.document:
        text = DOCUMENT.read_text(encoding="utf-8")
        block = f"<!-- table -->\n\n{table}\n\n<!-- end -->"
        DOCUMENT.write_text(re.sub(r"<!-- table -->.*<!-- end -->", lambda _: block, text, flags=re.DOTALL), "utf-8")
    return 0 if all(row.met is not False for row in rows) else 1


def _line(row: Row) -> str:
    met = {True: "✓", False: "✗", None: ""}[row.met]
    return f"| {row.what} | {row.target} | {row.figure} | {met} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), help="some of the measurements")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--document", action="store_true", help="write the table into docs/page.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
