"""Whether this machine stood still: a thread that wants to run ten times a second notes when it could not."""

import threading
import time

#: Seconds between two looks.
_STEP_S = 0.1


class Stillness:
    def __init__(self) -> None:
        self._longest = 0.0
        threading.Thread(target=self._watch, name="stillness", daemon=True).start()

    def begin(self) -> None:
        self._longest = 0.0

    def longest(self) -> float:
        """Seconds for which nothing ran here, at most, since `begin`."""
        return self._longest

    def _watch(self) -> None:
        before = time.monotonic()
        while True:
            time.sleep(_STEP_S)
            now = time.monotonic()
            self._longest = max(self._longest, now - before - _STEP_S)
            before = now
