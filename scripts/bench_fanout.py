#!/usr/bin/env python3
"""What a delivery costs: roomd beside the floor in C and naive Tornado, interleaved, medians.

scripts/bench_fanout.py                    # the table, some 6 minutes on two quiet cores
scripts/bench_fanout.py --sockets 100 --rounds 1 --seconds 2
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench.connects import SECRET
from bench.fanout import Figures, Load, measured, plain
from bench.servers import BenchError, Server, floor, naive, roomd

SERVERS: dict[str, Callable[[], AbstractContextManager[Server]]] = {
    "floor": floor,
    "naive": naive,
    "roomd": partial(roomd, SECRET_KEY=SECRET),
}
OUTPUT = Path(__file__).parent.parent / "test-output" / "bench-fanout.json"


def main() -> int:
    options = _options()
    loads = [Load(options.sockets, 20.0, 0, options.seconds), Load(options.sockets, 0.0, 8, options.seconds)]
    loads.append(Load(options.sockets, 0.0, 64, options.seconds))
    kept = []
    for load in loads:
        runs: dict[str, list[Figures]] = {name: [] for name in options.servers}
        for number in range(options.rounds):
            for name in options.servers:
                print(f"{load.called}: {name}, round {number + 1} of {options.rounds} …", file=sys.stderr, flush=True)
                try:
                    runs[name].append(measured(SERVERS[name](), load))
                except BenchError as fault:
                    print(f"  {fault}", file=sys.stderr)
        _show(load, runs)
        kept += [
            {"load": load._asdict(), "server": name, "runs": [run._asdict() for run in runs[name]]} for name in runs
        ]
    plain(OUTPUT, kept)
    return 0


def _show(load: Load, runs: dict[str, list[Figures]]) -> None:
    medians = {
        name: Figures(*(statistics.median(each) for each in zip(*of, strict=True))) for name, of in runs.items() if of
    }
    base = medians.get("floor")
    print(f"\n{load.called}")
    heads = ("us/delivery", "x floor", "/CPU-s", "p50 ms", "p99 ms", "whole", "client")
    print(
        f"{'':14} {heads[0]:>12} {heads[1]:>8} {heads[2]:>10} {heads[3]:>8} {heads[4]:>8} {heads[5]:>6} {heads[6]:>6}"
    )
    for name, figures in medians.items():
        ratio = figures.us_per_delivery / base.us_per_delivery if base else 0.0
        print(
            f"{name:14} {figures.us_per_delivery:12.2f} {ratio:8.2f} {figures.per_cpu_s:10,.0f} {figures.p50_ms:8.2f} "
            f"{figures.p99_ms:8.2f} {figures.whole:6.3f} {figures.client_busy:6.2f}"
        )
    for name, figures in medians.items():
        print(
            f"{name:14} connects/s {figures.opened_per_s:8,.0f}, p99 {figures.connect_p99_ms:.0f} ms, "
            f"{figures.connect_us:.0f} us of CPU and {figures.kib_per_socket:.1f} KiB each"
        )
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
