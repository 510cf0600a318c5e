"""The goals of fan-out, measured one by one: each gives rows of the table, with the target beside the figure."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Event
from typing import NamedTuple

from bench import connects
from bench.connects import SECRET, open_rooms, people
from bench.fanout import Figures, Load, measured, run_on
from bench.peers import installed
from bench.servers import OTHER_CORE, BenchError, Server, floor, naive, pinned, roomd

Made = Callable[[], AbstractContextManager[Server]]
OURS: Made = partial(roomd, SECRET_KEY=SECRET)
HERE = Path(__file__).parent


class Row(NamedTuple):
    goal: str
    what: str
    target: str
    figure: str
    met: bool | None = None


class Options(NamedTuple):
    rounds: int = 3
    seconds: float = 5.0
    #: A share of the full number of sockets.
    size: float = 1.0

    def of(self, count: int) -> int:
        return max(10, int(count * self.size))


def said(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def side_by_side(servers: dict[str, Made], load: Load, options: Options) -> dict[str, Figures]:
    """Medians of rounds in which each has its turn."""
    runs: dict[str, list[Figures]] = {name: [] for name in servers}
    for number in range(options.rounds):
        for name, make in servers.items():
            said(f"{load.called}: {name}, round {number + 1} of {options.rounds}")
            runs[name].append(measured(make(), load))
    return {name: medians(of) for name, of in runs.items()}


def medians(runs: Iterable[Figures]) -> Figures:
    return Figures(*(statistics.median(each) for each in zip(*runs, strict=True)))


def _everybody() -> dict[str, Made]:
    """The floor, what others would write, as far as that is installed, and ours."""
    return {"floor": floor, "naive Tornado": naive, **installed(), "ours": OURS}


def _others(found: dict[str, Figures], ratio: Callable[[Figures], float]) -> str:
    told = (f"{name} {ratio(each):.2g} ×" for name, each in found.items() if name not in {"floor", "ours"})
    return ", ".join(told)


def steady(options: Options) -> Iterator[Row]:
    """F1 and F4: 20 messages a second to 1,000 people."""
    load = Load(options.of(1_000), rate=20, seconds=options.seconds)
    found = side_by_side(_everybody(), load, options)
    low, ours = found["floor"], found["ours"]
    ratio = ours.us_per_delivery / low.us_per_delivery
    others = _others(found, lambda each: each.us_per_delivery / low.us_per_delivery)
    text = f"{ratio:.2f} × floor ({ours.us_per_delivery:.2f} µs; {others})"
    yield Row("F1", f"CPU per delivery, {load.called}", "≤ 1.35 × floor", text, ratio <= 1.35)
    for name, mine, its in (("p50", ours.p50_ms, low.p50_ms), ("p99", ours.p99_ms, low.p99_ms)):
        share = mine / its
        yield Row("F4", f"… {name}", "≤ 1.5 × floor", f"{share:.2f} × floor ({mine:.1f} ms)", share <= 1.5)


def saturated(options: Options) -> Iterator[Row]:
    """F2 and F3: as many messages as go through."""
    for goal, outstanding, target in (("F2", 8, 4.0), ("F3", 64, 15.0)):
        load = Load(options.of(1_000), outstanding=outstanding, seconds=options.seconds)
        found = side_by_side(_everybody(), load, options)
        mine, low = found["ours"].per_cpu_s, found["floor"].per_cpu_s
        others = _others(found, lambda each, low=low: each.per_cpu_s / low)
        text = f"{mine / low:.1f} × floor ({mine / 1e3:,.0f} k; {others})"
        yield Row(
            goal, f"deliveries per CPU-second, {load.called}", f"≥ {target:g} × floor", text, mine >= target * low
        )


def storm(options: Options) -> Iterator[Row]:
    """F7 and F8: people who all come at once."""
    sockets, rooms = options.of(5_000), options.of(1_000)
    runs = []
    for number in range(options.rounds):
        said(f"{sockets} people into {rooms} rooms at once, round {number + 1} of {options.rounds}")
        runs.append(connects.measured(OURS(), sockets, rooms))
    found = connects.Figures(*(statistics.median(each) for each in zip(*runs, strict=True)))
    what = f"{sockets} at once into {rooms} rooms"
    yield Row("F7", "resident memory per idle socket", "≤ 4 KiB", f"{found.kib_each:.1f} KiB", found.kib_each <= 4)
    text = f"{found.per_s:,.0f}/s ({found.us_each:.0f} µs each)"
    yield Row("F8", f"connects with token check, {what}", "≥ 3,500/s", text, found.per_s >= 3_500)
    yield Row("F8", "… p99", "≤ 100 ms", f"{found.p99_ms:.0f} ms", found.p99_ms <= 100)
    beats = f"p99 {found.beat_p99_ms:.0f} ms, longest {found.beat_max_ms:.0f} ms"
    yield Row("–", "… heartbeats of those who were there", "none fails", beats, found.failed == 0)
    what = f"handshake, hello and check of a token that has run out, {sockets} at once"
    yield Row("–", what, "≤ 300 µs", f"{found.checked_us:.0f} µs", found.checked_us <= 300)


def small_rooms(options: Options) -> Iterator[Row]:
    """F9: thousands of rooms of five."""
    costs = {}
    for rooms in (options.of(2_000), options.of(3_800)):
        load = Load(5 * rooms, outstanding=16, seconds=options.seconds, in_a_room=5)
        found = side_by_side({"floor": floor, "ours": OURS}, load, options._replace(rounds=1))
        costs[rooms] = (5 * found["ours"].us_per_delivery, 5 * found["floor"].us_per_delivery)
    (few, _), (many, low) = costs.values()
    text = f"{many / low:.1f} × floor ({many:.0f} µs)"
    yield Row("F9", f"CPU per message, {max(costs)} rooms of 5", "≤ 1.6 × floor", text, many <= 1.6 * low)
    yield Row("F9", f"… against {min(costs)} rooms", "≤ 1.1", f"{many / few:.2f}", many <= 1.1 * few)


def stalled(options: Options) -> Iterator[Row]:
    """F11: a tenth of the readers stop."""
    load = Load(options.of(100), rate=200, seconds=options.seconds * 2)
    stuck = load._replace(stalled=load.sockets // 10)
    good, bad = (side_by_side({"ours": OURS}, each, options)["ours"] for each in (load, stuck))
    ratio = bad.p99_ms / good.p99_ms
    text = f"{ratio:.2f} × ({good.p99_ms:.1f} to {bad.p99_ms:.1f} ms)"
    yield Row("F11", f"others' p99, {stuck.called}", "≤ 1.2 ×", text, ratio <= 1.2)
    each = max(0.0, bad.grown_kib - good.grown_kib) / stuck.stalled
    yield Row("F11", "… memory for each of them", "≤ 64 KiB", f"{each:.0f} KiB", each <= 64)


def neighbours(options: Options) -> Iterator[Row]:
    """F10: a room of 5 beside a room of 5,000."""
    load = Load(options.of(5_000), rate=10, seconds=options.seconds * 2)
    small = Load(5, rate=50, seconds=options.seconds)
    with OURS() as server:
        said("a room of 5 alone")
        alone = run_on(server, small)
        said(f"a room of 5 beside one of {load.sockets}")
        beside = _beside(server, load, small)
    text = f"{beside.p99_ms:.1f} ms (alone {alone.p99_ms:.1f})"
    yield Row("F10", f"p99 of a room of 5 beside one of {load.sockets} at 10/s", "≤ 5 ms", text, beside.p99_ms <= 5)


def _beside(server: Server, load: Load, small: Load) -> Figures:
    """The small room while the big one is told things."""
    ready = Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_on, server, load, ready.set)
        ready.wait()
        found = run_on(server, small)
        running.result()
    return found


def bad_company(options: Options) -> Iterator[Row]:
    """Others' p99 beside clients that behave badly, in their room."""
    load, each = Load(options.of(100), rate=50, seconds=options.seconds), max(2, options.of(10))
    with OURS() as server:
        everybody = people(load.sockets + 5 * each)
        (code,) = open_rooms(server.port, everybody[:1])
        path = f"/ws/v1/{code}/"
        said("a room of 100")
        alone = run_on(server, load, path=path)
        said(f"… with {5 * each} that behave badly")
        command = pinned(OTHER_CORE, [sys.executable, str(HERE / "nuisance.py"), str(server.port), path, str(each)])
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nuisance:
            assert nuisance.stdin and nuisance.stdout
            nuisance.stdin.write("".join(f"{token}\n" for token in everybody[load.sockets :]))
            nuisance.stdin.flush()
            if not nuisance.stdout.readline():
                raise BenchError("those who were to behave badly did not come")
            beside = run_on(server, load, path=path)
            nuisance.stdin.close()
    moved = beside.p99_ms - alone.p99_ms
    text = f"{moved:+.1f} ms ({alone.p99_ms:.1f} to {beside.p99_ms:.1f})"
    yield Row("–", f"others' p99 beside {5 * each} bad clients", "< +5 ms", text, moved < 5)


