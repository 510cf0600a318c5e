"""Playlists over HTTP, endpoint by endpoint: what PlayPod's document promises, and every way to be refused."""

from typing import Any

import httpx
import pytest
from serving import Person, Served
from test_rooms_http import ABSENT, refused

from roomd.domain.ids import UserId
from roomd.domain.song import Song

PATH = "/api/playlists/playlists/"
CARD = {
    "id",
    "name",
    "description",
    "cover_image",
    "covers",
    "is_public",
    "kind",
    "genre",
    "track_count",
    "duration",
    "owner",
    "owner_name",
    "created_at",
    "updated_at",
}
ENTRY = {
    "id",
    "track_id",
    "artist_id",
    "track_title",
    "artist_name",
    "album_title",
    "album_cover",
    "duration",
    "position",
    "playable",
    "added_at",
}


async def walks(person: Person) -> tuple[str, str]:
    """The ids of Carol's two songs: the long walk, the short walk."""
    found = (await person.call("GET", "/api/catalogue/search/?q=walk")).json()["tracks"]
    named = {each["title"]: str(each["id"]) for each in found}
    return named["Long Walk"], named["Short Walk"]


async def made(person: Person, *tracks: str, **given: Any) -> str:
    """The path of a new playlist with these tracks in it."""
    answer = await person.call("POST", PATH, {"name": "Friday"} | given)
    assert answer.status_code == 201, answer.text
    path = f"{PATH}{answer.json()['id']}/"
    if tracks:
        added = await person.call("POST", f"{path}add_tracks/", {"tracks": tracks})
        assert added.status_code == 201, added.text
    return path


async def titles(person: Person, path: str) -> list[str]:
    return [each["track_title"] for each in (await person.call("GET", path)).json()["tracks"]]


