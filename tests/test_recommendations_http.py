"""What was heard, what is recommended, and music made of it, over HTTP: each endpoint, with what it refuses."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import media_files as files
import pytest
from byte_proxy import wire_to
from hub_world import eventually
from queue_world import QUEUE
from serving import Live, Person, Served, serving
from test_rooms_http import refused
from tornado.ioloop import IOLoop

HISTORY = f"{QUEUE}/history/"
PICKS = "/api/playlists/recommendations/"
PLAY = "/api/playlists/play-recommendation/"
GENERATE = "/api/playlists/generate/"
#: What PlayPod's document has of a song, and of a playlist that was generated.
SONG = {"track_id", "track_title", "artist_id", "artist_name", "album_title", "album_cover", "duration"}
MADE = {"id", "name", "description", "track_count", "genre"}


def put_music(data_dir: Path) -> None:
    """Two artists' rock, five songs each; two songs of jazz; one of nothing."""
    music = data_dir / "music"
    music.mkdir()
    for artist in ("Ann", "Ben"):
        for number in range(5):
            put(music, f"{artist} {number}", artist, "Rock")
    for number in range(2):
        put(music, f"Cleo {number}", "Cleo", "Jazz")
    put(music, "Nobody", "Nobody", "")


def put(music: Path, title: str, artist: str, genre: str) -> None:
    said = [f"TITLE={title}", f"ARTIST={artist}", *([f"GENRE={genre}"] if genre else [])]
    files.put(music / f"{title}.flac", files.flac(180, said))


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    put_music(data_dir)
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(serving(redis_url, database_url, data_dir)))
    io_loop.run_sync(stack.aclose)


async def ids(person: Person) -> dict[str, str]:
    """Song ids by title."""
    answer = await person.call("GET", "/api/catalogue/search/?q=&limit=50")
    return {track["title"]: track["id"] for track in answer.json()["tracks"]}


async def hear(person: Person, *songs: str) -> None:
    """They go through these with a player of their own: each is the current one for a moment."""
    for song in songs:
        answer = await person.call("POST", f"{QUEUE}/stream/", {"track_id": song})
        assert answer.status_code == 200, answer.text


async def like(person: Person, *songs: str) -> None:
    for song in songs:
        assert (await person.call("POST", "/api/playlists/favorites/add/", {"track_id": song})).status_code == 201


