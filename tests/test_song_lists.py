"""M3U, XSPF and JSPF: there and back again, as others write them, and whatever else somebody may send."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomd.catalogue import lists
from roomd.catalogue.lists import FORMATS, MAX_BYTES, jspf, m3u, read, xspf
from roomd.catalogue.lists.listed import MAX_ENTRIES, Listed, SongList, listed, listed_from, path_of
from roomd.domain.refusals import Invalid
from roomd.domain.song import Song

Write = Callable[[SongList], str]

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


def refusal(data: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        read(data)
    return caught.value


def songs() -> st.SearchStrategy[SongList]:
    """As a playlist of ours is exported."""
    one = st.builds(
        Song,
        id=st.sampled_from(["local:0123", "deezer:3135556", "link:99", "own-box:a/b?c=ä&d"]).map(
            lambda key: key.encode("ascii", "ignore").decode()
        ),
        title=TEXT,
        artist=TEXT,
        album=TEXT,
        cover=st.sampled_from(["", "/media/0123/cover", "https://covers.example/a.jpg?x=1&y=2"]),
        url=st.sampled_from(["", "/media/0123.mp3", "https://media.example/a b.mp3".replace(" ", "%20")]),
        duration_ms=st.none() | st.integers(1, 10_000_000).map(lambda seconds: 1_000.0 * (seconds % 9_999 + 1)),
    )
    written = st.lists(one, min_size=1, max_size=5).map(
        lambda them: [listed_from(each, "http://a.example") for each in them]
    )
    return st.builds(lambda name, them: SongList(name=name, songs=them), TEXT, written)


@pytest.mark.parametrize("write", [form.write for form in FORMATS.values()], ids=list(FORMATS))
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_there_and_back(write: Write, data: st.DataObject) -> None:
    """Everything that can be shown comes back, whatever is in a title; and our own ids."""
    before = data.draw(songs())
    after = read(write(before).encode())
    assert len(after.songs) == len(before.songs)
    for old, new in zip(before.songs, after.songs, strict=True):
        assert f"roomd:{new.id}" == old.id
        assert new.location in {old.location, ""}
        assert (new.artist, new.album, new.duration_ms) == (old.artist, old.album, old.duration_ms)
        if old.title:
            assert new.title == old.title


@given(st.binary(max_size=300) | TEXT.map(str.encode))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    for begin in (b"", b"#EXTM3U\n", b"<playlist><trackList><track>", b'{"playlist":{"track":['):
        try:
            found = read(begin + data)
        except Invalid as refused:
            assert refused.code in {"not_a_playlist", "invalid"}
            continue
        assert all(isinstance(each, Listed) for each in found.songs)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["location", "identifier", "title", "creator", "album", "duration", "image"]), JSON)
)
@settings(max_examples=200, deadline=None)
def test_jspf_with_anything_in_its_fields(track: dict[str, object]) -> None:
    import msgspec

    document = msgspec.json.encode({"playlist": {"title": track, "annotation": track, "track": [track, 1, None]}})
    assert len(jspf.read(document).songs) == 1


def test_m3u_as_others_write_it() -> None:
    text = (
        "\ufeff#EXTM3U\r\n#PLAYLIST:Long & short\r\n\r\n"
        "#EXTINF:60,Carol - Long Walk\r\n/home/alice/Music/Carol/Long Walk.mp3\r\n"
        '#EXTINF:-1 tvg-id="r1" tvg-logo="http://x.example/a,b.png" group-title="News, world",Radio One\r\n'
        "http://radio.example:8000/one\r\n"
        "# a remark\r\n"
        "#EXTVLCOPT:network-caching=1000\r\n#EXTALB:Walks\r\n#EXTART:Carol - and friends\r\n"
        "#EXTINF:61.5,Carol - and friends - Short Walk\r\nC:\\Music\\Short.mp3\r\n"
        "Carol - No Info.ogg\r\n"
    )
    found = read(text.encode())
    assert found.name == "Long & short"
    shown = [(each.artist, each.title, each.album, each.duration_ms) for each in found.songs]
    assert shown == [
        ("Carol", "Long Walk", "", 60_000.0),
        ("", "Radio One", "", None),
        ("Carol - and friends", "Short Walk", "Walks", 61_500.0),
        ("Carol", "No Info", "", None),
    ]
    assert [path_of(each.location) for each in found.songs] == [
        "/home/alice/Music/Carol/Long Walk.mp3",
        "",
        "C:/Music/Short.mp3",
        "Carol - No Info.ogg",
    ]
    assert read("Björn - Größe.mp3\n".encode("cp1252")).songs[0].title == "Größe"
    assert [each.title for each in read(b"a.mp3\rb.mp3\rhttps://x.example/c.ogg").songs] == ["a", "b", "c"]


def test_xspf_as_others_write_it() -> None:
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <playlist version="1" xmlns="http://xspf.org/ns/0/" xmlns:vlc="http://www.videolan.org/vlc/playlist/ns/0/">
          <title>Größe</title><creator>Bob</creator><annotation>Two
          lines</annotation>
          <extension application="x"><vlc:node title="t"><track>not one</track></vlc:node></extension>
          <trackList>
            <track>
              <location>file:///home/bob/My%20Music/a%26b.mp3</location><location>http://second.example/</location>
              <identifier>http://musicbrainz.example/1</identifier><identifier>roomd:local:1f</identifier>
              <title><![CDATA[<A> & B]]></title><creator>Carol</creator><duration>61000</duration>
              <extension application="x"><title>of something else</title><vlc:id>3</vlc:id></extension>
            </track>
            <track><title>Only a title</title><duration>soon</duration></track>
          </trackList>
        </playlist>"""
    found = read(text.encode("iso-8859-1"))
    assert (found.name, found.description.split()) == ("Größe", ["Two", "lines"])
    assert found.songs == [
        Listed(
            id="local:1f",
            location="file:///home/bob/My%20Music/a%26b.mp3",
            title="<A> & B",
            artist="Carol",
            duration_ms=61_000.0,
        ),
        Listed(title="Only a title"),
    ]
    assert path_of(found.songs[0].location) == "/home/bob/My Music/a&b.mp3"
    utf16 = text.replace("ISO-8859-1", "UTF-16").encode("utf-16")
    assert read(utf16).songs == found.songs


