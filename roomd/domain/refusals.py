"""What the domain answers when it will not do a thing. A refusal is an answer, not a fault.

Only dialects and handlers know status codes and wire forms; here a refusal is a kind, a stable `code`
that a program can switch on, and a `message` that a person can read.

    Refusal
    ├── Invalid           what was sent makes no sense (which `fields`, and why)
    ├── Unauthenticated   nobody in particular is asking
    ├── Forbidden         somebody is, and may not
    ├── NotFound          there is no such thing, or none that the asker may know of
    ├── Conflict          it made sense, but not in the state things are in now
    ├── Limited           too much or too often; `retry_after_s` says when to try again
    └── Unavailable       a part that is needed does not answer; try again
"""

from collections.abc import Mapping

#: The figures and names in a sentence, for whoever says it in other words or another language.
Params = Mapping[str, str | int]


class Refusal(Exception):  # noqa: N818 - a refusal is not an error
    """Why a command was not carried out. `temporary` is True when the same command may succeed later."""

    code = "refused"
    temporary = False

    def __init__(
        self,
        message: str,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        params: Params | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        self.params = dict(params or {})


class Invalid(Refusal):
    code = "invalid"


class Unauthenticated(Refusal):
    code = "unauthenticated"


class Forbidden(Refusal):
    code = "forbidden"


class NotFound(Refusal):
    code = "not_found"


class Conflict(Refusal):
    code = "conflict"


class Limited(Refusal):
    code = "limited"
    temporary = True

    def __init__(
        self, message: str, retry_after_s: float = 1.0, code: str | None = None, params: Params | None = None
    ) -> None:
        super().__init__(message, code, params=params)
        self.retry_after_s = retry_after_s


class Unavailable(Refusal):
    code = "unavailable"
    temporary = True


def no_such_room() -> NotFound:
    return NotFound("There is no such room, or it was closed.", "no_such_room")


def too_many_sockets(most: int) -> Conflict:
    return Conflict(f"You have this room open {most} times already.", "too_many_sockets", params={"most": most})
