"""Heads of requests that are read here mean what they mean to Tornado, whatever is in them."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roomd.handlers.peeked import _parsed, _plain, request_of

BROWSERS = (
    b"GET /ws/v1/ABCDEF/?token=a%20b HTTP/1.1\r\nHost: rooms.example:8000\r\nConnection: Upgrade\r\n"
    b"Pragma: no-cache\r\n"
    b"Upgrade: websocket\r\nOrigin: https://rooms.example\r\nSec-WebSocket-Version: 13\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101\r\nAccept-Language: de-DE,de;q=0.9\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
)
#: Lines that are headers or nearly so.
LINES = st.tuples(
    st.text("ABab-1_ \t:", max_size=4), st.sampled_from([": ", ":", " : ", ":\t"]), st.text(" !~a,\t\x0bé", max_size=5)
).map("".join)
STARTS = st.sampled_from(
    ["GET /x HTTP/1.1", "GET /%2?a=&a HTTP/1.1", "POST / HTTP/1.1", "GET  / HTTP/1.1", "GET * HTTP/1.0"]
)
ENDS = st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n "])
HEADS = st.tuples(STARTS, ENDS, st.lists(LINES, max_size=4)).map(
    lambda parts: parts[1].join([parts[0], "Host: x", *parts[2]])
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(HEADS.map(lambda head: head.encode("latin1")), st.binary(max_size=40)))
@example(BROWSERS)
@example(b"GET / HTTP/1.1\r\nHost: x\r\nHost: x")
@example(b"GET / HTTP/1.1\r\nA: b\r\na: b")
def test_what_is_read_here_is_what_tornado_reads(head: bytes) -> None:
    found = _plain(head)
    if found is None:
        return
    start_line, headers = _parsed(head)
    assert found[0] == start_line
    assert list(found[1].get_all()) == list(headers.get_all())
    assert [found[1].get_list(name) for name in headers] == [headers.get_list(name) for name in headers]


def test_what_browsers_and_clients_send_is_read_here() -> None:
    assert _plain(BROWSERS) is not None
    request = request_of(BROWSERS, "192.0.2.1")
    assert request is not None
    assert (request.path, request.query_arguments) == ("/ws/v1/ABCDEF/", {"token": [b"a b"]})
    assert (request.remote_ip, request.host, len(request.headers)) == ("192.0.2.1", "rooms.example:8000", 10)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\nHost: x",
        b"HEAD / HTTP/1.1\r\nHost: x",
        b"GET / HTTP/1.1\r\nHost:x",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b ",
        b"GET / HTTP/1.1\r\nHost: x\nX-A: b",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: \xe9",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\nx-a: c",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n",
    ],
)
def test_what_is_to_be_thought_about_is_left_to_tornado(head: bytes) -> None:
    assert _plain(head) is None


@pytest.mark.parametrize("head", [b"", b"GET", b"GET / HTTP/1.1", b"GET / HTTP/1.1\r\nHost: x y", b"\xff\r\n\xff"])
def test_what_tornado_refuses_is_no_request(head: bytes) -> None:
    assert request_of(head, "192.0.2.1") is None
