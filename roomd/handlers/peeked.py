"""Requests whose bytes were looked at while they still lay with the system, as Tornado would make them."""

import re
from typing import NamedTuple

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    RequestStartLine,
    parse_request_start_line,
)

#: How many bytes of a request are looked at, and how its head ends.
MOST = 8 << 10
END = b"\r\n\r\n"
#: What browsers and clients send: ASCII, lines that end in CRLF, a space behind each colon, and none before the end.
_PLAIN = re.compile(rb"GET (/[!-~]*+) HTTP/1\.1(?:\r\n[0-9A-Za-z-]++: [!-~](?:[ -~]*+(?<! ))?+)+")


class _Context(NamedTuple):
    remote_ip: str
    protocol: str = "http"


class Peeked(HTTPConnection):
    """What a request wants to know of the connection that it came over. Nothing is sent over it."""

    def __init__(self, remote: str) -> None:
        self.context = _Context(remote)


def request_of(head: bytes, remote: str) -> HTTPServerRequest | None:
    """None where Tornado would refuse it, or fails, as at a port of 5,000 digits."""
    try:
        start_line, headers = _plain(head) or _parsed(head)
        return HTTPServerRequest(start_line=start_line, headers=headers, connection=Peeked(remote))
    except (HTTPInputError, ValueError):
        return None


def _parsed(head: bytes) -> tuple[RequestStartLine, HTTPHeaders]:
    line, _, headers = head.decode("latin1").partition("\r\n")
    return parse_request_start_line(line), HTTPHeaders.parse(headers)


def _plain(head: bytes) -> tuple[RequestStartLine, HTTPHeaders] | None:
    """As `_parsed`, in a quarter of the time, of a head in which there is nothing to be thought about; else None."""
    matched = _PLAIN.fullmatch(head)
    if matched is None:
        return None
    lines = head.decode("ascii").split("\r\n")
    headers = HTTPHeaders()
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        headers[name] = value
    if len(headers) != len(lines) - 1:
        return None
    return RequestStartLine("GET", matched[1].decode("ascii"), "HTTP/1.1"), headers
