"""The OpenAPI 3.1 document of a table of routes."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from roomd.openapi.answers import HEADERS, Told, responses
from roomd.openapi.errors import CODES
from roomd.openapi.operation import JSON, Operation
from roomd.openapi.schemas import Schema, Schemas
from roomd.openapi.shapes.accounts import Error

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
METHODS = ("get", "post", "put", "patch", "delete")

#: What the parts of an address are called, where a handler calls them otherwise.
_NAMES = {
    "ref": "room",
    "playlist_id": "id",
    "artist_id": "id",
    "album_id": "id",
    "track_id": "id",
    "number": "genre",
    "line": "message",
    "family": "session",
}
_ABOUT = {
    "room": "A room's id or its six-character code, in any case",
    "id": "What a catalogue or a list calls it, such as `local:1f0c…`",
    "user": "A person's id",
    "entry": "An entry's id in the queue",
    "message": "A line's id",
    "request": "A request's id",
    "session": "A sign-in's id",
    "genre": "A genre's number",
    "key": "The picture's name",
}
#: Tags by the module that answers; a module that is not here is called by its name.
_TAGS = {
    "accounts": "Accounts",
    "own_account": "Accounts",
    "uploads": "Accounts",
    "rooms": "Rooms",
    "previews": "Rooms",
    "misc": "Server",
    "sync": "Server",
    "docs": "Server",
    "moderation": "Running a room",
    "playing": "Playing",
    "syncplay": "Playing",
    "collab": "Requests",
    "musicroom": "MusicRoom",
    "catalogue": "Catalogue",
    "sound": "Catalogue",
    "stream": "Catalogue",
    "charts": "Charts",
    "favourites": "Favourites",
    "playlists": "Playlists",
    "playlist_files": "Playlists",
    "personal": "Your own queue",
    "personal_playing": "Your own queue",
    "recommendations": "What you may like",
    "admin": "Overseeing the server",
    "admin_people": "Overseeing the server",
}
_SECURITY: Mapping[str, list[dict[str, list[str]]]] = {
    "open": [],
    "any": [{}, {"bearer": []}],
    "guest": [{}, {"bearer": []}],
    "token": [{"bearer": []}],
    "admin": [{"bearer": []}],
}
_INTRODUCTION = (
    "JSON in, JSON out. Addresses are written with a slash at their end and work without one; times are ISO 8601 in "
    "UTC, positions and durations are seconds. What happens in a room while people are in it goes over its WebSockets, "
    "which `/api/asyncapi.json` describes."
)


class Handler(Protocol):
    __name__: str
    operations: Mapping[str, Operation]


class Served(NamedTuple):
    """One operation as it is served: `path` as OpenAPI writes it, `parts` the names in it."""

    path: str
    method: str
    parts: Sequence[str]
    operation: Operation
    handler: Any

    @property
    def tag(self) -> str:
        module = str(self.handler.__module__).rpartition(".")[2]
        return _TAGS.get(module, module.replace("_", " ").capitalize())


def document(routes: Iterable[tuple[str, Any]], version: str) -> Schema:
    """Of routes as the server has them: (pattern, handler)."""
    served = list(operations(routes))
    bodies = {each.operation.body for each in served if each.operation.body is not None}
    schemas = Schemas(_types(served), untagged=[body for body in bodies if body.__struct_config__.tag])
    paths: dict[str, Schema] = {}
    for each in served:
        paths.setdefault(each.path, {})[each.method] = _described(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "roomd",
            "version": version,
            "description": _INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys([*_TAGS.values(), *(each.tag for each in served)])],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "headers": HEADERS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "The `access_token` of signing in"},
                "userId": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "user_id",
                    "description": "The private `user_id` of creating or joining a room without a token",
                },
            },
        },
        "x-codes": {name: {"status": code.status, "meaning": code.meaning} for name, code in CODES.items()},
    }


def operations(routes: Iterable[tuple[str, Any]]) -> Iterator[Served]:
    """What handlers declare, in the order of the routes."""
    for pattern, handler in routes:
        for method in METHODS:
            operation = handler.operations.get(method)
            if operation is not None:
                parts = [_NAMES.get(name, name) for name in inspect.signature(getattr(handler, method)).parameters]
                yield Served(_path(pattern, parts[1:]), method, parts[1:], operation, handler)


def _path(pattern: str, parts: Sequence[str]) -> str:
    names = iter(parts)
    filled = re.sub(r"\([^)]*\)", lambda _: f"{{{next(names)}}}", pattern.replace("/?", "/"))
    return filled.replace("\\", "")


def _types(served: Iterable[Served]) -> Iterator[object]:
    yield Error
    for operation in (each.operation for each in served):
        yield operation.fault
        yield from (each.kind for each in operation.query)
        if operation.body is not None:
            yield operation.body
        yield from (kind for kind in (operation.answer, *operation.also.values()) if kind not in {None, bytes, str})


def _described(served: Served, schemas: Schemas) -> Schema:
    operation = served.operation
    taken = _body(operation, schemas)
    known = {
        "operationId": re.sub(r"\W+", "_", f"{served.method}{served.path}").strip("_"),
        "tags": [served.tag],
        "summary": operation.summary,
        "parameters": [*_parameters(served, schemas)],
        "responses": responses(Told(operation, served.path, served.method), schemas),
        "security": _security(served),
        "x-who": operation.who,
    }
    known |= {"description": operation.about} if operation.about else {}
    known |= {"x-needs": operation.needs} if operation.needs else {}
    return known | ({"requestBody": taken} if taken else {})


def _security(served: Served) -> list[dict[str, list[str]]]:
    named = _SECURITY[served.operation.who]
    return [*named, {"userId": []}] if getattr(served.handler, "takes_user_id", False) else named


def _parameters(served: Served, schemas: Schemas) -> Iterator[Schema]:
    for name in served.parts:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _ABOUT.get(name, ""),
            "schema": {"type": "string"},
        }
    for each in served.operation.query:
        schema = schemas.of(each.kind) | ({} if each.usual is None else {"default": each.usual})
        yield {
            "name": each.name,
            "in": "query",
            "required": each.required,
            "description": each.about,
            "schema": schema,
        }
    changes = served.method != "get" and served.operation.who != "admin"
    if changes and ("{room}" in served.path or "/playlists/queue/" in served.path):
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "One's own name for this change: it takes effect once within 10 minutes",
            "schema": {"type": "string", "maxLength": 64},
        }


def _body(operation: Operation, schemas: Schemas) -> Schema | None:
    if operation.body is None and not operation.file:
        return None
    content: Schema = {}
    required = bool(operation.file)
    if operation.body is not None:
        schema = schemas.of(operation.body)
        named = schemas.components[schema["$ref"].rpartition("/")[2]]
        required = bool(named.get("required"))
        content = {JSON: {"schema": schema}, FORM: {"schema": schema}}
    if operation.file:
        content[MULTIPART] = {
            "schema": {
                "type": "object",
                "properties": {operation.file: {"contentMediaType": "application/octet-stream"}},
                "required": [operation.file],
            }
        }
    return {"required": required, "content": content}
