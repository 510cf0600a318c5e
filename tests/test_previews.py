"""What a chat shows of the pages that are linked to in it; fetched by the server, of pages that say much and little."""

import base64
import io

import pytest
from PIL import Image
from serving import Served
from stand_in import StandIn
from tornado.web import Application

from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.oembed import OEmbed
from roomd.catalogue.page_facts import Facts, facts_of
from roomd.domain.refusals import Invalid
from roomd.pictures import Pictures
from roomd.previews import Preview, Previews

PAGE = b"""<!doctype html><html><head><title>Not this one</title>
<meta property="og:title" content="Geese &amp; lamps \xe2\x80\xae at dawn"><meta property="og:title" content="second">
<meta name="description" content="An evening\nin two lines."><meta property="og:site_name" content="Example Fields">
<meta property="og:image" content="/file/geese.png"></head>
<body><meta property="og:description" content="not in the head"><title>nor this</title></body></html>"""
BARE = "<title>Gänse</title><script>'<title>no</title>'</script>".encode("latin-1")


def png(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "#ffb638").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def server(io_loop: object) -> StandIn:
    return StandIn({"page": PAGE, "bare": BARE, "geese.png": png(600), "song.mp3": b"ID3"})


@pytest.fixture
def app(server: StandIn) -> Application:
    return server.app()


@pytest.fixture
def root(http_server: object, http_port: int) -> str:
    return f"http://127.0.0.1:{http_port}"


def previews(*allow: str) -> Previews:
    fetcher = Fetcher(allow)
    return Previews(fetcher, OEmbed(fetcher), Pictures(), lambda: 0.0)


def test_a_page_is_taken_at_its_word_and_as_text() -> None:
    html = {"content-type": "text/html"}
    assert facts_of(PAGE, html, "https://example.org/a/b") == Facts(
        "Geese & lamps at dawn", "An evening in two lines.", "Example Fields", "https://example.org/file/geese.png"
    )
    assert facts_of(BARE, {"content-type": "text/html; charset=ISO-8859-1"}, "https://example.org").title == "Gänse"
    assert facts_of(BARE, {"content-type": "text/html; charset=no-such"}, "https://example.org").title == "G�nse"
    assert facts_of(PAGE, {"content-type": "audio/mpeg"}, "https://example.org") == Facts()
    odd = b'<meta property="og:title" content="x"><meta property="og:image" content="javascript:alert(1)">'
    assert facts_of(odd, html, "https://example.org") == Facts(title="x")


@pytest.mark.gen_test(timeout=30)
async def test_a_page_is_fetched_once_with_its_picture_made_small(root: str, server: StandIn) -> None:
    looking = previews("127.0.0.1")
    url = f"{root}/typed/page?type=text/html"
    found = await looking.of(url)
    assert (found.title, found.site) == ("Geese & lamps at dawn", "Example Fields")
    head, _, data = found.picture.partition(",")
    assert head == "data:image/webp;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (192, 192)
    assert await looking.of(url) == found
    assert [path for path, _ in server.requests] == ["/typed/page", "/file/geese.png"]


@pytest.mark.gen_test(timeout=30)
async def test_what_is_no_page_or_not_to_be_visited_says_nothing(root: str) -> None:
    looking = previews("127.0.0.1")
    for path in ("/file/song.mp3", "/status/404", "/circle", "/bomb"):
        assert await looking.of(root + path) == Preview(root + path)
    # Nothing is allowed here that is private.
    url = f"{root}/typed/page?type=text/html"
    assert await previews().of(url) == Preview(url)
    for wrong in ("javascript:alert(1)", "/media/a.mp3", "ftp://example.org/a"):
        with pytest.raises(Invalid):
            await looking.of(wrong)


@pytest.mark.gen_test(timeout=60)
async def test_previews_are_for_those_in_the_room(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    path = f"/api/rooms/{code}/preview/?url=http://127.0.0.1:9/"
    told = await alice.call("GET", path)
    assert told.json() == {"url": "http://127.0.0.1:9/", "site": "", "title": "", "description": "", "picture": ""}
    assert (await bob.call("GET", path)).json()["error"]["code"] == "not_a_member"
    assert (await alice.call("GET", f"/api/rooms/{code}/preview/?url=about:blank")).status_code == 400
