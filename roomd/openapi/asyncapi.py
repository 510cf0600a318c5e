"""The AsyncAPI 3.0 document of the WebSockets."""

from collections.abc import Iterator
from typing import Any

from roomd.openapi.channels import CHANNELS, CLOSINGS, Channel, events_told, tag_of
from roomd.openapi.schemas import Schema, Schemas

_INTRODUCTION = (
    "One JSON object in each text frame, with a `type`. Fields and types that are not known are to be passed over. All "
    "five contracts are spoken over the same rooms: what one client does, the others hear in their own words."
)
_ROOM = {"room": {"description": "A room's id or its six-character code, in any case"}}
_TOKEN = {"type": "object", "properties": {"token": {"type": "string", "description": "An access token"}}}


def asyncapi(version: str) -> Schema:
    schemas = Schemas([*_types()])
    components = schemas.components
    components["Event"] = {"oneOf": [schemas.of(kind) for kind in events_told().values()]}
    components["Committed"]["properties"]["events"] = {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "roomd",
            "version": version,
            "description": _INTRODUCTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": dict(each for channel in CHANNELS for each in _operations(channel)),
        "components": {
            "schemas": components,
            "messages": dict(each for channel in CHANNELS for each in _messages(channel, schemas)),
        },
        "x-close-codes": {
            str(code): {"meaning": meaning, "come-back": back} for code, (meaning, back) in CLOSINGS.items()
        },
    }


def _types() -> Iterator[type]:
    for channel in CHANNELS:
        yield from channel.hears
        yield from channel.tells
    yield from events_told().values()


def _names(channel: Channel, way: str, kinds: tuple[type, ...]) -> dict[str, type]:
    return {f"{channel.name}.{way}.{tag_of(kind)}": kind for kind in kinds}


def _channel(channel: Channel) -> Schema:
    named = [*_names(channel, "says", channel.hears), *_names(channel, "told", channel.tells)]
    return {
        "address": channel.address.removesuffix("?token="),
        "title": channel.title,
        "description": f"{channel.about} The token: {channel.admission}",
        "parameters": _ROOM,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in named},
        "bindings": {"ws": {"method": "GET"} | ({"query": _TOKEN} if channel.name != "syncplay" else {})},
    }


def _operations(channel: Channel) -> Iterator[tuple[str, Schema]]:
    """From the server's side: what it receives, and what it sends."""
    ways = (("receive", "says", channel.hears), ("send", "told", channel.tells))
    for action, way, kinds in ways:
        place = f"#/channels/{channel.name}/messages/"
        yield (
            f"{channel.name}.{action}",
            {
                "action": action,
                "channel": {"$ref": f"#/channels/{channel.name}"},
                "messages": [{"$ref": place + name} for name in _names(channel, way, kinds)],
            },
        )


def _messages(channel: Channel, schemas: Schemas) -> Iterator[tuple[str, Schema]]:
    for way, kinds in (("says", channel.hears), ("told", channel.tells)):
        for name, kind in _names(channel, way, kinds).items():
            payload: Any = schemas.of(kind)
            if kind in channel.commands:
                named = {"type": "string", "minLength": 1, "maxLength": 64, "description": "Your own, for the answer"}
                payload = {"allOf": [payload, {"type": "object", "properties": {"id": named}, "required": ["id"]}]}
            yield name, {"name": tag_of(kind), "title": tag_of(kind), "payload": payload}
