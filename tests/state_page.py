"""The reducer of roomd's own page, run by the node that Playwright brings along."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import playwright
from state_reducer import Wire

_SCRIPT = Path(__file__).parent / "js" / "page-reducer.mjs"
_NODE = Path(playwright.__file__).parent / "driver" / "node"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Page:
    """Speaks to the reducer line by line."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def begin(self, room: Wire) -> Wire:
        return self._ask({"room": room})

    def take(self, events: Sequence[Wire]) -> Wire:
        return self._ask({"events": events})

    def _ask(self, message: object) -> Wire:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(_encode(message) + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the page's reducer has ended; why, it said on its standard error"
        return _decode(answer)


@contextmanager
def page() -> Iterator[Page]:
    with subprocess.Popen([_NODE, _SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Page(process)
