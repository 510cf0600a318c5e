"""Several catalogues' lists made one, seals on addresses, and the lanes through which sound passes."""

import asyncio

import pytest

from roomd.catalogue import lanes as lanes_module
from roomd.catalogue.lanes import Lanes, Tank
from roomd.catalogue.merging import in_turns, merge_genres, merge_songs
from roomd.catalogue.seal import Seal
from roomd.domain.refusals import Limited, Unavailable
from roomd.domain.song import Album, AlbumPage, Artist, Found, Genre, Song


def song(
    song_id: str, title: str = "", artist: str = "Alice", *, ms: float = 0, part: float = 0, url: str = "x"
) -> Song:
    return Song(
        id=song_id, title=title or song_id, artist=artist, url=url, duration_ms=ms or None, playable_ms=part or None
    )


def ids(songs: list[Song]) -> list[str]:
    return [each.id for each in songs]


def test_the_first_of_each_comes_first() -> None:
    one, other = [song(f"a:{n}") for n in range(4)], [song("b:0"), song("b:1"), song("a:0")]
    assert ids(in_turns([one, other, []], 10)) == ["a:0", "b:0", "a:1", "b:1", "a:2", "a:3"]
    assert ids(in_turns([one, other], 3)) == ["a:0", "b:0", "a:1"]
    assert in_turns([[], []], 3) == []


def test_one_song_is_there_once_as_the_one_that_plays_most() -> None:
    deezer = [song("deezer:1", "Rain", ms=200_000, part=30_000), song("deezer:2", "Fog", ms=100_000, part=30_000)]
    own = [song("local:9", "Other"), song("local:8", "RAÍN!", ms=201_000)]
    assert ids(merge_songs([deezer, own], 10)) == ["local:8", "local:9", "deezer:2"]
    assert ids(merge_songs([own, deezer], 10)) == ["local:9", "local:8", "deezer:2"]
    silent = [song("other:1", "Rain", ms=200_000, url="")]
    assert ids(merge_songs([silent, deezer[:1]], 10)) == ["deezer:1"]


def test_songs_that_only_look_alike_stay() -> None:
    live = [song("deezer:1", "Rain", ms=400_000)]
    studio = [song("local:1", "Rain", ms=200_000)]
    assert len(merge_songs([live, studio], 10)) == 2, "another length"
    assert len(merge_songs([[song("local:1", "Rain"), song("local:2", "Rain")]], 10)) == 2, "both of one catalogue"
    assert len(merge_songs([[song("local:1", "Rain", "")], [song("deezer:1", "Rain", "")]], 10)) == 2, "by nobody"
    assert len(merge_songs([[song("local:1", "Rain", "Alice")], [song("deezer:1", "Rain", "Bob")]], 10)) == 2


def test_genres_meet_by_name() -> None:
    own = [Genre(id=1_500_000, name="Hip Hop"), Genre(id=1_600_000, name="Ambient")]
    deezer = [Genre(id=116, name="Hip-Hop"), Genre(id=132, name="Pop")]
    merged = merge_genres([("local", own), ("deezer", deezer)])
    assert [(genre.id, numbers) for genre, numbers in merged] == [
        (1_600_000, {"local": 1_600_000}),
        (116, {"local": 1_500_000, "deezer": 116}),
        (132, {"deezer": 132}),
    ]


def test_a_seal_fits_one_address_only() -> None:
    seal = Seal("a secret of this test's own, long enough")
    sealed = seal.path("/media/alice/1")
    bare, _, mark = sealed.partition("?s=")
    assert bare == "/media/alice/1" and len(mark) == 16
    assert seal.fits(bare, mark) and seal.path(sealed) == sealed
    for path, other in (("/media/alice/2", mark), (bare, mark[:-1]), (bare, ""), (bare, "é" * 16)):
        assert not seal.fits(path, other)
    assert not Seal("another secret, just as long as the first").fits(bare, mark)
    assert seal.path("https://media.example/a.jpg") == "https://media.example/a.jpg" and seal.path("") == ""


def test_everything_within_is_sealed() -> None:
    seal = Seal("a secret of this test's own, long enough")
    made = Song(id="alice:1", title="Rain", url="/media/alice/1", cover="/media/alice/cover/c")
    found = seal.on(
        Found(
            songs=[made],
            artists=[Artist(id="alice:a", name="Alice", picture="/media/alice/cover/c")],
            albums=[Album(id="alice:b", title="Weather", cover="https://pictures.example/c.jpg")],
        )
    )
    assert found.songs[0].url == seal.path(made.url) and found.songs[0].cover == seal.path(made.cover)
    assert found.artists[0].picture == seal.path(made.cover)
    assert found.albums[0].cover == "https://pictures.example/c.jpg"
    page = seal.on(AlbumPage(album=Album(id="alice:b", title="Weather", cover=made.cover), songs=[made]))
    assert page.album.cover == page.songs[0].cover == seal.path(made.cover)
    assert seal.on([Genre(id=1, name="Rock", picture=made.cover)])[0].picture == seal.path(made.cover)
    assert seal.on(7) == 7


def test_a_tank_refills() -> None:
    now = 0.0
    tank = Tank(1_000, 100, lambda: now)
    assert [tank.take(500), tank.take(500), tank.take(50)] == [0, 0, 0.5]
    now = 1_500.0
    assert tank.take(100) == 0
    now = 60_000.0
    assert tank.full
    assert tank.take(1_001) == pytest.approx(0.01)


def test_lanes_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "MOST_EACH", 2)
    monkeypatch.setattr(lanes_module, "MOST", 3)
    monkeypatch.setattr(lanes_module, "MOST_LIVE", 1)
    lanes = Lanes(lambda: 0.0)
    with lanes.lane("alice", live=True), lanes.lane("alice", live=False):
        with pytest.raises(Limited) as full, lanes.lane("alice", live=False):
            pass
        assert full.value.code == "too_many_streams"
        with pytest.raises(Unavailable), lanes.lane("bob", live=True):
            pass
        with lanes.lane("bob", live=False):
            with pytest.raises(Unavailable) as over, lanes.lane("carol", live=False):
                pass
            assert (over.value.code, lanes.open) == ("streams_full", 3)
    assert lanes.open == 0
    with lanes.lane("bob", live=True):
        assert lanes.open == 1


@pytest.mark.gen_test(timeout=20)
async def test_a_lane_is_waited_in_when_the_tank_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "BURST_EACH", 1_000)
    monkeypatch.setattr(lanes_module, "RATE_EACH", 100_000)
    loop = asyncio.get_running_loop()
    lanes = Lanes(lambda: loop.time() * 1_000)
    with lanes.lane("alice", live=False) as lane:
        began = loop.time()
        for _ in range(11):
            await lane.pace(1_000)
        assert loop.time() - began >= 0.09
