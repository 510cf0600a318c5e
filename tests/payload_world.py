"""Everything that a person, a file or another server can say, said as somebody would who wants to break in."""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import httpx
from browser_world import Roomd
from media_files import id3, mp3, put, wav
from serving import GOOD
from standins.radio import RadioStandin, station_id
from standins.standin import Reply

#: What each of these would do in a page that takes it for its own; then what is only hard to show.
CORE = (
    f'"><img src=x onerror=alert(1)>{{{{7*7}}}}{"W" * 44}<svg/onload=alert(2)><script>alert(3)</script>'
    "</title></textarea>${7*7}javascript:alert(4) שלום السلام 🏳️‍🌈 &lt;b&gt; <a href=javascript:alert(5)>x</a>"
)
#: Turns the text behind it back to front; nobody may write it, and of what others wrote it is taken away.
TURNED = "\u202e"
FRAMES = 7_000
LINKS = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://x.example/\" onmouseover='alert(1)",
)


def evil(label: str, limit: int) -> str:
    """As long as the field may be."""
    return f"{label}{CORE}"[:limit].strip()


#: What a film says, where its words come from such a place.
CAPTIONS = (
    f"WEBVTT\n\nNOTE {CORE}\n\n00:00.000 --> 05:00.000\n<v Mallory onload=alert(6)><i onmouseover=alert(7)>{CORE}\n"
)


class EvilRadio(RadioStandin):
    """A directory of stations, and a page to link to, in the wrong hands."""

    def station(self, number: int) -> dict[str, Any]:
        bad = {"name": TURNED + evil("Station", 200), "homepage": LINKS[0], "favicon": LINKS[0], "language": CORE}
        return super().station(number) | bad

    def reply(self, path: str, query: dict[str, str]) -> Reply:
        if path == "/captions":
            return Reply(CAPTIONS.encode(), mime="text/vtt")
        if path != "/page":
            return super().reply(path, query)
        told = {"og:title": evil("Page", 200), "og:description": evil("About", 200), "og:image": LINKS[0]}
        metas = "".join(f'<meta property="{name}" content="{escape(text)}">' for name, text in told.items())
        return Reply(f"<html><head>{metas}</head></html>".encode(), mime="text/html")


def fill_folder(music: Path) -> None:
    """Files whose names and tags are what nobody would call a song."""
    tags = id3(TURNED + evil("Title", 200), evil("Artist", 200), evil("Album", 200))
    put(music / "Tagged.mp3", tags + mp3(FRAMES))
    put(music / "<img src=x onerror=alert(1)> - {{7*7}}.wav", wav(120))


@dataclass
class Caller:
    """Somebody at the HTTP interface."""

    url: str
    told: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, *, refused: int = 0, **body: Any) -> Any:
        headers = {"User-Agent": "Evil <script>alert(1)</script>/1.0 (" + CORE.encode("ascii", "ignore").decode() + ")"}
        if self.told:
            headers["Authorization"] = f"Bearer {self.told['access_token']}"
        answer = httpx.request(method, self.url + path, headers=headers, json=body or None, trust_env=False)
        assert answer.status_code == refused if refused else answer.is_success, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    @property
    def id(self) -> str:
        return str(self.told["user"]["id"])

    @property
    def signed(self) -> dict[str, Any]:
        """As the page keeps it."""
        return {"access": self.told["access_token"], "refresh": self.told["refresh_token"], "user": self.told["user"]}


def guest(roomd: Roomd, name: str) -> Caller:
    return Caller(roomd.url, Caller(roomd.url).ask("POST", "/api/auth/guest/", name=name))


def account(roomd: Roomd, username: str) -> Caller:
    caller = Caller(roomd.url)
    caller.ask("POST", "/api/accounts/register/", username=username, email=f"{username}@example.org", password=GOOD)
    return sign_in(caller, username)


def sign_in(caller: Caller, username: str) -> Caller:
    caller.told = {}
    caller.told = caller.ask("POST", "/api/auth/login/", email=username, password=GOOD)
    return caller


def fill_room(roomd: Roomd, alice: Caller, radio: EvilRadio) -> str:
    """A room in which every word is one of these. Its code."""
    code: str = alice.ask(
        "POST", "/api/rooms/create/", name=evil("Room", 80), description=evil("Room about", 500), autoplay=False
    )["code"]
    room = f"/api/rooms/{code}"
    for link in LINKS[:2]:
        alice.ask("POST", f"{room}/queue/", refused=400, url=link)
        alice.ask("POST", f"{room}/queue/", refused=400, url="https://media.example/a.mp3", cover=link)
    alice.ask("POST", f"{room}/messages/", refused=400, text=f"{TURNED}hello")
    words = {name: evil(name.title(), 200) for name in ("title", "artist", "album")}
    made_up = {"url": "https://media.example/a.mp3?<script>", "duration": 300, **words}
    found = alice.ask("GET", "/api/catalogue/search/?q=title")["tracks"]
    film = made_up | {
        "url": "https://media.example/a.mp4?<script>",
        "kind": "video",
        "subtitles": f"{radio.url}/captions",
    }
    tracks = [film, {"source": found[0]["id"]}, {"source": f"radio:{station_id(0)}"}]
    alice.ask("POST", f"{room}/queue/", tracks=tracks)
    for action in ("play", "pause"):
        alice.ask("POST", f"{room}/control/", action=action)
    for text in (evil("Line", 2_000), LINKS[2], f"see {LINKS[0]}", f"{radio.url}/page"):
        alice.ask("POST", f"{room}/messages/", text=text)
    bob, carol = guest(roomd, evil("Bob", 40)), guest(roomd, evil("Carol", 40))
    for person in (bob, carol):
        person.ask("POST", "/api/rooms/join/", code=code)
    first = alice.ask("GET", f"{room}/messages/")["messages"][0]["id"]
    bob.ask("POST", f"{room}/messages/", text=evil("Answer", 500), reply_to=first)
    for number in range(2):
        wish = {"action": "add", **made_up, "url": f"https://media.example/{number}.mp3"}
        made = bob.ask("POST", f"{room}/requests/", **wish)
    alice.ask("POST", f"{room}/requests/{made['id']}/reject/", reason=evil("Reason", 200))
    alice.ask("PUT", f"{room}/door/", entry_mode="approval")
    guest(roomd, evil("Dave", 40)).ask("POST", "/api/rooms/join/", code=code)
    alice.ask("POST", f"{room}/members/{carol.id}/ban/", reason=evil("Ban", 200))
    return code


def fill_library(alice: Caller) -> tuple[dict[str, Any], str]:
    """A song of the folder, kept, heard and in a playlist; that playlist's id."""
    song: dict[str, Any] = alice.ask("GET", "/api/catalogue/search/?q=title")["tracks"][0]
    alice.ask("POST", "/api/playlists/favorites/add/", track_id=song["id"])
    playlist = alice.ask(
        "POST", "/api/playlists/playlists/", name=evil("List", 100), description=evil("List about", 500), is_public=True
    )["id"]
    alice.ask("POST", f"/api/playlists/playlists/{playlist}/add_track/", track_id=song["id"])
    alice.ask("PATCH", "/api/accounts/profile/", name=evil("Alice", 40), bio=evil("Bio", 500))
    sign_in(alice, "alice")
    return song, str(playlist)
