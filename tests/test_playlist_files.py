"""Playlists out of the house and in again: export, import, and a room's history kept."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from hub_world import eventually
from serving import Person, Served, make_wav, serving
from test_playlists_http import PATH, made, titles, walks
from test_rooms_http import refused

from roomd.catalogue import lists
from roomd.catalogue.lists import FORMATS

IMPORT = "/api/playlists/import/"


async def upload(person: Person, data: bytes, **form: str) -> httpx.Response:
    return await person.http.post(IMPORT, files={"file": ("list", data)}, data=form, headers=person.headers)


async def bring(person: Person, text: str, **more: Any) -> dict[str, Any]:
    answer = await person.call("POST", IMPORT, {"text": text} | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.gen_test(timeout=60)
@pytest.mark.parametrize("form", list(FORMATS))
async def test_out_and_in_again(served: Served, form: str) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    long, short = await walks(alice)
    path = await made(alice, long, short, long, name="Größe & <mehr>", is_public=True, description="Slow\nand fast")
    answer = await bob.call("GET", f"{path}export/?format={form}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, FORMATS[form].mime)
    name = f"Gr%C3%B6%C3%9Fe%20%26%20%3Cmehr%3E.{FORMATS[form].extension}"
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    file = lists.read(answer.content)
    assert [each.title for each in file.songs] == ["Long Walk", "Short Walk", "Long Walk"]
    assert (await served.http.get(file.songs[0].location)).status_code == 200
    for brought in (
        await upload(bob, answer.content, is_public="true"),
        await bob.call("POST", IMPORT, {"text": answer.text}),
    ):
        assert brought.status_code == 201, brought.text
        card = brought.json()
        assert brought.headers["Location"] == f"{PATH}{card['id']}/"
        assert (card["owner"], card["name"], card["track_count"]) == (bob.id, "Größe & <mehr>", 3)
        assert (card["added_count"], card["total"], card["not_found"]) == (3, 3, [])
        assert await titles(bob, f"{PATH}{card['id']}/") == ["Long Walk", "Short Walk", "Long Walk"]
    assert [each["is_public"] for each in (await bob.call("GET", f"{PATH}?me=true")).json()] == [False, True]


@pytest.mark.gen_test(timeout=60)
async def test_songs_are_found_by_where_and_what_they_are(redis_url: str, database_url: str, data_dir: Any) -> None:
    music = data_dir / "music"
    (music / "Dave" / "Tides").mkdir(parents=True)
    make_wav(music / "Dave" / "Tides" / "01.wav", 2.0)
    make_wav(music / "Erin - Café.wav", 90.0)
    make_wav(music / "01.wav", 2.0)
    async with serving(redis_url, database_url, data_dir) as served:
        alice = await served.person("Alice")
        text = "\n".join(
            (
                "#EXTM3U",
                r"D:\Alice\Music\Dave\Tides\01.wav",
                "file:///srv/Dave/Tides/01.wav",
                "Dave/Tides/01.wav",
                "01.wav",
                # A name alone says nothing about a file that lies elsewhere.
                "/srv/Frank/01.wav",
                "#EXTINF:91,ERIN - Cafe",
                "/mnt/x.mp3",
                "#EXTINF:200,Erin - Café",
                "/mnt/longer.mp3",
                "#EXTINF:90,Somebody - Café",
                "/mnt/else.mp3",
                "#EXTINF:-1,Radio One",
                "https://radio.example/one",
                "#EXTINF:30,Grace - Far away",
                "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3",
                "#EXTINF:30,Unknown - Nowhere",
                "roomd:local:ffff",
            )
        )
        card = await bring(alice, text, name="Mixed")
        found = (await alice.call("GET", f"{PATH}{card['id']}/")).json()["tracks"]
        assert [each["track_title"] for each in found] == ["01"] * 4 + ["Café", "Radio One", "Far away"]
        assert len({each["track_id"] for each in found[:3]}) == 1
        assert found[3]["track_id"] != found[0]["track_id"]
        assert found[5]["track_id"].startswith("link:")
        assert found[6]["track_id"] == "youtube:dQw4w9WgXcQ"
        assert (card["name"], card["added_count"], card["total"]) == ("Mixed", 7, 11)
        assert [(each["position"], each["title"], each["location"]) for each in card["not_found"]] == [
            (4, "01", "/srv/Frank/01.wav"),
            (6, "Café", "/mnt/longer.mp3"),
            (7, "Café", "/mnt/else.mp3"),
            (10, "Nowhere", "roomd:local:ffff"),
        ]
        again = await bring(alice, "#EXTM3U\n#EXTINF:9,Another name\nhttps://radio.example/one\n")
        assert await titles(alice, f"{PATH}{again['id']}/") == ["Radio One"]
        assert again["name"] == "Imported"


@pytest.mark.gen_test(timeout=60)
async def test_what_cannot_be_brought(served: Served) -> None:
    alice = await served.person("Alice")
    long, _ = await walks(alice)
    good = f"#EXTM3U\n#ROOMD:roomd:{long}\nx.mp3\n"
    assert refused(await alice.call("POST", IMPORT, {}), 400, "invalid").keys() == {"text"}
    assert refused(await alice.call("POST", IMPORT, {"text": good, "name": "x" * 101}), 400, "invalid").keys() == {
        "name"
    }
    assert refused(await alice.call("POST", IMPORT, {"text": good, "is_public": 3}), 400, "invalid").keys() == {
        "is_public"
    }
    assert refused(await upload(alice, good.encode(), is_public="perhaps"), 400, "invalid").keys() == {"is_public"}
    other = await served.http.post(IMPORT, files={"cover": ("list", b"x")}, headers=alice.headers)
    assert refused(other, 400, "invalid").keys() == {"file"}
    for data in (b"", b"\x89PNG\r\n\x1a\n\0", b"<playlist>", b'{"playlist": 1}', b"Dear Bob,\n"):
        refused(await upload(alice, data), 400, "not_a_playlist")
    assert refused(await upload(alice, b"a.mp3\n" * 10_001), 400, "invalid").keys() == {"file"}
    refused(await upload(alice, b"#EXTM3U\n" + b"#" * 2_000_000), 413, "too_large")
    refused(await upload(alice, b"#EXTM3U\n#EXTINF:3,Nobody - Nothing\n/x/nothing.mp3\n"), 404, "no_such_track")
    lone = await served.http.post(
        IMPORT, content='{"text": "\\ud800"}', headers=alice.headers | {"Content-Type": "application/json"}
    )
    refused(lone, 400, "invalid_json")
    assert (await alice.call("GET", PATH)).json() == []
    path = await made(alice, long)
    assert refused(await alice.call("GET", f"{path}export/?format=pls"), 400, "invalid").keys() == {"format"}


@pytest.mark.gen_test(timeout=60)
async def test_a_description_travels(served: Served) -> None:
    alice = await served.person("Alice")
    path = await made(alice, *await walks(alice), description="One\nline")
    for form in ("xspf", "jspf"):
        text = (await alice.call("GET", f"{path}export/?format={form}")).text
        assert (await bring(alice, text))["description"] == "One line"
    document = msgspec.json.decode((await alice.call("GET", f"{path}export/?format=jspf")).content)
    assert document["playlist"]["track"][0]["identifier"][0].startswith("roomd:local:")


@pytest.mark.gen_test(timeout=60)
async def test_what_was_played_in_a_room(served: Served) -> None:
    alice, bob, carol = [await served.person(name) for name in ("Alice", "Bob", "Carol")]
    code = await served.room(alice, autoplay=False, visibility="private", name="Friday night")
    room = f"/api/rooms/{code}"
    assert (await bob.call("POST", "/api/rooms/join/", {"code": code})).status_code == 200
    save = {"room": code, "name": "What we heard"}
    refused(await alice.call("POST", "/api/playlists/from-room/", save), 400, "empty_playlist")
    long, _ = await walks(alice)
    url = served.services.folder.track(long)
    assert url is not None
    tracks = [{"url": url.url}] + [
        {"url": f"https://media.example/{name}.mp3", "title": name, "duration": 60, "kind": "audio"} for name in "ABC"
    ]
    queued = (await alice.call("POST", f"{room}/queue/", {"tracks": tracks})).json()["entries"]
    for place in (1, 0, 2):
        assert (await alice.call("PATCH", f"{room}/queue/{queued[place]['id']}/", {"play": True})).status_code == 200
    # Gone from the queue, not from what was heard; and it is said who asks for it.
    await alice.call("DELETE", f"{room}/queue/{queued[2]['id']}/")
    answer = await bob.call("POST", "/api/playlists/from-room/", save)
    card = answer.json()
    assert (answer.status_code, card["name"], card["owner"], card["is_public"]) == (201, "What we heard", bob.id, False)
    heard = await titles(bob, f"{PATH}{card['id']}/")
    # The first two were passed over at once, and so was the third when it was removed: what plays now is left.
    assert heard == ["C"]
    refused(await carol.call("POST", "/api/playlists/from-room/", save), 404, "no_such_room")
    await alice.call("PATCH", f"{room}/", {"visibility": "public"})
    refused(await carol.call("POST", "/api/playlists/from-room/", save), 403, "not_a_member")
    refused(await carol.call("POST", "/api/playlists/from-room/", {"room": "ZZZZZZ"}), 404, "no_such_room")
    assert refused(await alice.call("POST", "/api/playlists/from-room/", {}), 400, "invalid").keys() == {"room"}


@pytest.mark.gen_test(timeout=60)
async def test_a_history_as_long_as_the_log(served: Served) -> None:
    """What has ended by itself counts however short it is, and so does what was removed from the queue since."""
    alice = await served.person("Alice")
    code = await served.room(alice, name="Friday night")
    live = await served.enter(alice, code)
    await live.until(type="state")
    long, short = await walks(alice)
    for each in (short, long):
        track = served.services.folder.track(each)
        assert track is not None
        assert (await alice.call("POST", f"/api/rooms/{code}/queue/", {"url": track.url})).status_code == 201

    async def second() -> bool:
        shown = (await alice.call("GET", f"/api/rooms/{code}/")).json()
        return bool(shown["current_song"]["title"] == "Long Walk")

    await eventually(second, "the short walk is over")
    await alice.call("POST", f"/api/rooms/{code}/queue/clear/")
    answer = await alice.call("POST", "/api/playlists/from-room/", {"room": code})
    assert (answer.status_code, answer.json()["name"]) == (201, "Friday night")
    entries = (await alice.call("GET", f"{PATH}{answer.json()['id']}/")).json()["tracks"]
    assert [each["track_id"] for each in entries][:1] == [short]


@pytest.mark.gen_test(timeout=60)
async def test_one_file_at_a_time(served: Served) -> None:
    """Each takes a thread and some of what catalogues may be asked, so nobody brings two at once."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    long, _ = await walks(alice)
    file = (f"#EXTM3U\n#ROOMD:roomd:{long}\nx.mp3\n" + "y/z.mp3\n" * 5_000).encode()
    first, second, other = await asyncio.gather(upload(alice, file), upload(alice, file), upload(bob, file))
    assert sorted((first.status_code, second.status_code)) == [201, 429]
    assert other.status_code == 201
    late = refused(first if first.status_code == 429 else second, 429, "busy")
    assert late == {}
    assert (await upload(alice, file)).status_code == 201
