"""Conversations written down, and played against a server: what is sent, and what must come back, word for word.

    alice> {"type": "PLAY", "time": 12}         alice sends this, just as it stands (so it may be broken)
    bob< {"type": "PLAY", "time": 12.0}         the very next frame that bob gets is this one
    bob< {"type": "error", "message": "*"}      … whatever the message is
    carol! 4501                                 the server closes carol's socket with this code

`$name` stands for a value handed in. An empty line, or one that begins with `#`, says nothing.
"""

import json
import re
from collections.abc import Mapping
from string import Template
from typing import Any

from serving import Live

_LINE = re.compile(r"(\w+)\s*([<>!])\s*(.*)")


async def play(script: str, cast: Mapping[str, Live], **known: str) -> None:
    """Play the script with these people's sockets."""
    for number, line in enumerate(Template(script).substitute(known).splitlines(), 1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        spoken = _LINE.fullmatch(line.strip())
        assert spoken, f"line {number} is no line of a transcript: {line}"
        name, sign, said = spoken.groups()
        await _one(f"line {number}: {line.strip()}", cast[name], sign, said)


async def _one(where: str, live: Live, sign: str, said: str) -> None:
    if sign == ">":
        await live.socket.write_message(said)
    elif sign == "!":
        assert await live.closed() == int(said), where
    else:
        got = await live.next()
        assert got is not None, f"{where}\nclosed with {live.socket.close_code}; heard {live.heard}"
        assert same(json.loads(said), got), f"{where}\ngot {json.dumps(got)}"


def same(wanted: Any, got: Any) -> bool:
    """Equal, where `"*"` equals anything."""
    if wanted == "*":
        return True
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(same(wanted[key], got[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    return bool(wanted == got) and type(wanted is True) is type(got is True)
