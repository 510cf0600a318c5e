#!/usr/bin/env python3
"""The goals of fan-out, each with its target beside the figure.

scripts/bench_all.py                           # all of it, some 25 minutes on two quiet cores
scripts/bench_all.py --only F1 F9 --rounds 1
scripts/bench_all.py --document                # writes the table into docs/performance.md

Ratios are to a floor in C (scripts/bench/floor.c) that is built here and has its turns in the same run; medians.
"""

import argparse
import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench import commands, goals
from bench.goals import Options, Row, said
from bench.servers import BenchError

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
HEAD = "| goal | what | target | figure | |\n| --- | --- | --- | --- | --- |"


def command_rows(options: Options) -> Iterator[Row]:
    """F5, F6 and F13."""
    yield from asyncio.run(_commands(options))


async def _commands(options: Options) -> list[Row]:
    rows, seconds = [], options.seconds
    small = commands.Load(64, 64)
    async with commands.house() as here:
        said("commands, one room and many")
        room, by_hand = await commands.opened(here, commands.Load(2, 1))
        for flushed, what in (("everysec", "as managed servers flush"), ("always", "each on disk, as embedded")):
            await here.redis.config_set("appendfsync", flushed)
            took = await commands.hops(here, room, by_hand, 2 * seconds)
            text = f"added by Redis to a command at 100/s, p50, {what}"
            beside = f"whole {took.whole:.2f}, bare script and push {took.published:.2f}, PING {took.ping:.2f}"
            rows.append(Row("F5", text, "≤ 0.3 ms", f"{took.added:.2f} ms ({beside})", took.added <= 0.3))
        busy = await commands.measured(here, [room], commands.Load(1, 64), seconds)
        rooms = await commands.opened(here, small)
        many = await commands.measured(here, rooms, small, seconds)
        for what, found in (("one room", busy), ("64 rooms", many)):
            text = f"{found.per_s:,.0f}/s ({found.us_each:.0f} µs here, {found.redis_us_each:.0f} in Redis)"
            rows.append(Row("F6", f"commands, archived, 64 at once, {what}", "≥ 20,000/s", text, found.per_s >= 20_000))
        said("… beside 10,000 rooms that live and 100,000 that sleep")
        await commands.put_to_sleep(here, options.of(100_000))
        live = await commands.opened(here, commands.Load(options.of(10_000), 64, members=1))
        full = await commands.opened(here, commands.Load(64, 64, tracks=500))
        again = await commands.measured(here, rooms, small, seconds)
        large = await commands.measured(here, full, small, seconds)
        spread = await commands.measured(here, live, small, seconds)
    for what, found in (("the same rooms", again), ("queues of 500 tracks", large), ("in all of them", spread)):
        ratio = found.us_each / many.us_each
        text = f"{ratio:.2f} × ({found.us_each:.0f} µs)"
        rows.append(Row("F13", f"… 10,000 rooms live, 100,000 asleep: {what}", "≤ 1.2 ×", text, ratio <= 1.2))
    return rows


MEASURES: dict[str, Callable[[Options], Iterator[Row]]] = {
    "F1 F4": goals.steady,
    "F2 F3": goals.saturated,
    "F5 F6 F13": command_rows,
    "F7 F8": goals.storm,
    "F9": goals.small_rooms,
    "F10": goals.neighbours,
    "F11": goals.stalled,
    "bad": goals.bad_company,
    "F12": goals.reading,
    "several": goals.several,
}


def main() -> int:
    options = _options()
    wanted = set(options.only or [])
    given = Options(options.rounds, options.seconds, options.size)
    began, rows = time.monotonic(), []
    for names, measure in MEASURES.items():
        if wanted and not wanted & set(names.split()):
            continue
        try:
            rows += list(measure(given))
        except BenchError as fault:
            rows.append(Row(names.split()[0], "could not be measured", "", str(fault)))
    table = "\n".join([HEAD, *map(_line, rows)])
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(table)
    print(f"{(time.monotonic() - began) / 60:.0f} minutes; load at the end {load}")
    if options.document:
        text = DOCUMENT.read_text(encoding="utf-8")
        block = f"<!-- table -->\n\n{table}\n\n<!-- end -->"
        DOCUMENT.write_text(re.sub(r"<!-- table -->.*<!-- end -->", lambda _: block, text, flags=re.DOTALL), "utf-8")
    return 0


def _line(row: Row) -> str:
    met = {True: "✓", False: "✗", None: ""}[row.met]
    return f"| {row.goal} | {row.what} | {row.target} | {row.figure} | {met} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="F…", help="some of the goals")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--size", type=float, default=1.0, help="a share of the sockets and rooms")
    parser.add_argument("--document", action="store_true", help="write the table into docs/performance.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