def test_jspf_as_others_write_it() -> None:
    found = read(
        b"""  {"playlist": {"title": "Mine", "creator": "bob", "extension": {"x": {}}, "track": [
            {"identifier": "https://musicbrainz.example/1", "title": "One", "creator": "Carol", "duration": 61000},
            {"identifier": ["x", "roomd:local:1f"], "location": ["http://a.example/1.mp3", "b"], "duration": "long"}
        ]}}"""
    )
    assert found.songs == [
        Listed(title="One", artist="Carol", duration_ms=61_000.0),
        Listed(id="local:1f", location="http://a.example/1.mp3", title="1"),
    ]


def test_what_is_no_list() -> None:
    entities = b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    bomb = b"<!DOCTYPE p [" + entities + b"]><playlist><title>&b;</title></playlist>"
    outside = b'<!DOCTYPE p SYSTEM "file:///etc/passwd"><playlist/>'
    for data in (
        b"",
        b"   \n",
        b"#EXTM3U\n#EXTINF:1,Nothing follows\n",
        b"Dear Alice,\nthis is a letter.\n",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"<html><body>playlist</body></html>",
        b"<playlist><trackList></playlist>",
        b"<playlist/>",
        b"<" * 1_000,
        b"<playlist>" + b"<a>" * 100_000,
        bomb,
        outside,
        b"{}",
        b'{"playlist": []}',
        b'{"playlist": {"track": {}}}',
        b'{"playlist": {"track": [1, 2]}}',
        b'{"playlist"' * 100_000,
        b'{"playlist": {"track": [' + b"[" * 500_000,
        b"\xff\xfe<\0",
    ):
        assert refusal(data).code == "not_a_playlist", data[:40]
    for fault in (refusal(bomb), refusal(outside)):
        assert "document type" in fault.message
    deep = b"<extension>" * 40 + b"</extension>" * 40
    tracks = b"<trackList><track><title>a</title></track></trackList>"
    assert "deep" in refusal(b"<playlist>" + deep + tracks + b"</playlist>").message
    assert refusal(b"a.mp3\n" * (MAX_BYTES // 6 + 1)).code == "too_large"


def test_as_many_as_a_playlist_holds() -> None:
    tracks = {
        "m3u": b"a.mp3\n" * (MAX_ENTRIES + 5),
        "xspf": b"<playlist><trackList>"
        + b"<track><title>a</title></track>" * (MAX_ENTRIES + 5)
        + b"</trackList></playlist>",
        "jspf": b'{"playlist":{"track":[' + b'{"title":"a"},' * (MAX_ENTRIES + 5) + b'{"title":"a"}]}}',
    }
    for data in tracks.values():
        assert refusal(data).fields.keys() == {"file"}
    assert len(read(tracks["m3u"][: 6 * MAX_ENTRIES]).songs) == MAX_ENTRIES


def test_the_longest_files_are_read_in_time() -> None:
    """Nothing in them makes reading slower than their length does: all take 2 s together, a square would take hours."""
    lines = [
        b"#EXTM3U\n" + b"#EXTINF:1" + b" " * 1_900_000 + b"x\na",
        b"#EXTM3U\n" + b"#EXTINF:1" + b' a="b"' * 300_000 + b"\na",
        b"#EXTM3U\n" + b"a" * 1_900_000,
        b"#EXTM3U\n" + b"#A:b\n" * 380_000 + b"a",
        b"." * 1_900_000 + b".mp3",
        b"<playlist><title>" + b"x" * 1_900_000 + b"</title></playlist>",
        b"<playlist>" + b"<a/>" * 450_000 + b"</playlist>",
        b'{"playlist": {"title": "' + b"x" * 1_900_000 + b'", "track": []}}',
    ]
    began = time.process_time()
    for data in lines:
        try:
            lists.read(data)
        except Invalid:
            continue
    assert time.process_time() - began < 20


def test_what_does_not_fit_is_left_out() -> None:
    one = listed(
        id="roomd:nonsense",
        location="x" * 2_001,
        title="t" * 400 + "\n",
        artist=" \u202e A\tB ",
        cover="a\0b",
        duration_ms=float("nan"),
    )
    assert one == Listed(title="t" * 300, artist="A B")
    assert listed(duration_ms=-1_000).duration_ms is None
    assert listed(location="roomd:deezer:1") == Listed(id="deezer:1", location="roomd:deezer:1")
    assert m3u.write(SongList(name="a\nb")).count("\n") == 2
    assert "\ufffe" not in xspf.write(SongList(name="a\ufffeb", songs=[Listed(title="\x01")]))