@pytest.mark.gen_test(timeout=30)
async def test_create_get_update_delete(served: Served) -> None:
    alice = await served.person("Alice")
    answer = await alice.call("POST", PATH, {"name": " Friday ", "description": "a\nb", "is_public": True})
    playlist = answer.json()
    assert (answer.status_code, playlist.keys()) == (201, CARD)
    path = f"{PATH}{playlist['id']}/"
    assert answer.headers["Location"] == path
    assert playlist | {"created_at": "", "updated_at": ""} == {
        "id": playlist["id"],
        "name": "Friday",
        "description": "a\nb",
        "cover_image": "",
        "covers": [],
        "is_public": True,
        "kind": "own",
        "genre": "",
        "track_count": 0,
        "duration": 0,
        "owner": alice.id,
        "owner_name": "Alice",
        "created_at": "",
        "updated_at": "",
    }
    for way in (path, path.rstrip("/"), path.upper().replace("/API/PLAYLISTS/PLAYLISTS", PATH.rstrip("/"))):
        shown = await alice.call("GET", way)
        assert (shown.status_code, shown.json()) == (200, playlist | {"tracks": []})
    changed = await alice.call("PATCH", path, {"name": "Saturday", "is_public": False})
    assert changed.status_code == 200
    assert changed.json() == playlist | {
        "name": "Saturday",
        "is_public": False,
        "updated_at": changed.json()["updated_at"],
    }
    assert (await alice.call("PATCH", path, {})).json() == changed.json()
    gone = await alice.call("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(await alice.call("DELETE", path), 404, "no_such_playlist")
    refused(await alice.call("GET", path), 404, "no_such_playlist")


@pytest.mark.gen_test(timeout=30)
async def test_bodies_that_will_not_do(served: Served) -> None:
    alice = await served.person("Alice")
    body: dict[str, Any]
    for body, fields in (
        ({}, {"name"}),
        ({"name": "  "}, {"name"}),
        ({"name": "x" * 101}, {"name"}),
        ({"name": "a\nb"}, {"name"}),
        ({"name": 1}, {"name"}),
        ({"name": "x", "description": "y" * 501}, {"description"}),
        ({"name": "x", "description": "y" * 5_000}, {"description"}),
        ({"name": "x", "is_public": "perhaps"}, {"is_public"}),
    ):
        assert refused(await alice.call("POST", PATH, body), 400, "invalid").keys() == fields, body
    path = await made(alice)
    for body, fields in (({"name": ""}, {"name"}), ({"is_public": None}, {"is_public"}), ({"name": []}, {"name"})):
        assert refused(await alice.call("PATCH", path, body), 400, "invalid").keys() == fields, body
    assert len((await alice.call("GET", PATH)).json()) == 1
    track = (await walks(alice))[0]
    for action, body, fields in (
        ("add_track", {}, {"track_id"}),
        ("add_track", {"track_id": "nonsense"}, {"track_id"}),
        ("add_track", {"track_id": "local:a b"}, {"track_id"}),
        ("add_track", {"track_id": None}, {"track_id"}),
        ("add_tracks", {}, {"tracks"}),
        ("add_tracks", {"tracks": []}, {"tracks"}),
        ("add_tracks", {"tracks": [track] * 101}, {"tracks"}),
        ("add_tracks", {"tracks": [track, "nonsense"]}, {"tracks[1]"}),
        ("add_tracks", {"tracks": track}, {"tracks"}),
        ("move_track", {}, {"track", "position"}),
        ("move_track", {"track": "x", "position": "first"}, {"position"}),
        ("play", {"position": "first"}, {"position"}),
        ("play", {"shuffle": "perhaps"}, {"shuffle"}),
        ("copy", {"name": "x" * 101}, {"name"}),
    ):
        assert refused(await alice.call("POST", f"{path}{action}/", body), 400, "invalid").keys() == fields, body
    assert refused(await alice.call("DELETE", f"{path}remove_track/"), 400, "invalid").keys() == {"track_id"}
    assert refused(await alice.call("DELETE", f"{path}remove_track/?track_id=x"), 400, "invalid").keys() == {"track_id"}
    assert await titles(alice, path) == []


@pytest.mark.gen_test(timeout=30)
async def test_who_asks_in_which_form(served: Served) -> None:
    """Every endpoint wants a token, and takes JSON or a form and nothing else."""
    alice = await served.person("Alice")
    path = await made(alice)
    every = [
        ("GET", PATH),
        ("POST", PATH),
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}add_track/"),
        ("POST", f"{path}add_tracks/"),
        ("DELETE", f"{path}remove_track/?track_id=1"),
        ("POST", f"{path}move_track/"),
        ("POST", f"{path}play/"),
        ("POST", f"{path}copy/"),
        ("GET", f"{path}export/"),
        ("POST", "/api/playlists/import/"),
        ("POST", "/api/playlists/from-room/"),
        ("GET", "/api/playlists/favorites/"),
        ("GET", "/api/playlists/favorites/ids/"),
        ("POST", "/api/playlists/favorites/add/"),
        ("DELETE", "/api/playlists/favorites/remove/?track_id=1"),
    ]
    for method, where in every:
        refused(await served.http.request(method, where), 401, "unauthenticated")
        if method in {"POST", "PATCH"}:
            for kind in ("text/plain", "text/xml"):
                sent = alice.headers | {"Content-Type": kind}
                answer = await served.http.request(method, where, content="{}", headers=sent)
                refused(answer, 415, "unsupported_media_type")
            sent = alice.headers | {"Content-Type": "application/json"}
            refused(await served.http.request(method, where, content="{", headers=sent), 400, "invalid_json")
    form = await served.http.post(PATH, data={"name": "By form", "is_public": "true"}, headers=alice.headers)
    assert (form.status_code, form.json()["is_public"]) == (201, True)
    refused(await alice.call("PUT", path), 405, "method_not_allowed")


