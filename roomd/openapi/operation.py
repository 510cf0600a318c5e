"""What a handler says of itself: what an operation takes, what it answers, who may ask, what is refused."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from roomd.domain.people import Right
from roomd.openapi.shapes.accounts import Error

#: `open`: anybody, and no token is looked at. `any`: anybody. `guest`: anybody, and whoever has no token becomes a
#: guest. `token`: needs an access token. `admin`: that of an admin of the server.
Who = Literal["open", "any", "guest", "token", "admin"]
#: Beyond the token: to be in the room, to have a right there, or to be the one whose it is.
Needs = Right | Literal["", "member", "owner"]

JSON = "application/json"


class Parameter(NamedTuple):
    """One of the query's. `kind` is a type as msgspec takes it; `usual` is what counts where it is left out."""

    name: str
    kind: object
    about: str = ""
    usual: str | int | bool | None = None
    required: bool = False


class Operation(NamedTuple):
    """One method at one address. `answer` is a type as msgspec takes it, or None where the answer has no body."""

    summary: str
    who: Who = "token"
    needs: Needs = ""
    body: type[Struct] | None = None
    #: The field of a `multipart/form-data` body that holds a file.
    file: str = ""
    query: tuple[Parameter, ...] = ()
    answer: object = None
    status: int = 200
    #: Other statuses that are no errors of the usual form, and what is answered with them.
    also: Mapping[int, object] = {}
    #: Media types of an answer that is no JSON.
    mime: tuple[str, ...] = (JSON,)
    #: Codes of refusals that are particular to it, with spaces between; what follows from `needs` goes without saying.
    errors: str = ""
    about: str = ""
    #: The form of its refusals.
    fault: object = Error


def limit(usual: int, most: int) -> Parameter:
    return Parameter("limit", Annotated[int, Meta(ge=1, le=most)], "How many at most", usual)


def offset() -> Parameter:
    return Parameter("offset", Annotated[int, Meta(ge=0, le=1_000_000)], "How many to leave out first", 0)


def flag(name: str, about: str, *, usual: bool = False) -> Parameter:
    return Parameter(name, bool, about, usual)


def text(name: str, about: str, *, required: bool = False, most: int = 0) -> Parameter:
    return Parameter(name, Annotated[str, Meta(max_length=most)] if most else str, about, required=required)
