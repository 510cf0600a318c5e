"""What was asked for lately: so many answers, each for so long."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """The least recently used go first. `now` is room time in ms; what has run out is not told any more."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._kept: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        found = self._kept.get(key)
        if found is None:
            return None
        until, value = found
        if until <= self._now():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return value

    def keep(self, key: Hashable, value: V, for_ms: float) -> None:
        self._kept[key] = (self._now() + for_ms, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def drop(self, key: Hashable) -> None:
        self._kept.pop(key, None)
