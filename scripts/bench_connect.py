#!/usr/bin/env python3
"""What it takes to come in: handshake, token, membership and greeting, for people who all come at once.

scripts/bench_connect.py                   # 5,000 of them into 1,000 rooms, in some 3 minutes on two quiet cores
scripts/bench_connect.py --sockets 500 --rooms 100 --rounds 1

The floor and naive Tornado only shake hands; `handshake` is roomd doing no more than that.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench.connects import SECRET, Figures, measured
from bench.fanout import plain
from bench.servers import BenchError, Server, floor, naive, roomd

SERVERS: dict[str, Callable[[], AbstractContextManager[Server]]] = {
    "floor": floor,
    "naive": naive,
    "handshake": roomd,
    "roomd": partial(roomd, SECRET_KEY=SECRET),
}
OUTPUT = Path(__file__).parent.parent / "test-output" / "bench-connect.json"


def main() -> int:
    options = _options()
    runs: dict[str, list[Figures]] = {name: [] for name in options.servers}
    for number in range(options.rounds):
        for name in options.servers:
            print(f"{name}, round {number + 1} of {options.rounds} …", file=sys.stderr, flush=True)
            try:
                rooms = options.rooms if name == "roomd" else 0
                runs[name].append(measured(SERVERS[name](), options.sockets, rooms))
            except BenchError as fault:
                print(f"  {fault}", file=sys.stderr)
    medians = {name: Figures(*map(statistics.median, zip(*of, strict=True))) for name, of in runs.items() if of}
    print(f"{options.sockets} sockets at once, {options.rooms} rooms; medians of {options.rounds}")
    print(
        f"{'':10} {'us each':>8} {'/s':>7} {'p50 ms':>8} {'p99 ms':>8} {'KiB each':>9} {'failed':>6}"
        "   heartbeats: p99 and longest, ms"
    )
    for name, each in medians.items():
        beats = f"{each.beat_p99_ms:.0f}, {each.beat_max_ms:.0f} of {each.beats:.0f}" if name == "roomd" else "-"
        print(
            f"{name:10} {each.us_each:8.0f} {each.per_s:7,.0f} {each.p50_ms:8.1f} {each.p99_ms:8.1f} "
            f"{each.kib_each:9.2f} {each.failed:6.0f}   {beats}"
        )
    plain(OUTPUT, [{"server": name, "runs": [run._asdict() for run in of]} for name, of in runs.items()])
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--rooms", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