def several(options: Options) -> Iterator[Row]:
    """One room whose people are spread over two processes, against the same room in one."""
    load = Load(options.of(1_000), rate=20, seconds=options.seconds)
    servers = {"one": partial(roomd, 1, SECRET_KEY=SECRET), "two": partial(roomd, 2, SECRET_KEY=SECRET)}
    found = side_by_side(servers, load, options)
    one, two = found["one"], found["two"]
    ratio = two.us_per_delivery / one.us_per_delivery
    costs, waits = (
        f"{getattr(one, name):.{digits}f} to {getattr(two, name):.{digits}f}"
        for name, digits in (("us_per_delivery", 2), ("p50_ms", 1))
    )
    text = f"{ratio:.2f} × ({costs} µs, p50 {waits} ms)"
    yield Row(
        "–", f"CPU per delivery of both, a room of {load.sockets} over two processes", "≤ 1.2 ×", text, ratio <= 1.2
    )
    yield Row("–", "… messages that reached everybody", "all", f"{100 * two.whole:.1f} %", two.whole > 0.999)


def reading(options: Options) -> Iterator[Row]:
    """F12: a room over HTTP."""
    with OURS() as server:
        (token,) = people(1)
        (code,) = open_rooms(server.port, [token])
        path, runs = f"/api/rooms/{code}/", []
        for number in range(options.rounds):
            said(f"GET of a room, round {number + 1} of {options.rounds}")
            command = [
                sys.executable,
                str(HERE / "httpload.py"),
                str(server.port),
                path,
                token,
                "64",
                str(options.seconds),
            ]
            answer = subprocess.run(pinned(OTHER_CORE, command), stdout=subprocess.PIPE, check=False)
            if answer.returncode:
                raise BenchError("the HTTP load generator failed")
            runs.append(json.loads(answer.stdout))
    per_s, p99 = (statistics.median(run[name] for run in runs) for name in ("per_s", "p99_ms"))
    yield Row("F12", "GET of a room, 64 connections", "≥ 6,600/s", f"{per_s:,.0f}/s", per_s >= 6_600)
    yield Row("F12", "… p99", "≤ 12 ms", f"{p99:.1f} ms", p99 <= 12)
