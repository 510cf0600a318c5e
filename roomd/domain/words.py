"""The two bases of the domain's vocabulary: what may be asked for, and what has happened.

Both are frozen values with a `type` on the wire: the class name in snake_case (`PlayEntry` is `play_entry`).
"""

import re

from msgspec import Struct


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Command(Struct, frozen=True, kw_only=True, tag_field="type", tag=snake):
    """Something that somebody asks for."""


class Event(Struct, frozen=True, kw_only=True, tag_field="type", tag=snake):
    """Something that happened to a room. Never refused, only applied."""
