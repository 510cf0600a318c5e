"""The folder as a catalogue: artists, albums in order, genres, charts by plays here, and what goes with a song."""

import asyncio
import os
from pathlib import Path
from typing import NamedTuple

import media_files as files
import pytest
from cache_world import MINUTE, HandClock

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.own import OwnMusic
from roomd.catalogue.tags import read_facts
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Song, genre_number


class Tune(NamedTuple):
    title: str
    artist: str
    album: str = ""
    genre: str = ""
    track: str = ""
    disc: str = ""
    date: str = ""


TUNES = (
    Tune("Rain", "Alice", "Weather", "Ambient", "2", "1", "2004-05-06"),
    Tune("Fog", "Alice", "Weather", "Ambient", "10", "1", "2004-05-06"),
    Tune("Storm", "Alice", "Weather", "ambient", "1", "2", "2004-05-06"),
    Tune("Gate", "Alice", "Doors", "Rock", "1", "", "2011"),
    Tune("Walk", "Bob", "Roads", "Rock", "1/9", "", "2001-13-40"),
    Tune("Heavy Rain", "Carol", "", "", "", "", "soon"),
)


class Heard:
    """What was heard here, by title; or nothing, while the database is away."""

    def __init__(self) -> None:
        self.tops: list[tuple[str, int]] = []
        self.with_it: list[str] = []
        self.fault: Exception | None = None
        self.asked = 0

    async def top(self, provider: str, days: float, limit: int) -> list[tuple[str, int]]:
        self.asked += 1
        assert (provider, days > 0, limit > 0) == ("local", True, True)
        if self.fault:
            raise self.fault
        return self.tops

    async def together(self, song: str, limit: int) -> list[str]:
        if self.fault:
            raise self.fault
        return self.with_it


class Shop(NamedTuple):
    own: OwnMusic
    heard: Heard
    clock: HandClock
    ids: dict[str, str]
    folder: LocalFolder


def comments(tune: Tune) -> list[str]:
    said = {
        "TITLE": tune.title, "ARTIST": tune.artist, "ALBUM": tune.album, "GENRE": tune.genre,
        "TRACKNUMBER": tune.track, "DISCNUMBER": tune.disc, "DATE": tune.date,
    }  # fmt: skip
    return [f"{name}={text}" for name, text in said.items() if text]


async def shop(root: Path) -> Shop:
    for age, tune in enumerate(TUNES):
        path = files.put(root / f"{tune.title}.flac", files.flac(60 + age, comments(tune)))
        os.utime(path, (1_700_000_000 - 1_000 * age,) * 2)
    folder, heard, clock = LocalFolder(root, b"k" * 32), Heard(), HandClock()
    await folder.rescan()
    own = OwnMusic(folder, clock.now, heard)
    songs = (await own.search("", 50)).songs
    return Shop(own, heard, clock, {song.title: song.id for song in songs}, folder)


def titles(songs: list[Song]) -> list[str]:
    return [song.title for song in songs]


def key(full: str) -> str:
    return full.removeprefix("local:")


@pytest.mark.gen_test(timeout=20)
async def test_a_song_has_what_its_tags_say(tmp_path: Path) -> None:
    made = await shop(tmp_path)
    song = await made.own.song(key(made.ids["Rain"]))
    assert (song.title, song.artist, song.album, song.genre) == ("Rain", "Alice", "Weather", "Ambient")
    assert (song.number, song.released, song.duration_ms, song.mime) == (2, "2004-05-06", 60_000, "audio/flac")
    assert song.url == f"/media/{key(song.id)}.flac" and not song.playable_ms
    walk, rain = [await made.own.song(key(made.ids[title])) for title in ("Walk", "Heavy Rain")]
    assert (walk.number, walk.released, rain.number, rain.released, rain.album_id) == (1, "2001", 0, "", "")


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("2004", "2004"), ("2004-05", "2004-05"), ("2004-05-06T10:00", "2004-05-06"), ("1999-00-00", "1999"),
        ("20041", ""), ("0204", ""), ("May 2004", ""), (" 2004 ", "2004"), ("2004-5-6", "2004"),
    ],
)  # fmt: skip
def test_dates_in_tags(tmp_path: Path, date: str, told: str) -> None:
    with files.put(tmp_path / "x.flac", files.flac(1, [f"DATE={date}", "TRACKNUMBER=99999"])).open("rb") as file:
        facts = read_facts(file, "flac")
    assert facts is not None and (facts.released, facts.number) == (told, 0)


@pytest.mark.gen_test(timeout=20)
async def test_an_album_is_in_the_order_of_discs_and_tracks(tmp_path: Path) -> None:
    made = await shop(tmp_path)
    song = await made.own.song(key(made.ids["Fog"]))
    page = await made.own.album(key(song.album_id))
    assert titles(page.songs) == ["Rain", "Fog", "Storm"]
    assert (page.album.title, page.album.artist, page.album.released) == ("Weather", "Alice", "2004-05-06")
    assert page.album.artist_id == song.artist_id


@pytest.mark.gen_test(timeout=20)
async def test_an_artist_has_albums_newest_first_and_what_is_heard_most(tmp_path: Path) -> None:
    made = await shop(tmp_path)
    made.heard.tops = [(made.ids["Storm"], 5), (made.ids["Walk"], 4), (made.ids["Rain"], 1)]
    alice = (await made.own.search("alice", 5)).artists[0]
    page = await made.own.artist(key(alice.id))
    assert (page.artist.name, page.artist.albums) == ("Alice", 2)
    assert [album.title for album in page.albums] == ["Doors", "Weather"]
    assert titles(page.top) == ["Storm", "Rain", "Gate", "Fog"]


