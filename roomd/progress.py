"""How far a command is: one line that is rewritten on a terminal, and now and then a line elsewhere."""

import time
from collections.abc import Callable
from typing import TextIO

#: Seconds between two times that something is said, on a terminal and elsewhere.
TERMINAL_S = 0.1
ELSEWHERE_S = 5.0
_REWRITE = "\r\x1b[K"


class Progress:
    """`what` is being done, e.g. "rooms written"; `total` is 0 where nobody knows."""

    def __init__(self, what: str, total: int, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._total = total
        self._stream = stream
        self._now = now
        self._terminal = stream.isatty()
        self._said_at = now()
        self._shown = False

    def show(self, done: int) -> None:
        """So many are done."""
        now = self._now()
        if now - self._said_at < (TERMINAL_S if self._terminal else ELSEWHERE_S):
            return
        self._said_at, self._shown = now, True
        said = f"{done} of {self._total} {self._what}" if self._total else f"{done} {self._what}"
        self._stream.write(f"{_REWRITE}{said} " if self._terminal else f"{said}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Make room for a line of something else, or for the end."""
        if self._terminal and self._shown:
            self._stream.write(_REWRITE)
            self._stream.flush()
            self._shown = False
