"""One's own account over HTTP, on a whole server: sign-ins and their end, an account of a guest, a new password."""

import time
from typing import Any

import pytest
from serving import Person, Served, serving

GOOD = "correct horse battery"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"


async def account(served: Served, name: str) -> Person:
    """Somebody with an account, signed in."""
    given = {"username": name, "email": f"{name}@example.org", "password": GOOD}
    assert (await served.http.post("/api/accounts/register/", json=given)).status_code == 201
    return await signed_in(served, name)


async def signed_in(served: Served, name: str, password: str = GOOD, agent: str = PHONE) -> Person:
    answer = await served.http.post(
        "/api/auth/login/", json={"email": name, "password": password}, headers={"User-Agent": agent}
    )
    assert answer.status_code == 200, answer.text
    return Person(answer.json()["user"]["id"], name, answer.json()["access_token"], served.http)


async def refused(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await person.call(method, path, body)
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.gen_test(timeout=60)
async def test_a_session_that_is_ended_is_over_on_every_process(
    served: Served, redis_url: str, database_url: str, tmp_path: Any
) -> None:
    ada = await account(served, "ada")
    tablet = await signed_in(served, "ada", agent="curl/8.5.0")
    laptop = await signed_in(
        served, "ada", agent="Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
    )
    code = await served.room(ada)
    async with serving(redis_url, database_url, tmp_path) as other:
        mine, his = await served.enter(ada, code), await other.enter(tablet, code)
        for live in (mine, his):
            await live.until(type="welcome")
        shown = (await ada.call("GET", "/api/accounts/sessions/")).json()
        assert shown["count"] == 3
        assert {each["device"] for each in shown["sessions"]} == {"Chrome on Android", "curl", "Firefox on Linux"}
        assert [each["device"] for each in shown["sessions"] if each["current"]] == ["Chrome on Android"]
        assert all(each["address"] == "127.0.0.1" and each["created_at"] for each in shown["sessions"])
        ids = {each["device"]: each["id"] for each in shown["sessions"]}
        bob = await account(served, "bob")
        assert await refused(bob, "DELETE", f"/api/accounts/sessions/{ids['curl']}/") == (404, "no_such_session")
        assert await refused(ada, "DELETE", "/api/accounts/sessions/curl/") == (404, "no_such_session")
        began = time.monotonic()
        assert (await ada.call("DELETE", f"/api/accounts/sessions/{ids['curl']}/")).status_code == 204
        assert await his.closed() == 4501
        assert time.monotonic() - began < 2.0
        elsewhere = await other.http.get("/api/accounts/profile/", headers=tablet.headers)
        assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (401, "token_revoked")
        assert await refused(ada, "DELETE", f"/api/accounts/sessions/{ids['curl']}/") == (404, "no_such_session")
        assert (await laptop.call("DELETE", "/api/accounts/sessions/")).json() == {"ended": 1}
        assert await mine.closed() == 4501
        assert (await laptop.call("GET", "/api/accounts/sessions/")).json()["count"] == 1
        await other.http.get("/api/health/")


@pytest.mark.gen_test(timeout=60)
async def test_a_new_password_ends_all_other_sessions(served: Served) -> None:
    ada, phone = await account(served, "ada"), await signed_in(served, "ada")
    path, new = "/api/accounts/password/", "four candles, fork handles"
    assert await refused(ada, "POST", path, {"password": "wrong", "new_password": new}) == (403, "not_your_password")
    answer = await ada.call("POST", path, {"password": GOOD, "new_password": "ada"})
    assert answer.json()["error"]["fields"] == {"new_password": "must have at least 8 characters"}
    assert (await ada.call("POST", path, {"password": GOOD, "new_password": new})).json() == {"ended": 1}
    assert (await phone.call("GET", "/api/accounts/profile/")).status_code == 401
    assert (await ada.call("GET", "/api/accounts/profile/")).status_code == 200
    await signed_in(served, "ada", new)
    guest = await served.person("Guest")
    assert await refused(guest, "POST", path, {"password": "", "new_password": new}) == (409, "guest")


@pytest.mark.gen_test(timeout=60)
async def test_a_guest_who_makes_an_account_keeps_everything(served: Served) -> None:
    told = (await served.http.post("/api/auth/guest/", json={"name": "Ada"})).json()
    guest = Person(told["user"]["id"], "Ada", told["access_token"], served.http)
    code = await served.room(guest)
    made = (await guest.call("POST", "/api/playlists/playlists/", {"name": "Mine"})).json()
    given = {"username": "ada", "email": "ada@example.org", "password": GOOD}
    await account(served, "taken")
    for wrong in ({"username": "taken"}, {"email": "taken@example.org"}):
        assert await refused(guest, "POST", "/api/accounts/upgrade/", given | wrong) == (400, "taken")
    answer = (await guest.call("POST", "/api/accounts/upgrade/", given)).json()
    assert (answer["user"]["is_guest"], answer["user"]["id"]) == (False, guest.id)
    assert "refresh_token" not in answer
    ada = Person(guest.id, "Ada", answer["access_token"], served.http)
    assert await refused(ada, "POST", "/api/accounts/upgrade/", given) == (409, "account_already")
    mine = (await ada.call("GET", "/api/accounts/profile/")).json()
    assert (mine["username"], mine["email"], mine["name"]) == ("ada", "ada@example.org", "Ada")
    again = await signed_in(served, "ada")
    assert again.id == guest.id
    assert [room["code"] for room in (await again.call("GET", "/rooms/api/rooms/")).json()] == [code]
    assert (await again.call("GET", f"/api/playlists/playlists/{made['id']}/")).status_code == 200
    renewed = await served.http.post("/api/accounts/token/refresh/", json={"refresh": told["refresh_token"]})
    assert renewed.status_code == 200