@pytest.mark.gen_test(timeout=20)
async def test_genres_are_the_same_however_they_are_written(tmp_path: Path) -> None:
    made = await shop(tmp_path)
    genres = await made.own.genres()
    assert [genre.name for genre in genres] == ["Ambient", "Rock"]
    assert genres[0].id == genre_number("AMBIENT ") != genres[1].id
    made.heard.tops = [(made.ids["Storm"], 5)]
    assert titles(await made.own.genre_songs(genres[0].id, 2)) == ["Storm", "Rain"]
    assert await made.own.genre_songs(12, 5) == []


@pytest.mark.gen_test(timeout=20)
async def test_charts_are_what_is_heard_here_then_the_newest(tmp_path: Path) -> None:
    made = await shop(tmp_path)
    assert titles(await made.own.top_songs(3)) == ["Rain", "Fog", "Storm"]
    made.heard.tops = [("local:gone", 9), (made.ids["Walk"], 3), (made.ids["Fog"], 1)]
    assert titles(await made.own.top_songs(3)) == ["Rain", "Fog", "Storm"], "asked for once a minute"
    made.clock.at += 1.1 * MINUTE
    assert titles(await made.own.top_songs(5)) == ["Walk", "Fog", "Rain", "Storm", "Gate"]
    assert titles(await made.own.top_songs(1)) == ["Walk"]
    assert [album.title for album in await made.own.top_albums(10)] == ["Roads", "Weather", "Doors"]
    assert [album.title for album in await made.own.new_albums(2)] == ["Weather", "Doors"]
    assert made.heard.asked == 2


@pytest.mark.gen_test(timeout=20)
async def test_without_a_database_the_newest_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await shop(tmp_path)
    made.heard.fault = Unavailable("away")
    assert titles(await made.own.top_songs(2)) == ["Rain", "Fog"]
    assert "Fog" in titles(await made.own.related(key(made.ids["Rain"]), 5))
    made.heard.fault, made.clock.at = None, made.clock.at + 2 * MINUTE

    async def silent(*_: object) -> list[tuple[str, int]]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(made.heard, "top", silent)
    monkeypatch.setattr("roomd.catalogue.own.PLAYS_S", 0.01)
    assert titles(await made.own.top_songs(2)) == ["Rain", "Fog"]


@pytest.mark.gen_test(timeout=20)
async def test_what_goes_with_a_song(tmp_path: Path) -> None:
    made = await shop(tmp_path)
    rain = key(made.ids["Rain"])
    assert titles(await made.own.related(rain, 10)) == ["Fog", "Storm", "Gate", "Heavy Rain"]
    made.heard.with_it = [made.ids["Walk"], made.ids["Rain"], "local:gone"]
    made.clock.at += 2 * MINUTE
    assert titles(await made.own.related(rain, 3)) == ["Fog", "Storm", "Walk"], "as much as album, artist and genre"
    assert titles(await made.own.related(key(made.ids["Heavy Rain"]), 1)) == ["Walk"]
    made.heard.with_it = []
    made.clock.at += 2 * MINUTE
    assert titles(await made.own.related(key(made.ids["Heavy Rain"]), 3)) == ["Rain"]


@pytest.mark.gen_test(timeout=20)
async def test_what_is_not_there(tmp_path: Path) -> None:
    made = await shop(tmp_path)
    for ask, code in (
        (made.own.song, "no_such_track"), (made.own.source, "no_such_track"), (made.own.album, "no_such_album"),
        (made.own.artist, "no_such_artist"),
    ):  # fmt: skip
        with pytest.raises(NotFound) as refusal:
            await ask("0" * 32)
        assert refusal.value.code == code
    (tmp_path / "Walk.flac").unlink()
    await made.folder.rescan()
    assert [genre.name for genre in await made.own.genres()] == ["Ambient", "Rock"]
    (tmp_path / "Gate.flac").unlink()
    await made.folder.rescan()
    assert [genre.name for genre in await made.own.genres()] == ["Ambient"]
    assert [album.title for album in await made.own.new_albums(9)] == ["Weather"]


@pytest.mark.gen_test(timeout=20)
async def test_a_guest_makes_neither_another_album_nor_another_artist(tmp_path: Path) -> None:
    guests = ("Alice", "Alice feat. Bob", "Alice (ft. Carol & Dave)", "Alice [Featuring Erin]", "Alice Feather")
    for number, artist in enumerate(guests):
        tune = Tune(f"Song {number}", artist, "Blue Hours", "", str(number + 1))
        files.put(tmp_path / f"{number}.flac", files.flac(60, comments(tune)))
    folder = LocalFolder(tmp_path, b"k" * 32)
    await folder.rescan()
    own = OwnMusic(folder, HandClock().now, Heard())
    found = await own.search("", 50)
    assert sorted((artist.name, artist.albums) for artist in found.artists) == [("Alice", 1), ("Alice Feather", 1)]
    mine = next(album for album in found.albums if album.artist == "Alice")
    songs = (await own.album(key(mine.id))).songs
    # The song itself says who is on it.
    assert [song.artist for song in songs] == list(guests[:4])
