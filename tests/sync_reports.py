"""Reports of players, for the tests of what becomes of them."""

from typing import Any

from serving import Live, Person, Served

from roomd.domain.ids import SocketId
from roomd.domain.sync import Noted, Report, State

GOOD: dict[str, Any] = {
    "type": "sync",
    "entry": None,
    "state": "playing",
    "player": "webaudio",
    "error": 0.4,
    "p95": 1.25,
    "uncertainty": 0.6,
    "rtt": 20.0,
    "rate": 0.0002,
    "seeks": 0,
    "stalls": 0,
    "hidden": False,
}


def noted(at: float = 0.0, state: State = "playing", p95: float | None = 1.0, rtt: float | None = None) -> Noted:
    return Noted(report=Report(state=state, p95=p95, rtt=rtt), socket=SocketId("a.1"), at=at)


async def inside(served: Served, person: Person, code: str) -> Live:
    """Their socket, with the greeting heard."""
    live = await served.enter(person, code)
    await live.until(type="state")
    return live


async def report(live: Live, **fields: Any) -> None:
    await live.say(**GOOD | fields)


async def pulse_with(live: Live, *users: str) -> dict[str, Any]:
    """The next pulse that names exactly these."""
    while True:
        pulse = await live.until(type="pulse")
        if set(pulse["members"]) == set(users):
            return pulse


async def heard_all(live: Live) -> None:
    """Everything that was said over this socket has been taken in."""
    await live.say(type="ping", id="end", c0=1)
    await live.until(type="pong", id="end")
