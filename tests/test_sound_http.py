"""What people are told of a track's sound, and that rooms know how loud their tracks are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_world import until
from serving import Served, leave, serving
from sound_world import tone
from tornado.ioloop import IOLoop


@pytest.fixture
def loud(
    io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    """A server that listens at once, to a WAV of -20 LUFS and a WMA of -26."""
    monkeypatch.setattr("roomd.sound.workshop.START_AFTER_S", 0.0)
    tone(data_dir / "music" / "Alice - Rain.wav", 5.0, -20.0)
    tone(data_dir / "music" / "Fog.wma", 5.0, -26.0, "-c:a", "wmav2", "-b:a", "192k")
    running = serving(redis_url, database_url, data_dir)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


async def until_heard(served: Served, title: str) -> str:
    """The id of a track, once it was listened to."""
    folder = served.services.folder

    def gained() -> bool:
        return any(item.track.gain_db is not None for item in folder.search(title, 1).tracks)

    await until(gained, title, 60.0)
    return folder.search(title, 1).tracks[0].track.source


@pytest.mark.gen_test(timeout=120)
async def test_sound_is_told_with_its_wave(loud: Served) -> None:
    alice = await loud.person("Alice")
    rain = await until_heard(loud, "rain")
    path = f"/api/catalogue/sound/{rain}/"
    told = (await alice.call("GET", path)).json()
    assert set(told) == {
        *("id", "status", "progress", "duration_ms", "loudness_lufs", "true_peak_db", "gain_db"),
        *("peaks_url", "converted", "url", "fault"),
    }
    assert (told["id"], told["status"], told["progress"], told["converted"]) == (rain, "ready", 1.0, False)
    assert told["loudness_lufs"] == pytest.approx(-20.0, abs=0.5)
    assert told["gain_db"] == pytest.approx(6.0, abs=0.5)
    assert told["duration_ms"] == pytest.approx(5_000, abs=5)
    wave = (await alice.call("GET", told["peaks_url"])).json()
    assert len(wave["peaks"]) == 1_000 and wave["duration_ms"] == told["duration_ms"]
    assert all(20 <= peak <= 28 for peak in wave["peaks"][10:-10])
    bare = (await alice.call("GET", f"/api/catalogue/sound/{rain.removeprefix('local:')}")).json()
    assert bare == told


@pytest.mark.gen_test(timeout=120)
async def test_a_file_that_browsers_refuse_is_played_and_measured_like_any_other(loud: Served) -> None:
    alice = await loud.person("Alice")
    fog = await until_heard(loud, "fog")
    told = (await alice.call("GET", f"/api/catalogue/sound/{fog}/")).json()
    assert (told["converted"], told["url"].rpartition(".")[2]) == (True, "m4a")
    assert told["gain_db"] == pytest.approx(12.0, abs=0.7)
    whole = await loud.http.get(told["url"], timeout=60)
    assert (whole.status_code, whole.headers["Content-Type"], whole.content[4:8]) == (200, "audio/mp4", b"ftyp")
    part = await loud.http.get(told["url"], headers={"Range": "bytes=4-7", "If-Range": whole.headers["ETag"]})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert (await alice.call("GET", f"/api/catalogue/sound/{fog}/")).json()["status"] == "ready"


@pytest.mark.gen_test(timeout=120)
async def test_rooms_know_how_loud_their_tracks_are(loud: Served) -> None:
    alice = await loud.person("Alice")
    rain = await until_heard(loud, "rain")
    url = loud.services.folder.search("rain", 1).tracks[0].track.url
    code = await loud.room(alice)
    live = await loud.enter(alice, code)
    assert (await live.do("add", tracks=[{"url": url}]))["type"] == "ack"
    (added,) = _tracks(live.heard)
    assert added["source"] == rain and added["gain_db"] == pytest.approx(6.0, abs=0.5)
    assert (await loud.services.library.catalogue.tracks([rain]))[0].gain_db == added["gain_db"]
    # A client cannot say how loud its own links are to be played.
    theirs = {"url": "https://music.example/a.mp3", "title": "A", "duration_ms": 9_000, "kind": "audio", "gain_db": 40}
    assert (await live.do("add", tracks=[theirs]))["type"] == "ack"
    assert _tracks(live.heard)[-1].get("gain_db") is None


def _tracks(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tracks that were added, as the room tells them."""
    events = (event for message in heard for event in message.get("events", []) if event["type"] == "entries_added")
    return [entry["track"] for event in events for entry in event["entries"]]


@pytest.mark.gen_test(timeout=60)
async def test_who_may_ask_and_for_what(loud: Served) -> None:
    bob = await loud.person("Bob")
    for track_id in ("local:" + "0" * 32, "0" * 32, "12", "deezer:3135556", "local:", "%2e%2e", "local:x%00"):
        for path in (f"/api/catalogue/sound/{track_id}/", f"/api/catalogue/sound/{track_id}/peaks/"):
            answer = await bob.call("GET", path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_track"), path
    for path in ("/api/catalogue/sound/x/", "/api/catalogue/sound/x/peaks/"):
        assert (await loud.http.get(path)).status_code == 401


@pytest.fixture
def without(
    io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    tone(data_dir / "music" / "Rain.wav", 1.0)
    tone(data_dir / "music" / "Fog.aiff", 1.0)
    monkeypatch.setattr("roomd.music.find_kit", lambda _: None)
    running = serving(redis_url, database_url, data_dir)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


@pytest.mark.gen_test(timeout=60)
async def test_without_ffmpeg_everything_else_works(without: Served) -> None:
    alice = await without.person("Alice")
    folder = without.services.folder
    assert not folder.search("fog", 1).tracks
    track = folder.search("rain", 1).tracks[0].track
    told = (await alice.call("GET", f"/api/catalogue/sound/{track.source}/")).json()
    assert (told["status"], told["gain_db"], told["peaks_url"]) == ("off", None, "")
    assert told["duration_ms"] == pytest.approx(1_000, abs=1)
    missing = await alice.call("GET", f"/api/catalogue/sound/{track.source}/peaks/")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_measured")
    assert (await without.http.get(track.url)).status_code == 200
