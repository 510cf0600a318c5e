"""What goes wrong with the embedded stores, in words that say what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager


class EmbeddedError(RuntimeError):
    """A store of our own cannot run here; the message names the way out."""


class EndedError(EmbeddedError):
    """A store ended while it was starting; after an unclean stop a second try may do better."""


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """A full disk, a read-only one, too many open files: the system's words, with what they kept from happening."""
    try:
        yield
    except OSError as fault:
        raise EmbeddedError(f"{what} cannot be started: {fault}") from fault
