"""PlayPod's catalogue and charts over the host's own folder: every endpoint, its fields, and how it refuses."""

import re
from typing import Any

import httpx
import media_files as files
import pytest
from serving import Person, Served

from roomd.catalogue.own import OwnMusic

ENDPOINTS = (
    "/api/catalogue/search/?q=rain",
    "/api/catalogue/artists/{artist}/",
    "/api/catalogue/albums/{album}/",
    "/api/catalogue/tracks/{track}/",
    "/api/catalogue/stream/{track}/",
    "/api/catalogue/genres/",
    "/api/charts/genre/{genre}/",
    "/api/charts/top/",
    "/api/charts/new-releases/",
    "/api/charts/top-albums/",
)


async def stocked(served: Served) -> tuple[Person, dict[str, str]]:
    """Alice, and ids of what is in the folder: an album of three songs, one with a cover, beside the two others."""
    root = served.services.folder.root
    for number, title in enumerate(("Rain", "Fog", "Storm"), start=1):
        tags = [f"TITLE={title}", "ARTIST=Bob", "ALBUM=Weather", "GENRE=Ambient", f"TRACKNUMBER={number}", "DATE=2004"]
        files.put(root / "weather" / f"{title}.flac", files.flac(60, tags))
    files.put(root / "weather" / "cover.png", files.png())
    await served.services.folder.rescan()
    alice = await served.person("Alice")
    (rain,) = (await got(alice, "/api/catalogue/search/?q=rain"))["tracks"]
    (genre,) = await got(alice, "/api/catalogue/genres/")
    ids = {"track": rain["id"], "artist": rain["artist"]["id"], "album": rain["album"]["id"], "genre": genre["id"]}
    return alice, ids


