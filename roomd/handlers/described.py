"""How a handler says what its methods take and answer, for `/api/openapi.json` and `/docs/`."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from msgspec import Struct

from roomd.handlers.base import ApiHandler
from roomd.openapi.operation import JSON, Needs, Operation, Parameter, Who
from roomd.openapi.shapes.accounts import Error

H = TypeVar("H", bound=type[ApiHandler])
Method = Literal["get", "post", "put", "patch", "delete"]


def operation(
    method: Method,
    summary: str,
    *,
    who: Who = "token",
    needs: Needs = "",
    body: type[Struct] | None = None,
    file: str = "",
    query: tuple[Parameter, ...] = (),
    answer: object = None,
    status: int = 200,
    also: Mapping[int, object] | None = None,
    mime: tuple[str, ...] = (JSON,),
    errors: str = "",
    about: str = "",
    fault: object = Error,
) -> Callable[[H], H]:
    """Declare one method of a handler, which tests hold against its code, its row in docs/*.md and real answers."""
    described = Operation(
        summary=summary,
        who=who,
        needs=needs,
        body=body,
        file=file,
        query=query,
        answer=answer,
        status=204 if answer is None else status,
        also=also or {},
        mime=mime,
        errors=errors,
        about=about,
        fault=fault,
    )

    def declare(handler: H) -> H:
        handler.operations = {**handler.operations, method: described}
        return handler

    return declare
