"""Playlists and favourites while PostgreSQL, or a catalogue, is away: a clear word, and nothing half done."""

from pathlib import Path

import pytest
from byte_proxy import wire_to
from hub_world import eventually
from serving import serving
from standins.deezer import ARTISTS, deezer_standin, title_of
from test_playlists_http import PATH, made, titles, walks
from test_rooms_http import refused


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool|waits: the database|does not answer")
@pytest.mark.gen_test(timeout=90)
async def test_without_postgres(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with wire_to(database_url) as wire, serving(redis_url, wire.url, data_dir) as served:
        alice = await served.person("Alice")
        code = await served.room(alice)
        long, short = await walks(alice)
        path = await made(alice, long, short)
        entry = (await alice.call("GET", path)).json()["tracks"][0]["id"]
        likes = "/api/playlists/favorites/"
        assert (await alice.call("POST", f"{likes}add/", {"track_id": long})).status_code == 201
        await wire.cut()
        for method, where, body in (
            ("GET", PATH, None),
            ("POST", PATH, {"name": "x"}),
            ("GET", path, None),
            ("PATCH", path, {"name": "x"}),
            ("DELETE", path, None),
            ("POST", f"{path}add_track/", {"track_id": short}),
            ("POST", f"{path}add_tracks/", {"tracks": [short]}),
            ("DELETE", f"{path}remove_track/?track_id={long}", None),
            ("POST", f"{path}move_track/", {"track": entry, "position": 1}),
            ("POST", f"{path}play/", None),
            ("POST", f"{path}copy/", None),
            ("GET", f"{path}export/", None),
            ("POST", "/api/playlists/import/", {"text": "#EXTM3U\n#EXTINF:60,Carol - Long Walk\nx.mp3"}),
            ("POST", "/api/playlists/from-room/", {"room": code}),
            ("GET", likes, None),
            ("GET", f"{likes}ids/", None),
            ("POST", f"{likes}add/", {"track_id": short}),
            ("DELETE", f"{likes}remove/?track_id={long}", None),
        ):
            answer = await alice.call(method, where, body)
            refused(answer, 503, "unavailable")
            assert answer.headers["Retry-After"] == "2"
        await wire.start()

        async def back() -> bool:
            return (await alice.call("GET", path)).status_code == 200

        await eventually(back, "PostgreSQL is there again")
        assert await titles(alice, path) == ["Long Walk", "Short Walk"]
        assert [each["name"] for each in (await alice.call("GET", PATH)).json()] == ["Friday"]
        assert (await alice.call("GET", f"{likes}ids/")).json()["track_ids"] == [long]


@pytest.mark.gen_test(timeout=90)
async def test_without_a_catalogue(redis_url: str, database_url: str, data_dir: Path) -> None:
    """What was seen before can be kept; where nobody can say what a song is, nothing is."""
    async with (
        deezer_standin() as standin,
        serving(redis_url, database_url, data_dir, deezer_base_url=standin.url) as served,
    ):
        alice = await served.person("Alice")
        long, _ = await walks(alice)
        path = await made(alice, long)
        likes = "/api/playlists/favorites/"
        added = await alice.call("POST", f"{path}add_track/", {"track_id": 11101})
        assert added.status_code == 201, added.text
        assert added.json()["track_info"]["track_id"] == "deezer:11101"
        several = await alice.call("POST", f"{path}add_tracks/", {"tracks": ["12201", "deezer:999", long]})
        assert (several.status_code, several.json()["not_found"]) == (201, ["deezer:999"])
        standin.down = True
        assert (await alice.call("POST", f"{path}add_track/", {"track_id": "11101"})).status_code == 201
        assert (await alice.call("POST", f"{likes}add/", {"track_id": "11101"})).status_code == 201
        before = await titles(alice, path)
        for where, body in (
            (f"{path}add_track/", {"track_id": "12202"}),
            (f"{path}add_tracks/", {"tracks": [long, "11101", "12202"]}),
            (f"{likes}add/", {"track_id": "12202"}),
        ):
            refused(await alice.call("POST", where, body), 503, "provider_down")
        assert await titles(alice, path) == before
        assert (await alice.call("GET", f"{likes}ids/")).json()["count"] == 1
        played = (await alice.call("POST", f"{path}play/")).json()
        assert (played["queue_length"], played["skipped"]) == (len(before), 0)


@pytest.mark.gen_test(timeout=90)
async def test_a_list_is_sought_in_other_catalogues_too(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with (
        deezer_standin() as standin,
        serving(redis_url, database_url, data_dir, deezer_base_url=standin.url) as served,
    ):
        alice = await served.person("Alice")
        title, artist = title_of(11101), ARTISTS[11]
        text = (
            f"#EXTM3U\n#EXTINF:-1,{artist} - {title}\n/srv/x.mp3\n"
            "https://www.deezer.com/en/track/12201\n#EXTINF:-1,Nobody - Nothing\n/srv/y.mp3\n"
        )
        answer = await alice.call("POST", "/api/playlists/import/", {"text": text})
        assert answer.status_code == 201, answer.text
        card = answer.json()
        assert ([each["title"] for each in card["not_found"]], card["added_count"]) == (["Nothing"], 2)
        tracks = (await alice.call("GET", f"{PATH}{card['id']}/")).json()["tracks"]
        assert [each["track_title"] for each in tracks] == [title, title_of(12201)]
        assert tracks[1]["track_id"] == "deezer:12201"
