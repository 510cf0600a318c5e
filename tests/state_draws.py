"""Commands drawn by plain dice: values from the fields' own types, ids mostly from what is in the room.

test_domain_properties.py draws them with Hypothesis, which finds the shortest history that breaks a rule. Plain dice
make 8,000 commits a second, for tests in which what a client holds is to drift over thousands of them. A new command or
field is covered without a word here.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from msgspec import UNSET, inspect

from roomd.domain.actor import Actor
from roomd.domain.room import Room
from roomd.domain.rules import _DECIDE as RULES
from roomd.domain.words import Command

KINDS: tuple[type[Command], ...] = tuple(RULES)
_SHAPES = {kind: inspect.type_info(kind) for kind in KINDS}
_TEXTS = ("", "One", "Übermut", "三", "🎵 a b", "</script>", '"\\', "x" * 90)
_THEMES = ("", "amber", "#20c0ff", "mauve")


class Scene(NamedTuple):
    """What a command is drawn for. `lines` are ids of lines of chat, the latest last."""

    room: Room
    lines: Sequence[str]
    actor: Actor
    now: float
    dice: Random


def draw(kind: type[Command], scene: Scene) -> Command:
    command = _drawn("", _SHAPES[kind], scene)
    assert isinstance(command, Command)
    return command


def _entries(scene: Scene) -> list[Any]:
    return [*scene.dice.sample(list(scene.room.entries), min(6, len(scene.room.entries))), "gone"]


def _requests(scene: Scene) -> list[Any]:
    waiting = [key for key, request in scene.room.requests.items() if request.status == "pending"]
    return [*waiting[:6], *list(scene.room.requests)[:1], "gone"]


def _lines(scene: Scene) -> list[Any]:
    return [*scene.lines[-6:], str(scene.dice.randint(1, scene.room.rev + 1))]


def _people(scene: Scene) -> list[Any]:
    """Members, those at the door and those who are banned."""
    room = scene.room
    members = scene.dice.sample(list(room.members), min(3, len(room.members)))
    return [*members, *list(room.pending)[:2], *list(room.bans)[:2], "user-gone"]


def _sockets(scene: Scene) -> list[Any]:
    member = scene.room.members.get(scene.actor.id)
    return [*(member.sockets if member else ()), *(f"{process}.{scene.dice.randint(1, 99)}" for process in "pqr")]


_POOLS: Mapping[str, Callable[[Scene], list[Any]]] = {
    "act": lambda scene: [*list(scene.room.acts)[-2:], "0"],
    "duration_ms": lambda scene: [None, 1_000.0, 60_000.0, 240_000.5],
    "gain_db": lambda scene: [None, -6.5, 0.0],
    "emoji": lambda scene: ["👍", "🎉", "👩‍👩‍👧", "e\u0301", "ok"],
    **dict.fromkeys(("entry", "entries"), _entries),
    **dict.fromkeys(("message", "reply_to"), _lines),
    "origin": lambda scene: ["", "origin:x", "origin:y"],
    "password_hash": lambda scene: ["", "hash"],
    "process": lambda scene: ["p", "q", "r"],
    **dict.fromkeys(("request", "requests"), _requests),
    "socket": _sockets,
    "theme": lambda scene: list(_THEMES),
    "url": lambda scene: [f"https://music.example/{scene.dice.randint(1, 40)}"],
    "user": _people,
}


def _drawn(field: str, kind: inspect.Type, scene: Scene) -> Any:
    dice = scene.dice
    made: Any
    match kind:
        case inspect.StructType(cls=build, fields=fields):
            made = build(**{each.name: _field(each, scene) for each in fields})
        case inspect.UnionType(types=types):
            made = _drawn(field, dice.choice(types), scene)
        case inspect.VarTupleType(item_type=item, min_length=least):
            made = tuple(_drawn(field, item, scene) for _ in range(dice.randint(least or 0, 3)))
        case inspect.FrozenSetType(item_type=item):
            made = frozenset(_drawn(field, item, scene) for _ in range(dice.randint(0, 6)))
        case inspect.LiteralType(values=values):
            made = dice.choice(values)
        case inspect.BoolType():
            made = dice.random() < 0.5
        case inspect.NoneType():
            made = None
        case _:
            made = _plain(field, kind, scene)
    return made


def _field(field: inspect.Field, scene: Scene) -> Any:
    """Of what may be left out, most is."""
    if field.default is UNSET and scene.dice.random() < 0.8:
        return UNSET
    return _drawn(field.name, field.type, scene)


def _plain(field: str, kind: inspect.Type, scene: Scene) -> Any:
    dice = scene.dice
    match kind:
        case inspect.StrType():
            return dice.choice(_entries(scene) if field == "before" else _POOLS.get(field, _texts)(scene))
        case inspect.FloatType(ge=None):
            return dice.choice([scene.now, scene.now - 60_000.0] if field == "before" else _POOLS[field](scene))
        case inspect.FloatType(ge=low, le=high):
            return dice.choice([low, 1.0, dice.uniform(low or 0, min(high or 0, 300_000.0)), high])
        case inspect.IntType(ge=low, le=high):
            return dice.choice([low, dice.randint(low or 0, 10), high])
    raise AssertionError(f"no values for {kind}")


def _texts(scene: Scene) -> list[Any]:
    return list(_TEXTS)
