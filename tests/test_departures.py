"""All of one's data, and the end of an account: over HTTP on a whole server, and from the command line."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hub_world import eventually
from picture_files import halves, written
from serving import Live, Person, Served
from test_own_account import GOOD, account, refused

from roomd.departures import NOBODY
from roomd.files import FileError
from roomd.people_chores import delete_user, export_user


async def exported(person: Person) -> dict[str, Any]:
    answer = await person.call("GET", "/api/accounts/export/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        return {name.removesuffix(".json"): json.loads(file.read(name)) for name in file.namelist()}


async def lived_in(served: Served, database_url: str) -> tuple[Person, Person, str]:
    """Ada with an account, who did a bit of everything; Bob; and the room of hers that both are in."""
    ada, bob = await account(served, "ada"), await served.person("Bob")
    code = await served.room(ada, autoplay=False)
    live = await served.enter(ada, code)
    await live.until(type="welcome")
    await live.do("say", text="hello from ada")
    assert (await bob.call("POST", "/api/rooms/join/", {"code": code})).status_code == 200
    await bob.call("POST", f"/api/rooms/{code}/messages/", {"text": "hello from bob"})
    made = (await ada.call("POST", "/api/playlists/playlists/", {"name": "Mine"})).json()
    songs = (await ada.call("GET", "/api/catalogue/search/?q=walk")).json()
    song = songs["tracks"][0]["id"]
    added = await ada.call("POST", f"/api/playlists/playlists/{made['id']}/add_track/", {"track_id": song})
    assert added.status_code == 201, added.text
    assert (await ada.call("POST", "/api/playlists/favorites/add/", {"track_id": song})).status_code == 201
    assert (await ada.call("GET", "/api/playlists/queue/")).status_code == 200
    files = {"avatar": ("face.png", written(halves()), "image/png")}
    sent = await served.http.post("/api/accounts/upload-avatar/", files=files, headers=ada.headers)
    assert sent.status_code == 200, sent.text
    connection = await asyncpg.connect(database_url)
    query = "INSERT INTO listens SELECT gen_random_uuid(), $1, $2, $3, '1', now(), 61000, 'ended'"
    await connection.execute(query, ada.id, song, "00000000-0000-4000-8000-000000000001")
    await connection.close()
    return ada, bob, code


async def her_song_is_seen(served: Served, ada: Person, bob: Person, code: str) -> Live:
    """Bob's page is open while Ada queues a song."""
    watching = await served.enter(bob, code)
    assert [line["by_name"] for line in (await watching.until(type="state"))["room"]["chat"]] == ["ada", "Bob"]
    song = {"url": "https://media.example/song.mp3", "title": "Song", "duration": 60}
    assert (await ada.call("POST", f"/api/rooms/{code}/queue/", song)).status_code == 201
    added = await watching.until_event("entries_added")
    assert [each["by_name"] for each in added["entries"]] == ["ada"]
    return watching


async def exports_of(served: Served, ada: Person, bob: Person, code: str) -> None:
    """All that is one's own, and nothing else."""
    told = await exported(ada)
    assert told["profile"][0]["email"] == "ada@example.org"
    assert "password_hash" not in told["profile"][0]
    assert [each["ended_at"] for each in told["sessions"]] == [None]
    assert [(each["code"], each["role"]) for each in told["rooms"] if not each["own_queue"]] == [(code, "host")]
    assert [each["own_queue"] for each in told["rooms"]].count(True) == 1
    assert [each["text"] for each in told["chat"]] == ["hello from ada"]
    assert [(each["name"], len(each["songs"])) for each in told["playlists"]] == [("Mine", 1)]
    assert len(told["favourites"]) == 1
    assert [(each["heard_s"], each["ended"]) for each in told["history"]] == [(61, "ended")]
    assert told["requests"] == []
    others = await exported(bob)
    assert [each["text"] for each in others["chat"]] == ["hello from bob"]
    assert others["history"] == others["favourites"] == others["playlists"] == []
    with served.services.own.exports.place(ada.id):
        assert await refused(ada, "GET", "/api/accounts/export/") == (429, "busy")