async def picked(person: Person, limit: int = 10) -> list[dict[str, str]]:
    answer = await person.call("GET", f"{PICKS}?limit={limit}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["recommendations"])


@pytest.mark.gen_test(timeout=60)
async def test_the_history(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    songs = await ids(alice)
    assert (await alice.call("GET", HISTORY)).json() == {"history": [], "count": 0}
    await hear(alice, songs["Ann 0"], songs["Ben 0"])
    answer = await alice.call("GET", HISTORY)
    assert (answer.status_code, answer.json()["count"]) == (200, 2)
    current, before = answer.json()["history"]
    assert current.keys() == SONG | {"id", "played_at", "heard", "ended", "room_id"}
    assert (current["track_id"], current["track_title"], current["artist_name"]) == (songs["Ben 0"], "Ben 0", "Ben")
    assert (current["ended"], before["ended"], before["duration"]) == ("stopped", "skipped", 180)
    assert current["played_at"] > before["played_at"]
    assert current["artist_id"].startswith("local:")
    assert (await bob.call("GET", HISTORY)).json()["count"] == 0


@pytest.mark.gen_test(timeout=60)
async def test_paging_the_history(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await ids(alice)
    await hear(alice, *(songs[f"Ann {number}"] for number in range(4)))
    answer = (await alice.call("GET", f"{HISTORY}?limit=2&offset=1")).json()
    assert ([each["track_title"] for each in answer["history"]], answer["count"]) == (["Ann 2", "Ann 1"], 4)
    assert (await alice.call("GET", f"{HISTORY}?offset=9")).json() == {"history": [], "count": 4}
    for query, field in (("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("offset=-1", "offset")):
        assert refused(await alice.call("GET", f"{HISTORY}?{query}"), 400, "invalid").keys() == {field}


@pytest.mark.gen_test(timeout=60)
async def test_a_history_goes_when_its_owner_says_so(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    songs = await ids(alice)
    for person in (alice, bob):
        await hear(person, songs["Ann 0"], songs["Ann 1"])
    answer = await alice.call("DELETE", HISTORY)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await alice.call("GET", HISTORY)).json()["count"] == 0
    assert (await bob.call("GET", HISTORY)).json()["count"] == 2
    await hear(alice, songs["Ben 0"])
    assert [each["track_title"] for each in (await alice.call("GET", HISTORY)).json()["history"]] == ["Ben 0"]


@pytest.mark.gen_test(timeout=60)
async def test_recommendations_say_why_and_never_bring_what_was_just_heard(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    songs = await ids(alice)
    picks = await picked(alice)
    assert len(picks) == 10
    assert all(pick.keys() == SONG | {"why"} and pick["why"] for pick in picks)
    assert {pick["why"] for pick in picks} <= {"New here", "Something new"}
    await like(bob, songs["Ann 0"])
    await hear(bob, songs["Ann 1"], songs["Ann 2"])
    picks = await picked(bob)
    assert not {pick["track_title"] for pick in picks} & {"Ann 1", "Ann 2"}
    assert any(pick["why"] == "Because you liked “Ann 0”" for pick in picks)
    # Also out of what was chosen a moment ago.
    next_one = picks[0]["track_id"]
    await hear(bob, next_one)
    assert next_one not in {pick["track_id"] for pick in await picked(bob)}


@pytest.mark.gen_test(timeout=60)
async def test_how_many_are_recommended(served: Served) -> None:
    alice = await served.person("Alice")
    assert len(await picked(alice, 3)) == 3
    assert len(await picked(alice, 50)) == 13
    for query in ("limit=0", "limit=51", "limit=many"):
        assert refused(await alice.call("GET", f"{PICKS}?{query}"), 400, "invalid").keys() == {"limit"}


@pytest.mark.gen_test(timeout=60)
async def test_playing_a_recommendation(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await ids(alice)
    await hear(alice, songs["Nobody"])
    answer = await alice.call("POST", PLAY, {"track_id": songs["Ann 0"]})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["current_track"] == {"track_id": songs["Ann 0"], "track_title": "Ann 0", "artist_name": "Ann"}
    queue = (await alice.call("GET", f"{QUEUE}/tracks/")).json()
    assert told["queue_length"] == len(queue) > 4
    assert (queue[0]["track_id"], queue[0]["why"]) == (songs["Ann 0"], "")
    assert len({each["track_id"] for each in queue}) == len(queue)
    assert all(each["why"] for each in queue[1:])
    assert "Nobody" not in {each["track_title"] for each in queue}
    # Goes with the album, the artist and the genre of the song.
    assert queue[1]["why"] in {"Goes with “Ann 0”", "Because you listen to Ann"}
    assert (await alice.call("GET", f"{QUEUE}/current/")).json()["track_id"] == songs["Ann 0"]


@pytest.mark.gen_test(timeout=60)
async def test_what_cannot_be_played_leaves_the_queue_as_it_was(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await ids(alice)
    await hear(alice, songs["Nobody"])
    refused(await alice.call("POST", PLAY, {"track_id": "local:" + "0" * 32}), 404, "no_such_track")
    assert refused(await alice.call("POST", PLAY, {"track_id": "what?"}), 400, "invalid").keys() == {"track_id"}
    assert refused(await alice.call("POST", PLAY, {}), 400, "invalid") == {"track_id": "is required"}
    assert (await alice.call("GET", f"{QUEUE}/tracks/")).json()[0]["track_title"] == "Nobody"
    assert (await alice.call("GET", f"{QUEUE}/current/")).json()["track_title"] == "Nobody"


@pytest.mark.gen_test(timeout=60)
async def test_a_playlist_of_a_genre(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await ids(alice)
    await like(alice, songs["Ben 3"])
    answer = await alice.call("POST", GENERATE, {"genre": " rock "})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made.keys() >= MADE
    assert (made["name"], made["genre"], made["track_count"], made["kind"]) == ("Rock Mix", "Rock", 10, "genre")
    playlist = (await alice.call("GET", answer.headers["Location"])).json()
    assert playlist["tracks"][0]["artist_name"] == "Ben"
    assert {each["artist_name"] for each in playlist["tracks"]} == {"Ann", "Ben"}
    assert [playlist["is_public"], playlist["owner"]] == [False, alice.id]


@pytest.mark.gen_test(timeout=60)
async def test_a_playlist_by_the_number_of_a_genre_under_a_name(served: Served) -> None:
    alice = await served.person("Alice")
    genres = {each["name"]: each["id"] for each in (await alice.call("GET", "/api/catalogue/genres/")).json()}
    body = {"genre": "whatever", "genre_id": genres["Rock"], "name": "For Friday"}
    made = (await alice.call("POST", GENERATE, body)).json()
    assert (made["name"], made["genre"]) == ("For Friday", "Rock")


@pytest.mark.gen_test(timeout=60)
async def test_a_playlist_that_cannot_be(served: Served) -> None:
    alice = await served.person("Alice")
    refused(await alice.call("POST", GENERATE, {"genre": "Polka"}), 404, "no_such_genre")
    refused(await alice.call("POST", GENERATE, {"genre_id": 7}), 404, "no_such_genre")
    refused(await alice.call("POST", GENERATE, {"genre": "Jazz"}), 409, "too_few_songs")
    assert refused(await alice.call("POST", GENERATE, {}), 400, "invalid") == {"genre": "is required"}
    assert refused(await alice.call("POST", GENERATE, {"genre_id": "x"}), 400, "invalid").keys() == {"genre_id"}
    assert refused(await alice.call("POST", GENERATE, {"genre": "Rock", "name": "x" * 101}), 400, "invalid").keys() == {
        "name"
    }
    assert (await alice.call("GET", "/api/playlists/playlists/?me=true")).json() == []


ROUTES = (("GET", HISTORY), ("DELETE", HISTORY), ("GET", PICKS), ("POST", PLAY), ("POST", GENERATE))


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.gen_test(timeout=60)
async def test_nobody_in_particular_is_told_nothing(served: Served, method: str, path: str) -> None:
    refused(await served.http.request(method, path), 401, "unauthenticated")
    headers = {"Authorization": "Bearer nonsense"}
    refused(await served.http.request(method, path, headers=headers), 401, "token_invalid")


@pytest.mark.parametrize("path", [PLAY, GENERATE])
@pytest.mark.gen_test(timeout=60)
async def test_bodies_of_another_kind(served: Served, path: str) -> None:
    alice = await served.person("Alice")
    for kind, status, code in (
        ("text/plain", 415, "unsupported_media_type"),
        ("application/json", 400, "invalid_json"),
    ):
        headers = alice.headers | {"Content-Type": kind}
        refused(await served.http.post(path, content=b"[not json", headers=headers), status, code)
    refused(await alice.call("GET", path), 405, "method_not_allowed")


@pytest.mark.gen_test(timeout=60)
async def test_the_radio_of_a_room_goes_on_with_what_its_people_like_and_says_why(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    songs = await ids(alice)
    await like(bob, songs["Ben 1"], songs["Ben 2"])
    code = await served.room(alice)
    live = await entered(served, alice, code)
    await entered(served, bob, code)
    await live.do("set", radio=True)
    await live.do("add", tracks=[{"source": songs["Ann 0"], "url": await url(alice, songs["Ann 0"])}])
    room_id = await served.services.engine.find(code)

    async def supplied() -> bool:
        room = await served.services.engine.room(room_id)
        return sum(not entry.by and bool(entry.why) for entry in room.entries.values()) >= 2

    await eventually(supplied, "the radio to add something")
    added = [entry for entry in (await served.services.engine.room(room_id)).entries.values() if not entry.by]
    # Ann's, as the song before; and Ben's, as Bob likes him.
    assert {entry.track.artist for entry in added} == {"Ann", "Ben"}


async def entered(served: Served, person: Person, code: str) -> Live:
    live = await served.enter(person, code)
    await live.until(type="state")
    return live


async def url(person: Person, song: str) -> str:
    return str((await person.call("GET", f"/api/catalogue/tracks/{song}/")).json()["track"]["url"])


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool|waits: the database")
@pytest.mark.gen_test(timeout=90)
async def test_while_postgres_is_away(redis_url: str, database_url: str, data_dir: Path) -> None:
    put_music(data_dir)
    async with wire_to(database_url) as wire, serving(redis_url, wire.url, data_dir) as served:
        alice = await served.person("Alice")
        songs = await ids(alice)
        await hear(alice, songs["Ann 0"])
        await wire.cut()
        bodies = {PLAY: {"track_id": songs["Ann 1"]}, GENERATE: {"genre": "Rock"}}
        for method, path in ROUTES:
            refused(await alice.call(method, path, bodies.get(path)), 503, "unavailable")
        await wire.start()

        async def back() -> bool:
            answer = await alice.call("GET", HISTORY)
            return answer.status_code == 200 and answer.json()["count"] == 1

        await eventually(back, "the history")
        assert (await alice.call("GET", "/api/playlists/playlists/?me=true")).json() == []


@pytest.mark.gen_test(timeout=40)
async def test_what_is_liked_counts_at_once(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await ids(alice)
    before = await picked(alice)
    assert not any("you like" in each["why"] for each in before)
    await like(alice, songs["Cleo 0"])
    after = await picked(alice)
    assert after[0]["track_title"] == "Cleo 1", after
