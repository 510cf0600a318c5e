"""The fault suite, long tier: `make faults`. Prints a table; exit status 1 when a promise was broken.

make faults ARGS='--only redis --only wipe'     some scenarios
make faults ARGS='--seed 7 --short'             the same dice again, small figures
make faults ARGS='--markdown'                   the table as in docs/reliability.md
"""

import argparse
import asyncio
import logging
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faults.run import Run

TESTS = Path(__file__).resolve().parent.parent / "tests"


def main() -> int:
    # Before this file's own folder, where the same name means this file.
    sys.path.insert(0, str(TESTS))
    from faults.report import table
    from faults.suite import SUITE, short_names

    parser = argparse.ArgumentParser(description="Kill, freeze, wipe and cut off everything, and see what is lost.")
    parser.add_argument("--only", action="append", choices=list(SUITE), help="this scenario; may be given again")
    parser.add_argument("--seed", type=int, default=None, help="for the dice; otherwise a new one each time")
    parser.add_argument("--short", action="store_true", help="the figures of `make test`")
    parser.add_argument("--markdown", action="store_true", help="the table in Markdown")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    seed = random.randrange(1 << 32) if given.seed is None else given.seed
    names = given.only or (short_names() if given.short else list(SUITE))
    print(f"seed {seed}", file=sys.stderr, flush=True)
    runs = [_play(name, seed, short=given.short) for name in names]
    print(table(runs, markdown=given.markdown))
    return 0 if all(run.good for run in runs) else 1


def _play(name: str, seed: int, *, short: bool) -> "Run":
    """One scenario; what is wrong goes to standard error as soon as it is known."""
    from faults.run import Run
    from faults.suite import SHORT_SLACK, perform

    run = Run(name, seed, SHORT_SLACK if short else 1.0)
    began = time.monotonic()
    try:
        asyncio.run(perform(run, short=short))
    except (AssertionError, OSError, RuntimeError) as fault:
        run.require(False, str(fault))
        print("\n".join([f"{name}: {fault}", *getattr(fault, "__notes__", [])]), file=sys.stderr)
    took = time.monotonic() - began
    print(f"{name}: {'kept' if run.good else 'BROKEN'}, {took:.0f} s", file=sys.stderr, flush=True)
    for line in run.complaints[:5]:
        print(f"  a server logged: {line}", file=sys.stderr)
    return run


if __name__ == "__main__":
    sys.exit(main())