async def got(person: Person, path: str) -> Any:
    answer = await person.call("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert said["error"]["code"] == code and said["message"] == said["detail"] == said["error"]["message"]


def titles(tracks: list[dict[str, Any]]) -> list[str]:
    return [track["title"] for track in tracks]


@pytest.mark.gen_test(timeout=30)
async def test_all_of_it_needs_a_token(served: Served) -> None:
    _, ids = await stocked(served)
    for path in ENDPOINTS:
        refused(await served.http.get(path.format(**ids)), 401, "unauthenticated")
        answer = await served.http.get(path.format(**ids), headers={"Authorization": "Bearer nonsense"})
        refused(answer, 401, "token_invalid")
        refused(await served.http.post(path.format(**ids)), 405, "method_not_allowed")


@pytest.mark.gen_test(timeout=30)
async def test_search(served: Served) -> None:
    alice, ids = await stocked(served)
    found = await got(alice, "/api/catalogue/search/?q=rain%20weather")
    (track,) = found["tracks"]
    media = ids["track"].removeprefix("local:")
    cover = f"/media/{media}/cover"
    assert track == {
        "id": ids["track"],
        "title": "Rain",
        "artist": {"id": ids["artist"], "name": "Bob"},
        "album": {"id": ids["album"], "title": "Weather", "cover_medium": cover},
        "duration": 60,
        "duration_ms": 60_000.0,
        "track_position": 1,
        "preview": f"/media/{media}.flac",
        "url": f"/media/{media}.flac",
        "cover": cover,
        "kind": "audio",
        "mime": "audio/flac",
        "source": ids["track"],
        "live": False,
    }
    assert found["artists"] == found["albums"] == [] and found["providers"]["local"]
    assert not {"stale", "left_out"} & set(found)
    both = await got(alice, "/api/catalogue/search/?q=bob&limit=2")
    assert len(both["tracks"]) == 2
    assert both["artists"][0] | {"id": ids["artist"], "name": "Bob", "nb_album": 1, "nb_fan": 0} == both["artists"][0]
    assert re.fullmatch("/media/[0-9a-f]{32}/cover", both["artists"][0]["picture_medium"])
    (album,) = (await got(alice, "/api/catalogue/search/?q=weather"))["albums"]
    assert (album["id"], album["title"], album["artist"]) == (
        ids["album"],
        "Weather",
        {"id": ids["artist"], "name": "Bob"},
    )
    assert album["cover_medium"] == album["cover_xl"] and album["release_date"] == "2004-01-01"


@pytest.mark.gen_test(timeout=30)
async def test_searching_with_little_or_nonsense(served: Served) -> None:
    alice, _ = await stocked(served)
    assert len((await got(alice, "/api/catalogue/search/"))["tracks"]) == 5
    assert len((await got(alice, "/api/catalogue/search/?provider=local&limit=3"))["tracks"]) == 3
    assert (await got(alice, "/api/catalogue/search/?q=%22%27%3B--%00"))["tracks"] != []
    assert (await got(alice, "/api/catalogue/search/?q=nothing+like+it"))["tracks"] == []
    newest = titles((await got(alice, "/api/catalogue/search/"))["tracks"])
    assert titles((await got(alice, "/api/catalogue/search/?limit=2&offset=3"))["tracks"]) == newest[3:]
    for beyond in (5, 500, 1_000_000):
        assert (await got(alice, f"/api/catalogue/search/?offset={beyond}"))["tracks"] == []
    bad = [("limit", "0"), ("limit", "51"), ("limit", "x"), ("offset", "-1"), ("offset", "1e3"), ("q", "x" * 201)]
    for query, field in ((f"{name}={value}", name) for name, value in bad):
        answer = await alice.call("GET", f"/api/catalogue/search/?{query}")
        refused(answer, 400, "invalid")
        assert field in answer.json()["error"]["fields"]
    refused(await alice.call("GET", "/api/catalogue/search/?q=%ff"), 400, "bad_request")
    refused(await alice.call("GET", "/api/catalogue/search/?q=x&provider=elsewhere"), 404, "no_such_catalogue")


@pytest.mark.gen_test(timeout=30)
async def test_artist(served: Served) -> None:
    alice, ids = await stocked(served)
    page = await got(alice, f"/api/catalogue/artists/{ids['artist']}/")
    assert set(page) == {"artist", "albums", "top_tracks"}
    assert page["artist"]["name"] == "Bob" and page["artist"]["nb_album"] == 1 and "nb_fan" in page["artist"]
    assert page["artist"]["picture_xl"].startswith("/media/")
    assert [(album["id"], album["title"], album["release_date"]) for album in page["albums"]] == [
        (ids["album"], "Weather", "2004-01-01")
    ]
    assert titles(page["top_tracks"]) == ["Rain", "Fog", "Storm"]
    for track in page["top_tracks"]:
        assert {"id", "title", "duration", "preview", "album"} <= set(track)


@pytest.mark.gen_test(timeout=30)
async def test_album(served: Served) -> None:
    alice, ids = await stocked(served)
    page = await got(alice, f"/api/catalogue/albums/{ids['album']}")
    assert set(page) == {"album", "tracks"}
    album = page["album"]
    assert (album["title"], album["artist"]) == ("Weather", {"id": ids["artist"], "name": "Bob"})
    assert album["cover_xl"] and album["release_date"] == "2004-01-01"
    assert [(track["title"], track["track_position"]) for track in page["tracks"]] == [
        ("Rain", 1), ("Fog", 2), ("Storm", 3),
    ]  # fmt: skip


@pytest.mark.gen_test(timeout=30)
async def test_track(served: Served) -> None:
    alice, ids = await stocked(served)
    page = await got(alice, f"/api/catalogue/tracks/{ids['track']}/")
    assert set(page) == {"track", "related_tracks"}
    assert page["track"]["title"] == "Rain" and page["track"]["preview"] == page["track"]["url"]
    assert titles(page["related_tracks"]) == ["Fog", "Storm"]


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize("what", ["artists", "albums", "tracks"])
async def test_ids_that_are_none(served: Served, what: str) -> None:
    """A UUID is no catalogue's id, and a number is Deezer's, which this server does not have."""
    alice = await served.person("Alice")
    gone = {"artists": "no_such_artist", "albums": "no_such_album", "tracks": "no_such_track"}[what]
    unknown = "no_such_track" if what == "tracks" else "no_such_catalogue"
    for text, status, code in (
        ("6a0e4f1c-0a57-4a6e-9d9b-0f8c1c9a2b11", 400, "invalid"),
        ("x", 400, "invalid"),
        ("local:", 400, "invalid"),
        (":x", 400, "invalid"),
        ("local:%20", 400, "invalid"),
        ("local:" + "x" * 300, 400, "invalid"),
        ("%C3%A9:1", 400, "invalid"),
        ("local:6a0e4f1c-0a57-4a6e-9d9b-0f8c1c9a2b11", 404, gone),
        ("local:" + "0" * 32, 404, gone),
        ("3135556", 404, unknown),
        ("elsewhere:1", 404, unknown),
    ):
        refused(await alice.call("GET", f"/api/catalogue/{what}/{text}/"), status, code)


@pytest.mark.gen_test(timeout=30)
async def test_genres_and_their_charts(served: Served) -> None:
    alice, ids = await stocked(served)
    (genre,) = await got(alice, "/api/catalogue/genres/")
    assert (genre["name"], type(genre["id"])) == ("Ambient", int) and genre["picture_medium"].startswith("/media/")
    chart = await got(alice, f"/api/charts/genre/{ids['genre']}/?limit=2")
    assert chart["genre"] == {"id": ids["genre"], "name": "Ambient"} and len(chart["tracks"]) == 2
    assert {"id", "title", "artist", "album", "duration"} <= set(chart["tracks"][0])
    for text, status, code in (
        ("7", 404, "no_such_genre"),
        ("9" * 16, 400, "invalid"),
        ("ambient", 400, "invalid"),
        ("-1", 400, "invalid"),
        ("%D9%A3", 400, "invalid"),
    ):
        refused(await alice.call("GET", f"/api/charts/genre/{text}/"), status, code)
    refused(await alice.call("GET", f"/api/charts/genre/{ids['genre']}/?limit=101"), 400, "invalid")


@pytest.mark.gen_test(timeout=30)
async def test_charts(served: Served) -> None:
    alice, ids = await stocked(served)
    top = await got(alice, "/api/charts/top/?limit=3")
    assert [track["position"] for track in top["tracks"]] == [1, 2, 3]
    assert {"id", "title", "artist", "album", "duration"} <= set(top["tracks"][0])
    new = await got(alice, "/api/charts/new-releases/")
    (album,) = new["albums"]
    assert (album["id"], album["title"], album["release_date"]) == (ids["album"], "Weather", "2004-01-01")
    assert album["artist"] == {"id": ids["artist"], "name": "Bob"} and album["cover_medium"]
    (best,) = (await got(alice, "/api/charts/top-albums/"))["albums"]
    assert best == album | {"position": 1}
    for path in ("top", "new-releases", "top-albums"):
        for limit in ("0", "101", "-1", "1e2", ""):
            refused(await alice.call("GET", f"/api/charts/{path}/?limit={limit}"), 400, "invalid")


@pytest.mark.gen_test(timeout=30)
async def test_streaming_a_file_of_the_folder(served: Served) -> None:
    alice, ids = await stocked(served)
    path = f"/api/catalogue/stream/{ids['track']}/"
    whole = await alice.call("GET", path)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "audio/flac")
    part = await served.http.get(path, headers=alice.headers | {"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    head = await served.http.head(path, headers=alice.headers)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(whole.content)))
    told = await got(alice, path + "?direct=false")
    assert told == {"preview_url": f"/media/{ids['track'][6:]}.flac", "expires_at": None, "duration": 60}
    assert (await served.http.get(told["preview_url"])).content == whole.content


@pytest.mark.gen_test(timeout=30)
async def test_streaming_what_is_not_there(served: Served) -> None:
    alice, ids = await stocked(served)
    for text, status, code in (
        ("x", 400, "invalid"), ("local:" + "0" * 32, 404, "no_such_track"), ("3135556", 404, "no_such_track"),
        (ids["track"] + "/?direct=maybe", 400, "invalid"),
    ):  # fmt: skip
        answer = await alice.call("GET", f"/api/catalogue/stream/{text}")
        said = answer.json()
        assert (answer.status_code, said["error"], said["fallback"]) == (status, code, False), answer.text
        assert said["message"] == said["detail"] and set(said) == {
            "error",
            "preview_url",
            "fallback",
            "message",
            "detail",
        }


@pytest.mark.gen_test(timeout=30)
async def test_a_song_is_queued_by_its_source(served: Served) -> None:
    alice, ids = await stocked(served)
    code = await served.room(alice)
    path = f"/api/rooms/{code}/queue/"
    answer = await alice.call("POST", path, {"source": ids["track"], "title": "Mine"})
    assert answer.status_code == 201, answer.text
    live = await served.enter(alice, code)
    done = await live.do("add", tracks=[{"source": ids["track"]}])
    assert done["type"] == "ack"
    queued = (await alice.call("GET", path)).json()
    assert titles(queued["entries"]) == ["Rain", "Rain"]
    assert [entry["source"] for entry in queued["entries"]] == [ids["track"]] * 2
    for source, status, why in (
        ("x", 400, "invalid"),
        ("local:0", 404, "no_such_track"),
        ("deezer:1", 404, "no_such_track"),
    ):
        refused(await alice.call("POST", path, {"source": source}), status, why)
    refused(await alice.call("POST", path, {"url": "/media/deezer/1"}), 404, "no_such_track")


@pytest.mark.gen_test(timeout=30)
async def test_charts_are_what_people_heard_here(served: Served) -> None:
    """What the history says, whoever heard it."""
    alice, ids = await stocked(served)
    library = served.services.library
    (walk,) = (await got(alice, "/api/catalogue/search/?q=long+walk"))["tracks"]
    await library.catalogue.songs([walk["id"], ids["track"]])
    for play, (song, times) in enumerate(((walk["id"], 3), (ids["track"], 1))):
        await library.songs._pool.execute(
            "INSERT INTO listens (id, person, song, room, play, at, heard_ms, ended) "
            "SELECT gen_random_uuid(), $1, $2, gen_random_uuid(), $3, now(), 60000, 'ended' "
            "FROM generate_series(1, $4)",
            alice.id,
            song,
            str(play),
            times,
        )
    own = OwnMusic(served.services.folder, served.services.clock.now, library.listens)
    assert [song.title for song in await own.top_songs(2)] == ["Long Walk", "Rain"]
    assert (await own.artist(ids["artist"].removeprefix("local:"))).top[0].title == "Rain"
    assert "Long Walk" in [song.title for song in await own.related(ids["track"].removeprefix("local:"), 10)]
