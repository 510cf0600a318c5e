"""What a cluster says of itself: which server serves which of the 16,384 slots; and where a command belongs."""

from collections.abc import Sequence
from typing import NamedTuple

from redis.crc import key_slot

from roomd.store.seeds import Address

SLOTS = 16_384
#: Commands that name no key; all others name it first, but for scripts, which name it after how many there are.
_KEYLESS = frozenset({"PING", "INFO", "TIME", "CONFIG", "CLIENT", "FLUSHALL", "FLUSHDB", "DBSIZE", "SCRIPT", "KEYS"})
_SCRIPTS = frozenset({"EVAL", "EVALSHA"})


class View(NamedTuple):
    """One server's picture of the cluster. `whole` is what it says of the cluster's state, `epoch` how new this is.

    `owners` has a master for each slot, None where nobody serves it; `others` are the replicas.
    """

    whole: bool
    epoch: int
    owners: tuple[Address | None, ...]
    others: frozenset[Address]

    @property
    def masters(self) -> list[Address]:
        return sorted({owner for owner in self.owners if owner is not None})


def read_view(said: Sequence[Sequence[object]], whole: bool, epoch: int, asked: str) -> View:
    """Out of what CLUSTER SLOTS answers. A server that does not know its own host is at `asked`."""
    owners: list[Address | None] = [None] * SLOTS
    others: set[Address] = set()
    for first, last, *servers in said:
        master, *replicas = (_address(server, asked) for server in servers)
        owners[int(str(first)) : int(str(last)) + 1] = [master] * (int(str(last)) - int(str(first)) + 1)
        others.update(replicas)
    return View(whole, epoch, tuple(owners), frozenset(others))


def slot_of(args: Sequence[object]) -> int | None:
    """The slot that a command's first key is in; None for one that names no key."""
    name = str(args[0]).partition(" ")[0].upper()
    if name in _KEYLESS:
        return None
    return slot(args[3 if name in _SCRIPTS else 1])


def is_script(args: Sequence[object]) -> bool:
    return str(args[0]).upper() in _SCRIPTS


def slot(key: object) -> int:
    return key_slot(key if isinstance(key, bytes) else str(key).encode())


def _address(server: object, asked: str) -> Address:
    assert isinstance(server, Sequence)
    host, port = server[0], server[1]
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    return (asked if name in {"", "?"} else name, int(port))