@pytest.mark.gen_test(timeout=30)
async def test_what_is_listed(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    for person, name, public in ((alice, "Café", False), (bob, "Hidden", False), (bob, "Open", True)):
        await made(person, name=name, is_public=public)

    async def names(query: str = "") -> list[str]:
        answer = await alice.call("GET", f"{PATH}{query}")
        assert answer.status_code == 200, answer.text
        assert all(each.keys() == CARD for each in answer.json())
        return [each["name"] for each in answer.json()]

    assert await names() == ["Open", "Café"]
    assert await names("?me=true") == await names("?me=1&limit=500") == ["Café"]
    assert await names("?me=false&q=CAFE") == ["Café"]
    assert (await names("?limit=1"), await names("?limit=1&offset=1"), await names("?offset=2")) == (
        ["Open"],
        ["Café"],
        [],
    )
    for query, field in (
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("offset=-1", "offset"),
        ("offset=1e3", "offset"),
        ("offset=2000000", "offset"),
        ("me=perhaps", "me"),
        (f"q={'x' * 201}", "q"),
    ):
        assert refused(await alice.call("GET", f"{PATH}?{query}"), 400, "invalid").keys() == {field}, query


@pytest.mark.gen_test(timeout=30)
async def test_tracks(served: Served) -> None:
    alice = await served.person("Alice")
    long, short = await walks(alice)
    path = await made(alice)
    answer = await alice.call("POST", f"{path}add_track/", {"track_id": long})
    added = answer.json()
    assert (answer.status_code, added.keys()) == (201, {"message", "track_info", "track_count"})
    assert (added["message"], added["track_count"]) == ("Track added successfully", 1)
    entry = added["track_info"]
    assert entry == {
        "id": entry["id"],
        "track_id": long,
        "artist_id": entry["artist_id"],
        "track_title": "Long Walk",
        "artist_name": "Carol",
        "album_title": "",
        "album_cover": "",
        "duration": 60,
        "position": 0,
        "playable": True,
        "added_at": entry["added_at"],
    }
    assert entry.keys() == ENTRY
    several = await alice.call("POST", f"{path}add_tracks/", {"tracks": [short, long, "local:none", short]})
    assert (several.status_code, several.json()) == (
        201,
        {"added_count": 3, "total": 4, "track_count": 4, "not_found": ["local:none"]},
    )
    whole = (await alice.call("GET", path)).json()
    assert (whole.keys(), whole["track_count"], whole["duration"]) == (CARD | {"tracks"}, 4, 122)
    assert [each["position"] for each in whole["tracks"]] == [0, 1, 2, 3]
    assert whole["tracks"][0] == entry
    part = (await alice.call("GET", f"{path}?limit=2&offset=1")).json()
    assert part["tracks"] == whole["tracks"][1:3]
    second = whole["tracks"][1]["id"]
    moved = await alice.call("POST", f"{path}move_track/", {"track": second, "position": 3})
    assert moved.status_code == 200
    assert moved.json() == {"message": moved.json()["message"], "id": second, "position": 3, "track_count": 4}
    assert await titles(alice, path) == ["Long Walk", "Long Walk", "Short Walk", "Short Walk"]
    one = await alice.call("DELETE", f"{path}remove_track/?entry_id={second}")
    assert (one.status_code, one.json()["removed_count"], one.json()["track_count"]) == (200, 1, 3)
    every = await alice.call("DELETE", f"{path}remove_track/?track_id={long}")
    assert every.json() == {"message": "Track removed successfully", "removed_count": 2, "track_count": 1}
    assert await titles(alice, path) == ["Short Walk"]
    for query in (f"track_id={long}", f"entry_id={second}", "entry_id=nonsense"):
        refused(await alice.call("DELETE", f"{path}remove_track/?{query}"), 404, "no_such_entry")
    for action, body, code in (
        ("add_track", {"track_id": "local:none"}, "no_such_track"),
        ("add_track", {"track_id": "link:none"}, "no_such_track"),
        ("add_track", {"track_id": "nobody:1"}, "no_such_track"),
        ("add_tracks", {"tracks": ["local:none", "link:none"]}, "no_such_track"),
        ("move_track", {"track": second, "position": 0}, "no_such_entry"),
    ):
        refused(await alice.call("POST", f"{path}{action}/", body), 404, code)
    for position in (-1, 1):
        body = {"track": second, "position": position}
        assert refused(await alice.call("POST", f"{path}move_track/", body), 400, "invalid").keys() == {"position"}


@pytest.mark.gen_test(timeout=30)
async def test_whose_playlist_it_is(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    long, _ = await walks(alice)
    for public, status, code in ((False, 404, "no_such_playlist"), (True, 403, "not_your_playlist")):
        path = await made(alice, long, is_public=public)
        entry = (await alice.call("GET", path)).json()["tracks"][0]["id"]
        for method, where, body in (
            ("PATCH", path, {"name": "Bob's"}),
            ("DELETE", path, None),
            ("POST", f"{path}add_track/", {"track_id": long}),
            ("POST", f"{path}add_track/", {"track_id": "local:none"}),
            ("POST", f"{path}add_tracks/", {"tracks": [long]}),
            ("DELETE", f"{path}remove_track/?track_id={long}", None),
            ("POST", f"{path}move_track/", {"track": entry, "position": 0}),
        ):
            refused(await bob.call(method, where, body), status, code)
        assert await titles(alice, path) == ["Long Walk"]
        seen = [
            (await bob.call(method, where)).status_code
            for method, where in (
                ("GET", path),
                ("GET", f"{path}export/"),
                ("POST", f"{path}play/"),
                ("POST", f"{path}copy/"),
            )
        ]
        assert seen == ([200, 200, 200, 201] if public else [404] * 4)
    for unknown in (ABSENT, "nonsense", "1", "%20"):
        for method, action in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("GET", "export/"),
            ("POST", "play/"),
            ("POST", "copy/"),
        ):
            refused(await alice.call(method, f"{PATH}{unknown}/{action}"), 404, "no_such_playlist")


@pytest.mark.gen_test(timeout=30)
async def test_play(served: Served) -> None:
    alice = await served.person("Alice")
    long, short = await walks(alice)
    path = await made(alice, long, short, long)
    answer = await alice.call("POST", f"{path}play/")
    current = {"track_id": long, "track_title": "Long Walk", "artist_name": "Carol"}
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "message": "Playlist added to queue",
            "queue_length": 3,
            "current_track": current,
            "skipped": 0,
            "room": answer.json()["room"],
        },
    )
    later = (await alice.call("POST", f"{path}play/", {"position": 1})).json()
    assert (later["queue_length"], later["current_track"]["track_title"]) == (2, "Short Walk")
    queue = (await alice.call("GET", "/api/playlists/queue/tracks/")).json()
    assert [each["track_id"] for each in queue] == [short, long]
    shuffled = (await alice.call("POST", f"{path}play/", {"position": 1, "shuffle": True})).json()
    assert (shuffled["queue_length"], shuffled["current_track"]["track_title"]) == (3, "Short Walk")
    for position in (-1, 3):
        answer = await alice.call("POST", f"{path}play/", {"position": position})
        assert refused(answer, 400, "invalid").keys() == {"position"}
    refused(await alice.call("POST", f"{await made(alice)}play/"), 400, "empty_playlist")


