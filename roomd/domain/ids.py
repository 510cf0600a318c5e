"""Names for the strings that tell things apart, so that the wrong one does not type-check, and how they are made."""

import re
import uuid
from random import Random
from typing import NewType

UserId = NewType("UserId", str)
RoomId = NewType("RoomId", str)
EntryId = NewType("EntryId", str)
#: The number of the commit that said it.
MessageId = NewType("MessageId", str)
RequestId = NewType("RequestId", str)
#: `<process>.<number>`: which process holds the socket, so that a dead process's sockets can be told.
SocketId = NewType("SocketId", str)
#: What people type: six characters of CODE_ALPHABET.
Code = NewType("Code", str)

#: Without 0 O 1 I L U: no look-alikes when read aloud or off a screen, fewer words nobody wanted.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 6
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    return bool(_UUID.fullmatch(text))


def tidy_code(text: str) -> str:
    """What a person typed, as a code would be written: ` q7-k2 mx` is `Q7K2MX`."""
    return re.sub(r"[\s\-_.]", "", text).upper()


def is_code(text: str) -> bool:
    return len(text) == CODE_LENGTH and all(letter in CODE_ALPHABET for letter in text)


def make_code(dice: Random) -> Code:
    return Code("".join(dice.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH)))


def make_uuid(dice: Random) -> str:
    """A version 4 UUID out of the dice handed in."""
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def make_short_id(dice: Random) -> str:
    """Twelve hex digits: unique within one room's few thousand things, short on the wire."""
    return f"{dice.getrandbits(48):012x}"
