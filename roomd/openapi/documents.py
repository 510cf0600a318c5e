"""Both documents, made once when somebody first asks for one of them, and kept as they go out."""

import gzip
import hashlib
from collections.abc import Iterable
from functools import cached_property
from importlib.metadata import version
from typing import Any, NamedTuple

import msgspec

from roomd.openapi.asyncapi import asyncapi
from roomd.openapi.document import document
from roomd.openapi.schemas import Schema


class Written(NamedTuple):
    plain: bytes
    gzipped: bytes
    #: Another one where anything in it is another.
    tag: str


class Documents:
    def __init__(self, routes: Iterable[tuple[str, Any]]) -> None:
        self._routes = list(routes)
        self._version = version("roomd")

    @cached_property
    def openapi(self) -> Schema:
        """Of 126 operations: 309 kB of JSON, 20 kB compressed, made in 57 ms."""
        return document(self._routes, self._version)

    @cached_property
    def asyncapi(self) -> Schema:
        return asyncapi(self._version)

    @cached_property
    def openapi_written(self) -> Written:
        return _written(self.openapi)

    @cached_property
    def asyncapi_written(self) -> Written:
        return _written(self.asyncapi)


def _written(value: Schema) -> Written:
    plain = msgspec.json.encode(value)
    return Written(plain, gzip.compress(plain, 9, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:16]}"')