@pytest.mark.gen_test(timeout=30)
async def test_what_cannot_be_had_now_is_left_out(served: Served) -> None:
    alice = await served.person("Alice")
    long, short = await walks(alice)
    path, gone = await made(alice, short, long, short), await made(alice, short)
    (served.services.folder.root / "Carol - Short Walk.wav").unlink()
    await served.services.folder.rescan()
    answer = (await alice.call("POST", f"{path}play/")).json()
    assert (answer["queue_length"], answer["skipped"], answer["current_track"]["track_id"]) == (1, 2, long)
    refused(await alice.call("POST", f"{gone}play/"), 404, "not_playable")
    # What a playlist holds, it holds on to.
    assert await titles(alice, gone) == ["Short Walk"]
    refused(await alice.call("POST", f"{gone}add_track/", {"track_id": short}), 404, "no_such_track")


@pytest.mark.gen_test(timeout=30)
async def test_copy(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    path = await made(alice, *await walks(alice), is_public=True, description="Slow")
    copied = await bob.call("POST", f"{path}copy/")
    mine = copied.json()
    assert (copied.status_code, mine["owner"], mine["name"], mine["description"]) == (201, bob.id, "Friday", "Slow")
    assert (mine["is_public"], mine["track_count"], mine["duration"]) == (False, 2, 61)
    assert await titles(bob, f"{PATH}{mine['id']}/") == ["Long Walk", "Short Walk"]
    named = await alice.call("POST", f"{path}copy/", {"name": "Again"})
    assert named.json()["name"] == "Again"


@pytest.mark.gen_test(timeout=30)
async def test_favourites(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    long, short = await walks(alice)
    base = "/api/playlists/favorites/"

    async def add(track: str) -> httpx.Response:
        return await alice.call("POST", f"{base}add/", {"track_id": track})

    first = await add(long)
    assert (first.status_code, first.json()["message"]) == (201, "Track added to favorites")
    assert first.json()["track_info"] == {"track_id": long, "track_title": "Long Walk", "artist_name": "Carol"}
    assert (await add(long)).status_code == 200
    assert (await add(short)).status_code == 201
    shown = (await alice.call("GET", base)).json()
    assert [each["track_id"] for each in shown] == [short, long]
    assert shown[1].keys() == ENTRY - {"position"}
    assert (shown[1]["track_title"], shown[1]["artist_name"], shown[1]["duration"]) == ("Long Walk", "Carol", 60)
    assert (await alice.call("GET", f"{base}?limit=1&offset=1")).json() == shown[1:]
    assert (await alice.call("GET", f"{base}ids/")).json() == {"track_ids": sorted([long, short]), "count": 2}
    assert (await bob.call("GET", base)).json() == []
    assert (await bob.call("GET", f"{base}ids")).json() == {"track_ids": [], "count": 0}
    refused(await bob.call("DELETE", f"{base}remove/?track_id={long}"), 404, "no_such_favourite")
    gone = await alice.call("DELETE", f"{base}remove/?track_id={long}")
    assert (gone.status_code, gone.json()) == (200, {"message": "Track removed from favorites"})
    refused(await alice.call("DELETE", f"{base}remove/?track_id={long}"), 404, "no_such_favourite")
    refused(await add("local:none"), 404, "no_such_track")
    assert refused(await alice.call("DELETE", f"{base}remove/"), 400, "invalid").keys() == {"track_id"}
    assert refused(await alice.call("POST", f"{base}add/", {}), 400, "invalid").keys() == {"track_id"}
    assert refused(await alice.call("GET", f"{base}?limit=x"), 400, "invalid").keys() == {"limit"}
    assert [each["track_id"] for each in (await alice.call("GET", base)).json()] == [short]


@pytest.mark.gen_test(timeout=30)
async def test_addresses_are_sealed_anew(served: Served) -> None:
    """What was kept under an earlier secret of the server is shown, and exported, under the one of today."""
    alice = await served.person("Alice")
    old = Song(id="deezer:1", title="Rain", url="/media/deezer/1?s=old", cover="/media/deezer/cover/1?s=old")
    own = Song(id="local:1", title="Geese", url="/media/1.wav", cover="/media/1/cover")
    library = served.services.library
    playlist = await library.playlists.add(UserId(alice.id), "Friday", songs=[old, own])
    await library.favourites.add(UserId(alice.id), old)
    seal = library.seal.path
    shown = (await alice.call("GET", f"{PATH}{playlist.id}/")).json()
    assert shown["covers"] == [seal("/media/deezer/cover/1"), "/media/1/cover"]
    assert shown["cover_image"] == shown["covers"][0]
    assert [each["album_cover"] for each in shown["tracks"]] == shown["covers"]
    listed = (await alice.call("GET", PATH)).json()
    assert listed[0]["covers"] == shown["covers"]
    favourites = (await alice.call("GET", "/api/playlists/favorites/")).json()
    assert [each["album_cover"] for each in favourites] == shown["covers"][:1]
    file = (await alice.call("GET", f"{PATH}{playlist.id}/export/")).text
    assert f"{seal('/media/deezer/1')}\n" in file
    assert "s=old" not in file
