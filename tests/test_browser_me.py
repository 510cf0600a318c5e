"""The page of one's own account in a real browser: a guest makes an account, minds it, takes their data, and goes."""

import zipfile
from collections.abc import Callable

import httpx
import pytest
from axe_world import violations
from browser_world import Person, Roomd, open_room
from picture_files import halves, written
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

GOOD = "correct horse battery"
OTHER = "four candles, fork handles"


def test_a_guest_makes_an_account_minds_it_and_deletes_it(roomd: Roomd, invite: Callable[..., Person]) -> None:
    ada = invite("Ada", color_scheme="light")
    page = ada.page
    code = open_room(roomd, ada)
    ada.open(f"{roomd.url}/me/")
    expect(page.locator("#me-email")).to_contain_text("guest")
    expect(page.locator("#password")).to_be_hidden()
    make_an_account(ada)
    about_oneself(ada)
    language_and_look(ada)
    elsewhere(roomd, ada)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    with zipfile.ZipFile(download.value.path()) as file:
        assert code in file.read("rooms.json").decode()
    assert violations(page) == []
    ada.shot("me-desktop")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    ada.shot("me-phone-dark")
    page.get_by_role("button", name="Delete my account").click()
    page.locator("#delete-form [name=password]").fill("wrong")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#delete-form .form-error")).to_contain_text("not your password")
    page.locator("#delete-form [name=password]").fill(OTHER)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#out-title")).to_be_visible()
    expect(page.locator("#about-title")).to_be_hidden()
    assert page.evaluate("() => localStorage.getItem('roomd.session')") is None
    assert httpx.get(f"{roomd.url}/api/rooms/{code}/", trust_env=False).status_code == 404
    # Chromium notes what was refused.
    ada.faults[:] = [fault for fault in ada.faults if "Failed to load resource" not in fault]


def make_an_account(ada: Person) -> None:
    page = ada.page
    page.locator("#upgrade [name=username]").fill("ada")
    page.locator("#upgrade [name=email]").fill("ada@example.org")
    page.locator("#upgrade [name=password]").fill("ada")
    page.get_by_role("button", name="Make the account").last.click()
    expect(page.locator("#upgrade .form-error")).to_have_text("“Password”: 8 characters at least.")
    page.locator("#upgrade [name=password]").fill(GOOD)
    page.locator("#upgrade button").click()
    expect(page.locator("#me-email")).to_have_text("ada@example.org")
    expect(page.locator("#upgrade")).to_be_hidden()


def about_oneself(ada: Person) -> None:
    page = ada.page
    page.locator("#profile [name=name]").fill("Ada Example")
    page.locator("#profile [name=bio]").fill("Listens to brooks.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#who")).to_have_text("Ada Example")
    picture = {"name": "face.png", "mimeType": "image/png", "buffer": written(halves())}
    page.locator("#avatar-file").set_input_files([picture])  # type: ignore[list-item]
    expect(page.locator("#avatar img[src^='/uploads/']")).to_be_visible()
    page.get_by_role("button", name="Remove the picture").click()
    expect(page.locator("#avatar")).to_have_text("AE")
    page.locator("#avatar-file").set_input_files([picture | {"buffer": b"no picture"}])  # type: ignore[list-item]
    expect(page.locator("#avatar-error")).to_be_visible()
    expect(page.locator("#avatar")).to_have_text("AE")


def language_and_look(ada: Person) -> None:
    page = ada.page
    html = page.locator("html")
    page.get_by_label("Dark", exact=True).check()
    expect(html).to_have_attribute("data-theme", "dark")
    page.locator("footer [data-language]").select_option("ar")
    expect(html).to_have_attribute("dir", "rtl")
    expect(html).to_have_attribute("data-theme", "dark")
    # What the server refuses is said in the page's language.
    page.locator("#password [name=password]").fill(OTHER)
    page.locator("#password [name=new_password]").fill(GOOD)
    page.locator("#password button").click()
    expect(page.locator("#password .form-error")).to_have_text("ليست هذه كلمة مرورك.")
    page.locator("main [data-language]").select_option("en")
    expect(html).to_have_attribute("lang", "en")
    page.locator("input[name=theme][value='']").check()
    expect(html).not_to_have_attribute("data-theme", "dark")
    expect(page.locator("#profile [name=bio]")).to_have_value("Listens to brooks.")


def elsewhere(roomd: Roomd, ada: Person) -> None:
    """Two more sign-ins: one is ended by name, the other by another password."""
    page, tokens = ada.page, []
    for agent in ("curl/8.5.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile/15E148 Safari/604.1"):
        given = {"email": "ada", "password": GOOD}
        answer = httpx.post(f"{roomd.url}/api/auth/login/", json=given, headers={"User-Agent": agent}, trust_env=False)
        tokens.append(answer.json()["access_token"])
    page.reload()
    expect(page.locator("#sessions li")).to_have_count(3)
    page.get_by_role("button", name="Sign out: curl").click()
    expect(page.locator("#sessions li")).to_have_count(2)
    assert signed_in(roomd, tokens) == [False, True]
    page.locator("#password [name=password]").fill(GOOD)
    page.locator("#password [name=new_password]").fill(OTHER)
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator("#sessions li")).to_have_count(1)
    assert signed_in(roomd, tokens) == [False, False]


def signed_in(roomd: Roomd, tokens: list[str]) -> list[bool]:
    asked = [{"Authorization": f"Bearer {token}"} for token in tokens]
    path = f"{roomd.url}/api/accounts/profile/"
    return [httpx.get(path, headers=each, trust_env=False).status_code == 200 for each in asked]
