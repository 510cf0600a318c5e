"""The fetcher goes where it may, and nowhere else, whatever a URL, a name server or a redirect says."""

import asyncio
import json
import time
from collections.abc import Sequence

import pytest
from stand_in import StandIn
from tornado.web import Application

from roomd.catalogue import addresses
from roomd.catalogue.fetch import Fetcher, FetchFailed, FetchRefused

#: Ways to write an address of this machine or of its network. All of them reach something if nobody looks.
PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "0", "0.0.0.0",
    "localhost", "localhost.", "LOCALHOST", "10.0.0.1", "172.16.5.4", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[::7f00:1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]", "[fe80::1]", "[fec0::1]", "[fc00::1]",
    "[fd12:3456::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]",
]  # fmt: skip

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:2800:220:1:248:1893:25c8:1946",
    "::ffff:8.8.8.8",
]


@pytest.fixture
def server(io_loop: object) -> StandIn:
    return StandIn({})


@pytest.fixture
def app(server: StandIn) -> Application:
    return server.app()


@pytest.fixture
def root(http_server: object, http_port: int) -> str:
    return f"http://127.0.0.1:{http_port}"


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(["127.0.0.1"])


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("host", PRIVATE)
async def test_private_addresses_are_refused_however_written(host: str) -> None:
    with pytest.raises((FetchRefused, FetchFailed)) as caught:
        await Fetcher().get(f"http://{host}/")
    if caught.type is FetchFailed:  # What no resolver knows leads nowhere, which is as good.
        assert "has no address" in str(caught.value)


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    "address", [host.strip("[]") for host in PRIVATE if host[0] in "[0123456789" and host.count(".") != 1]
)
async def test_a_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return [address]

    try:
        addresses.parse(address)
    except ValueError:
        return  # A way of writing that a resolver takes and never answers with.
    with pytest.raises(FetchRefused):
        await Fetcher(resolver=resolver).get("http://music.example/")


def test_public_addresses_pass() -> None:
    assert [text for text in PUBLIC if not addresses.is_public(addresses.parse(text))] == []


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a", "file:///etc/passwd", "gopher://x/", "javascript:alert(1)", "//example.com/",
        "/media/x", "",
        "http://", "http://alice:secret@example.com/", "http://alice@example.com/", "http://[::1", "http://a b/",
        "http://\x00/", "http://example.com:99999/", "http:example.com", "http://" + "a" * 300 + ".example/",
        "http://a..b/",
    ],
)  # fmt: skip
async def test_urls_that_are_not_fetched(url: str) -> None:
    with pytest.raises((FetchRefused, FetchFailed)):
        await Fetcher().get(url)


@pytest.mark.gen_test(timeout=20)
async def test_only_web_ports_unless_the_operator_lists_the_host(root: str) -> None:
    async def public(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    with pytest.raises(FetchRefused, match=r"music\.example:6379"):
        await Fetcher(resolver=public).get("http://music.example:6379/")

    async def here(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    port = root.rpartition(":")[2]
    for allow in ("music.example", "MUSIC.example.", "127.0.0.1", "127.0.0.0/8"):
        fetched = await Fetcher([allow], here).get(f"http://music.example:{port}/seen")
        assert json.loads(fetched.body)["host"] == f"music.example:{port}"
    with pytest.raises(FetchRefused):
        await Fetcher(["other.example", "10.0.0.0/8"], here).get(f"http://music.example:{port}/seen")


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "127.0.0.1:80", "host/path", "host:8000"])
def test_an_allow_list_that_cannot_be_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host, address or network"):
        Fetcher([entry])


@pytest.mark.gen_test(timeout=20)
async def test_a_name_is_resolved_once_and_the_judged_address_connected_to(root: str, server: StandIn) -> None:
    """A name server that answers with a public address first and 127.0.0.1 afterwards gains nothing."""
    port = int(root.rpartition(":")[2])
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    fetched = await Fetcher(["127.0.0.1"], rebinding).get(f"http://rebind.example:{port}/seen")
    assert fetched.status == 200 and asked == ["rebind.example"]
    with pytest.raises(FetchRefused):
        await Fetcher(["127.0.0.1"], rebinding).get(f"http://rebind.example:{port}/seen")
    assert len(server.requests) == 1


