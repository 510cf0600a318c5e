"""How far apart listeners are, measured in real browsers: `make bench-sync`. Exit status 1 when a gate is broken.

make bench-sync ARGS='--only element --only off'     some scenarios
make bench-sync ARGS='--seconds 20 --browsers 2'     shorter, and for a small machine
make bench-sync ARGS='--seed 7'                      other delays
make bench-sync ARGS='--document'                    and put the table and the picture into docs/sync.md

All of it takes about 17 minutes and wants a machine with little else to do; how busy it was is told. All samples are in
test-output/sync.json.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.suite import Effort, Taken

TOP = Path(__file__).resolve().parent.parent


def main() -> int:
    sys.path.insert(0, str(TOP / "tests"))
    from sync.delays import exact_loop
    from sync.goals import broken
    from sync.plot import plot
    from sync.report import conditions, put_into, table, write_json
    from sync.suite import SUITE, Effort

    given = _arguments(list(SUITE))
    effort = Effort(given.browsers, given.seconds, given.times, given.seed)
    with asyncio.Runner(loop_factory=exact_loop) as runner:
        taken = runner.run(_take(given.only or list(SUITE), effort))
    write_json(TOP / "test-output" / "sync.json", taken, effort)
    (TOP / "test-output" / "sync.svg").write_text(plot(taken), encoding="utf-8")
    if given.document:
        put_into(TOP / "docs" / "sync.md", table(taken, markdown=True))
        (TOP / "docs" / "img" / "sync-error.svg").write_text(plot(taken), encoding="utf-8")
    print(conditions(taken), file=sys.stderr)
    print(table(taken, markdown=given.markdown))
    faults = broken(taken)
    print("\n".join(f"BROKEN {fault}" for fault in faults), file=sys.stderr)
    return 1 if faults else 0


def _arguments(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how far apart listeners are, in real browsers.")
    parser.add_argument("--only", action="append", choices=names, help="this scenario; may be given again")
    parser.add_argument("--seed", type=int, default=2026, help="for the delays, and the places sought")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a steady window (60; at most 180)")
    parser.add_argument("--browsers", type=int, default=3, help="listeners (3; 2 to 8)")
    parser.add_argument("--times", type=int, default=10, help="starts and seeks each (10)")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    parser.add_argument("--document", action="store_true", help="put the table and the picture into docs/sync.md")
    given = parser.parse_args()
    if not (2 <= given.browsers <= 8 and 1 <= given.seconds <= 180 and 1 <= given.times <= 40):
        parser.error("2 to 8 browsers, 1 to 180 seconds, 1 to 40 times")
    return given


async def _take(names: list[str], effort: "Effort") -> "dict[str, Taken]":
    from sync.suite import perform
    from sync.world import world

    taken = {}
    with ExitStack() as stack:
        data, music = (
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rs-", dir="/tmp"))) for _ in range(2)
        )
        async with world(data, music, lines=effort.browsers, seed=effort.seed) as made:
            for name in names:
                began = time.monotonic()
                taken[name] = await perform(name, made, effort)
                print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return taken


if __name__ == "__main__":
    sys.exit(main())
