"""Requests whose bytes were looked at while they still lay with the system, as Tornado would make them."""

from typing import NamedTuple

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPInputError, HTTPServerRequest, parse_request_start_line

#: How many bytes of a request are looked at, and how its head ends.
MOST = 8 << 10
END = b"\r\n\r\n"


class _Context(NamedTuple):
    remote_ip: str
    protocol: str = "http"


class Peeked(HTTPConnection):
    """What a request wants to know of the connection that it came over. Nothing is sent over it."""

    def __init__(self, remote: str) -> None:
        self.context = _Context(remote)


def request_of(head: bytes, remote: str) -> HTTPServerRequest | None:
    """None where Tornado would refuse it, or fails, as at a port of 5,000 digits."""
    line, _, headers = head.decode("latin1").partition("\r\n")
    try:
        return HTTPServerRequest(
            start_line=parse_request_start_line(line),
            headers=HTTPHeaders.parse(headers),
            connection=Peeked(remote),
        )
    except (HTTPInputError, ValueError):
        return None
