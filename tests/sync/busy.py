"""How busy the machine is, and making it busy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STAT = Path("/proc/stat")
#: Of the first line: user, nice, system, idle, iowait, irq, softirq, steal.
_IDLE = (3, 4)
_COUNTED = 8


class Share:
    """Which share of all cores was busy since this was made; None where the system does not say."""

    def __init__(self) -> None:
        self._before = _spent()

    def now(self) -> float | None:
        if self._before is None or (after := _spent()) is None:
            return None
        spent = [b - a for a, b in zip(self._before, after, strict=True)]
        return 1.0 - sum(spent[place] for place in _IDLE) / max(1, sum(spent))


@contextmanager
def hogs() -> Iterator[None]:
    """A process for each core that does nothing else than taking it."""
    cores = os.cpu_count() or 1
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _spent() -> list[int] | None:
    if not _STAT.exists():
        return None
    return [int(word) for word in _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1 : 1 + _COUNTED]]
