#!/usr/bin/env python3
"""What a command costs: decided, committed to Redis (state, log, bell) and archived, without sockets.

scripts/bench_commands.py                  # one room and many, one writer at a time and 64
scripts/bench_commands.py --seconds 2 --load 2 --profile 20

CPU is this process's, which does what a server does for a command but for sockets; Redis' own stands beside it.
"""

import argparse
import asyncio
import cProfile
import pstats
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench.commands import Load, house, measured, opened

LOADS = (Load(1, 1), Load(1, 64), Load(64, 64), Load(64, 64, tracks=500), Load(1, 64, 1_000))


async def main(options: argparse.Namespace) -> None:
    async with house() as here:
        heads = ("rooms", "people", "tracks", "at once", "commands/s", "p50 ms", "p99 ms", "CPU us", "Redis us")
        print("{:>6} {:>6} {:>6} {:>7} {:>10} {:>7} {:>7} {:>7} {:>8}".format(*heads))
        for index in options.load:
            load = LOADS[index]
            rooms = await opened(here, load)
            profile = cProfile.Profile()
            if options.profile:
                profile.enable()
            found = await measured(here, rooms, load, options.seconds)
            profile.disable()
            row = (load.rooms, load.members, load.tracks, load.outstanding, *found)
            print("{:>6} {:>6} {:>6} {:>7} {:>10,.0f} {:>7.2f} {:>7.2f} {:>7.0f} {:>8.0f}".format(*row), flush=True)
            if options.profile:
                pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(options.profile)


def given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--profile", type=int, default=0, help="show so many functions of each load")
    parser.add_argument("--load", type=int, nargs="+", default=list(range(len(LOADS))), help="rows of it, from 0")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(given()))
