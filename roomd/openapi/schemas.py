"""JSON Schema of types, as OpenAPI and AsyncAPI keep it: one component for each named type."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Any, get_args, get_type_hints, is_typeddict

import msgspec
from msgspec import StructMeta

Schema = dict[str, Any]

_PLACE = "#/components/schemas/"
_PLAIN = re.compile(r"[^\w.-]+")


class Schemas:
    """The components of these types. `of` answers the schema of one of them."""

    def __init__(self, types: Iterable[object], untagged: Iterable[type] = ()) -> None:
        """`untagged`: bodies say by their address what they are, so a command in one needs no `type`."""
        kinds = [part for kind in types for part in _parts(kind)]
        found, parts = msgspec.json.schema_components(kinds, ref_template=_PLACE + "{name}")
        names = {name: _called(name) for name in parts}
        if len(set(names.values())) < len(names):
            raise ValueError(f"two types would be called the same: {sorted(names.values())}")
        self._of = {repr(kind): _renamed(schema, names) for kind, schema in zip(kinds, found, strict=True)}
        self.components = {names[name]: _renamed(part, names) for name, part in sorted(parts.items())}
        order = dict(_orders(kinds))
        for part in self.components.values():
            _in_order(part, order)
        for kind in untagged:
            _untag(self.components[self.of(kind)["$ref"].removeprefix(_PLACE)])

    def of(self, kind: object) -> Schema:
        parts = [dict(self._of[repr(part)]) for part in _parts(kind)]
        return parts[0] if len(parts) == 1 else {"anyOf": parts}


def _parts(kind: object) -> tuple[object, ...]:
    """Of a union of several objects, which msgspec takes only where they have tags, each."""
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _called(name: str) -> str:
    """`roomd.handlers.rooms.CreateBody`, where there are two, is rooms.CreateBody; `SongWire` is Song."""
    return _PLAIN.sub("_", ".".join(name.split(".")[-2:])).removesuffix("Wire")


def _renamed(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON of any depth
    match value:
        case {"$ref": str(ref), **more}:
            return {"$ref": _PLACE + names[ref.removeprefix(_PLACE)]} | _renamed(more, names)
        case dict():
            return {key: _renamed(each, names) for key, each in value.items()}
        case list():
            return [_renamed(each, names) for each in value]
    return value


def _orders(kinds: Iterable[object]) -> Iterator[tuple[frozenset[str], list[str]]]:
    """The fields of every TypedDict in them, in the order in which they are declared: msgspec sorts them by name."""
    waiting, seen = list(kinds), list[object]()
    while waiting:
        kind = waiting.pop()
        if any(kind is each for each in seen):
            continue
        seen.append(kind)
        waiting += get_args(kind)
        if is_typeddict(kind) or isinstance(kind, StructMeta):
            fields = get_type_hints(kind)
            waiting += fields.values()
            if is_typeddict(kind):
                yield frozenset(fields), list(fields)


def _in_order(part: Schema, order: Mapping[frozenset[str], list[str]]) -> None:
    names = order.get(frozenset(part.get("properties", ())))
    if names is not None:
        part["properties"] = {name: part["properties"][name] for name in names}


def _untag(part: Schema) -> None:
    part["properties"].pop("type")
    part["required"] = [name for name in part["required"] if name != "type"]
