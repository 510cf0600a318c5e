"""Which request is being answered: what is logged meanwhile says so."""

from contextvars import ContextVar

#: The request's id, as its answer's X-Request-ID has it; empty outside requests. Tasks have that of whoever began them.
REQUEST: ContextVar[str] = ContextVar("request", default="")