@pytest.mark.gen_test(timeout=60)
async def test_who_deletes_an_account_has_all_of_it_before_and_is_gone_everywhere(
    served: Served, database_url: str
) -> None:
    ada, bob, code = await lived_in(served, database_url)
    await exports_of(served, ada, bob, code)
    watching = await her_song_is_seen(served, ada, bob, code)
    alone = await served.room(ada, name="Just me")
    avatar = (await ada.call("GET", "/api/accounts/profile/")).json()["avatar"]
    assert (await served.http.get(avatar)).status_code == 200
    wrong = {"password": "wrong"}
    assert await refused(ada, "POST", "/api/accounts/delete/", wrong) == (403, "not_your_password")
    assert (await ada.call("POST", "/api/accounts/delete/", {"password": GOOD})).status_code == 204
    assert await served.opened[0].closed() == 4501
    assert await refused(ada, "GET", "/api/accounts/profile/") == (401, "token_revoked")

    # Whoever has the room open is told it anew, with the other name wherever hers was.
    told = (await watching.until(type="state"))["room"]
    assert ([each["by_name"] for each in told["queue"]], told["chat"][0]["by_name"]) == ([NOBODY], NOBODY)
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as connection:

        async def seen_off() -> bool:
            return await connection.fetchval("SELECT count(*) FROM deleted_people") == 0

        await eventually(seen_off, "all is done that a deletion brings")
        room = (await bob.call("GET", f"/api/rooms/{code}/")).json()
        assert (room["host"], [each["name"] for each in room["participants"]]) == ("Bob", ["Bob"])
        assert (await bob.call("GET", f"/api/rooms/{alone}/")).status_code == 404
        lines = (await bob.call("GET", f"/api/rooms/{code}/messages/")).json()["messages"]
        assert [(each["user"], each["message"]) for each in lines] == [
            (NOBODY, "hello from ada"),
            ("Bob", "hello from bob"),
        ]
        # The room goes on where it was, for those who were in it and for those who come.
        live = await served.enter(bob, code)
        assert [line["by_name"] for line in (await live.until(type="state"))["room"]["chat"]] == [NOBODY, "Bob"]
        assert (await live.do("say", text="goodbye ada"))["level"] == "archived"
        assert (await served.http.get(avatar)).status_code == 404
        for table in ("playlists", "favourites", "listens", "personal_rooms"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        kept = await connection.fetch("SELECT body FROM room_events WHERE strpos(body, $1) > 0", ada.id)
        assert kept
        assert not [row["body"] for row in kept if '"ada"' in row["body"]]
        # Her token outlives a Redis that was emptied: it is refused all the same.
        assert await connection.fetchval("SELECT count(*) FROM ended_sessions") == 1
    credentials = {"email": "ada", "password": GOOD}
    assert (await served.http.post("/api/auth/login/", json=credentials)).status_code == 401
    await account(served, "ada")
    guest = await served.person("Guest")
    assert (await guest.call("POST", "/api/accounts/delete/")).status_code == 204


@pytest.mark.gen_test(timeout=60)
async def test_the_command_line_does_both_beside_a_server(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, file = await account(served, "ada"), tmp_path / "ada.zip"
    code = await served.room(ada)
    live = await served.enter(ada, code)
    await live.until(type="welcome")
    settings = served.services.settings
    assert await export_user(settings, "ada@example.org", file, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "id": ada.id,
        "name": "ada",
        "file": str(file),
        "bytes": file.stat().st_size,
    }
    with zipfile.ZipFile(file) as opened:
        assert json.loads(opened.read("rooms.json"))[0]["code"] == code
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with pytest.raises(FileError, match="nothing was deleted"):
        await delete_user(settings, "ADA", as_json=True, sure=False)
    assert capsys.readouterr().out == ""
    assert await delete_user(settings, "ADA", as_json=True, sure=True) == 0
    assert json.loads(capsys.readouterr().out)["deleted"] is True
    assert await live.closed() in {1000, 4501, 4504}
    assert (await refused(ada, "GET", "/api/accounts/profile/"))[0] == 401
    for gone in (ada.id, "ada", "ada@example.org", "not a name"):
        with pytest.raises(FileError, match="nobody here"):
            await delete_user(settings, gone, as_json=False, sure=True)