@pytest.mark.gen_test(timeout=20)
async def test_an_address_is_judged_without_going_there(root: str, server: StandIn) -> None:
    await Fetcher(["127.0.0.1"]).judge(f"{root}/seen")
    for url in (f"{root}/seen", "http://169.254.169.254/", "http://[::1]/", "ftp://example.com/"):
        with pytest.raises(FetchRefused):
            await Fetcher().judge(url)

    async def nobody(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(FetchFailed, match="no address within"):
        await Fetcher(resolver=nobody).judge("http://slow.example/", timeout_s=0.05)
    assert server.requests == []


@pytest.mark.gen_test(timeout=20)
async def test_private_ones_among_several_addresses_are_left_out(root: str) -> None:
    async def mixed(_host: str, _port: int) -> Sequence[str]:
        return ["10.0.0.1", "127.0.0.2", "127.0.0.1"]

    port = root.rpartition(":")[2]
    # Nothing listens on 127.0.0.2: the next address is tried.
    fetched = await Fetcher(["127.0.0.0/8"], mixed).get(f"http://many.example:{port}/seen")
    assert fetched.status == 200


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://127.0.0.2:80/",
        "file:///etc/passwd",
        "//10.0.0.1/",
    ],
)
async def test_a_redirect_is_judged_like_a_link(root: str, fetcher: Fetcher, to: str) -> None:
    with pytest.raises(FetchRefused):
        await fetcher.get(f"{root}/jump?to={to}")


@pytest.mark.gen_test(timeout=20)
async def test_three_redirects_are_followed_and_no_more(root: str, fetcher: Fetcher, server: StandIn) -> None:
    fetched = await fetcher.get(f"{root}/hops/3")
    assert (fetched.body, fetched.url) == (b"arrived", f"{root}/hops/0")
    for path in ("hops/4", "circle"):
        server.requests.clear()
        with pytest.raises(FetchFailed, match="redirects"):
            await fetcher.get(f"{root}/{path}")
        assert len(server.requests) == 4


@pytest.mark.gen_test(timeout=20)
async def test_nothing_of_ours_is_sent(root: str, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    seen = json.loads((await fetcher.get(f"{root}/seen#part", span=(5, 9))).body)
    assert seen.pop("host") == root.removeprefix("http://")
    assert seen == {
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "range": "bytes=5-9",
        "user-agent": "roomd",
    }


@pytest.mark.gen_test(timeout=20)
async def test_bodies_are_bounded_and_the_connection_is_closed(root: str, fetcher: Fetcher, server: StandIn) -> None:
    fetched = await fetcher.get(f"{root}/endless", max_bytes=300_000)
    assert (len(fetched.body), fetched.cut) == (300_000, True)
    await server.closed.wait()
    assert server.sent < 20_000_000
    exact = await fetcher.get(f"{root}/hops/0", max_bytes=7)
    assert (exact.body, exact.cut) == (b"arrived", False)


@pytest.mark.gen_test(timeout=20)
async def test_a_compressed_body_is_not_opened(root: str, fetcher: Fetcher) -> None:
    with pytest.raises(FetchFailed, match="compressed"):
        await fetcher.get(f"{root}/bomb")


@pytest.mark.gen_test(timeout=20)
async def test_slow_servers(root: str, fetcher: Fetcher, server: StandIn) -> None:
    server.files["x"] = bytes(90_000)
    begun = time.monotonic()
    with pytest.raises(FetchFailed, match="no answer within"):
        await fetcher.get(f"{root}/silent", timeout_s=0.2)
    with pytest.raises(FetchFailed, match="no answer within"):
        await fetcher.get(f"{root}/drip/x", timeout_s=0.2)
    fetched = await fetcher.get(f"{root}/drip/x", timeout_s=5, patience_s=0.3)
    assert (len(fetched.body), fetched.cut) == (20_000, True)
    assert time.monotonic() - begun < 4


@pytest.mark.gen_test(timeout=20)
async def test_nobody_there(fetcher: Fetcher) -> None:
    from tornado.testing import bind_unused_port

    taken, port = bind_unused_port()
    taken.close()
    with pytest.raises(FetchFailed):
        await fetcher.get(f"http://127.0.0.1:{port}/")

    async def nothing(_host: str, _port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(FetchFailed, match=r"nowhere\.example has no address"):
        await Fetcher(resolver=nothing).get("http://nowhere.example/")


@pytest.mark.gen_test(timeout=20)
async def test_ipv6(io_loop: object, server: StandIn) -> None:
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets

    [listening] = bind_sockets(0, "::1")
    own = HTTPServer(server.app())
    own.add_socket(listening)
    url = f"http://[::1]:{listening.getsockname()[1]}"
    fetched = await Fetcher(["[::1]"]).get(f"{url}/seen")
    assert json.loads(fetched.body)["host"] == url.removeprefix("http://")
    with pytest.raises(FetchRefused):
        await Fetcher(["127.0.0.1"]).get(f"{url}/seen")
    own.stop()
    await own.close_all_connections()
