"""What the tests of `roomd doctor` ask about its lines."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from roomd.doctor.lines import Line, State

#: Of this machine's environment, only what has nothing to do with roomd.
_KEPT = ("PATH", "PYTHONPATH", "HOME", "LANG")


class Ran(NamedTuple):
    """`roomd doctor --json` as a process."""

    code: int
    output: str
    lines: list[Line]


def the(lines: Iterable[Line], group: str, check: str) -> Line:
    """The one line of this check."""
    (found,) = [line for line in lines if (line.group, line.check) == (group, check)]
    return found


def states(lines: Iterable[Line], *groups: str) -> dict[str, str]:
    """The worst state of each check of these groups, or of all."""
    order = list(State)
    worst: dict[str, str] = {}
    for line in lines:
        if not groups or line.group in groups:
            name = f"{line.group}/{line.check}"
            worst[name] = max(worst.get(name, "ok"), line.state.value, key=lambda each: order.index(State(each)))
    return worst


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def run_doctor(**environment: Any) -> Ran:
    """Run it, with these variables and no others of roomd's."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    given = {name: str(value) for name, value in environment.items()}
    command = [sys.executable, "-m", "roomd", "doctor", "--json"]
    ran = subprocess.run(command, env=kept | given, capture_output=True, text=True, timeout=60, check=False)
    output = ran.stdout + ran.stderr
    assert ran.stderr == "", output
    lines = [Line(**said | {"state": State(said["state"])}) for said in map(json.loads, ran.stdout.splitlines())]
    return Ran(ran.returncode, output, lines)
