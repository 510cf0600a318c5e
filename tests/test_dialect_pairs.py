"""Clients of every two contracts in one room: what one does, the other sees in its own words. Both ways round."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import pytest
from serving import Live, Served


class Seen(NamedTuple):
    """What a message says of playback, as far as its contract says it."""

    position: float
    playing: bool | None = None
    title: str | None = None


def link(title: str) -> str:
    return f"https://media.example/{title}.mp3"


class Client(ABC):
    """Somebody with a token who speaks one contract. Positions are seconds."""

    path = ""
    chats = True
    steers = True

    def __init__(self, served: Served, name: str) -> None:
        self.served = served
        self.name = name
        self.code = ""
        self.token = ""
        self.live: Live

    async def create(self) -> str:
        person = await self.served.person(self.name)
        self.token = person.token
        self.code = await self.served.room(person, autoplay=False)
        return self.code

    async def join(self, code: str) -> None:
        self.token = (await self.served.person(self.name)).token
        self.code = code
        await self.http("POST", "/api/rooms/join/", {"code": code})

    async def enter(self) -> None:
        self.live = await self.served.socket(f"{self.path.format(self.code)}?token={self.token}")

    async def http(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.served.http.request(method, path, json=body, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())

    async def add(self, title: str) -> None:
        """Over HTTP, where the contract has no words for it."""
        track = {"url": link(title), "title": title, "duration": 60, "kind": "audio"}
        await self.http("POST", f"/api/rooms/{self.code}/queue/", track)

    async def next(self) -> None:
        await self.http("POST", f"/api/rooms/{self.code}/control/", {"action": "next"})

    @abstractmethod
    async def play(self, position: float) -> None: ...
    @abstractmethod
    async def pause(self, position: float) -> None: ...
    @abstractmethod
    async def seek(self, position: float) -> None: ...

    async def chat(self, text: str) -> None:
        raise AssertionError(f"{type(self).__name__} has no chat")

    @abstractmethod
    def seen(self, message: dict[str, Any]) -> Seen | None: ...

    def titles(self, message: dict[str, Any]) -> list[str] | None:
        """The titles that a message adds or shows; None of a message about something else."""
        return None

    def line(self, message: dict[str, Any]) -> tuple[str, str] | None:
        """Who said what."""
        return None

    #: Whether the contract tells of the queue.
    queues = True

    async def sees(self, position: float, playing: bool, title: str | None = None) -> None:
        while (message := await self.live.next()) is not None:
            seen = self.seen(message)
            if seen is None or abs(seen.position - position) > 0.001 or seen.playing not in {None, playing}:
                continue
            if title is None or seen.title in {None, title}:
                return
        raise AssertionError(f"{type(self).__name__} never saw {position} {playing} {title}: {self.live.heard}")

    async def sees_queued(self, title: str) -> None:
        while (message := await self.live.next()) is not None:
            if title in (self.titles(message) or []):
                return
        raise AssertionError(f"{type(self).__name__} never saw {title}: {self.live.heard}")

    async def reads(self, name: str, text: str) -> None:
        while (message := await self.live.next()) is not None:
            if self.line(message) == (name, text):
                return
        raise AssertionError(f"{type(self).__name__} never read {text}: {self.live.heard}")


class Native(Client):
    path = "/ws/v1/{}/"

    async def enter(self) -> None:
        await super().enter()
        await self.live.say(type="hello")
        state = await self.live.until(type="state")
        self.known = {entry["id"]: entry["track"]["title"] for entry in state["room"]["queue"]}

    async def add(self, title: str) -> None:
        track = {"url": link(title), "title": title, "duration_ms": 60_000, "kind": "audio"}
        await self._do("add", tracks=[track])

    async def play(self, position: float) -> None:
        await self._do("play", position=position * 1_000)

    async def pause(self, position: float) -> None:
        await self._do("pause", position=position * 1_000)

    async def seek(self, position: float) -> None:
        await self._do("seek", position=position * 1_000)

    async def next(self) -> None:
        await self._do("next")

    async def chat(self, text: str) -> None:
        await self._do("say", text=text)

    def seen(self, message: dict[str, Any]) -> Seen | None:
        for event in self._events(message, "playback_changed"):
            line = event["playback"]
            return Seen(line["position"] / 1_000, line["playing"], self.known.get(line["entry"]))
        return None

    def titles(self, message: dict[str, Any]) -> list[str] | None:
        added = {
            e["id"]: e["track"]["title"] for each in self._events(message, "entries_added") for e in each["entries"]
        }
        self.known |= added
        return list(added.values())

    def line(self, message: dict[str, Any]) -> tuple[str, str] | None:
        for event in self._events(message, "said"):
            return event["message"]["by_name"], event["message"]["text"]
        return None

    def _events(self, message: dict[str, Any], kind: str) -> list[dict[str, Any]]:
        return [event for event in message.get("events", ()) if event["type"] == kind]

    async def _do(self, kind: str, **fields: Any) -> None:
        self.live.number += 1
        await self.live.say(type=kind, id=f"c{self.live.number}", **fields)


class MusicRoom(Client):
    path = "/ws/rooms/{}/"
    chats = False

    async def enter(self) -> None:
        await super().enter()
        await self.live.until(type="playback_synced")

    async def add(self, title: str) -> None:
        await self.live.say(type="add_song", title=title, artist="Carol", url=link(title), duration=60)

    async def play(self, position: float) -> None:
        await self.live.say(type="toggle_playback", is_playing=True, position=position)

    async def pause(self, position: float) -> None:
        await self.live.say(type="toggle_playback", is_playing=False, position=position)

    async def seek(self, position: float) -> None:
        await self.live.say(type="sync_playback", position=position)

    async def next(self) -> None:
        await self.live.say(type="next_song")

    def seen(self, message: dict[str, Any]) -> Seen | None:
        if message["type"] not in {"song_started", "song_paused", "playback_synced"}:
            return None
        assert message["is_playing"] is {"song_started": True, "song_paused": False}.get(
            message["type"], message["is_playing"]
        )
        return Seen(message["position"], message["is_playing"], message["song"] and message["song"]["title"])

    def titles(self, message: dict[str, Any]) -> list[str] | None:
        return [each["title"] for each in message["queue"]] if message["type"] == "queue_updated" else None


class Collab(Client):
    path = "/ws/sessions/{}/"
    chats = False

    async def enter(self) -> None:
        await super().enter()
        await self.live.until(type="playlist_update")

    async def add(self, title: str) -> None:
        track = {"action": "add", "url": link(title), "title": title, "duration": 60, "kind": "audio"}
        await self.live.say(type="request_playlist_change", data=track)

    async def play(self, position: float) -> None:
        await self._command("play", position=position)

    async def pause(self, position: float) -> None:
        await self._command("pause", position=position)

    async def seek(self, position: float) -> None:
        await self._command("seek", position=position)

    async def next(self) -> None:
        await self._command("skip_next")

    def seen(self, message: dict[str, Any]) -> Seen | None:
        if message["type"] != "playback_state":
            return None
        data = message["data"]
        return Seen(data["position"], data["is_playing"], data["item"] and data["item"]["title"])

    def titles(self, message: dict[str, Any]) -> list[str] | None:
        if message["type"] != "playlist_update":
            return None
        return [each["title"] for each in message["data"]["entries"]]

    async def _command(self, name: str, **data: Any) -> None:
        await self.live.say(type="playback_command", data={"command": name} | data)


class StreamIt(Client):
    path = "/ws/room/{}/"
    queues = False

    async def enter(self) -> None:
        await super().enter()
        await self.live.until(type="PLAYBACK_STATE")

    async def play(self, position: float) -> None:
        await self.live.say(type="PLAY", time=position)

    async def pause(self, position: float) -> None:
        await self.live.say(type="PAUSE", time=position)

    async def seek(self, position: float) -> None:
        await self.live.say(type="SEEK", time=position)

    async def chat(self, text: str) -> None:
        await self.live.say(type="CHAT_MESSAGE", message=text)

    def seen(self, message: dict[str, Any]) -> Seen | None:
        playing = {"PLAY": True, "PAUSE": False, "SEEK": None}
        return Seen(message["time"], playing[message["type"]]) if message["type"] in playing else None

    def line(self, message: dict[str, Any]) -> tuple[str, str] | None:
        return (message["user"], message["message"]) if message["type"] == "CHAT_MESSAGE" else None


class SyncPlay(Client):
    """Without any token: known by the id that the server gave."""

    path = "/ws/room/{}/"
    queues = False

    async def create(self) -> str:
        body = {"room_name": "Friday", "user_name": self.name, "autoplay": False}
        made = await self._known("/api/rooms/create/", body)
        self.code = str(made["code"])
        return self.code

    async def join(self, code: str) -> None:
        self.code = code
        await self._known("/api/rooms/join/", {"room_code": code, "user_name": self.name})

    async def enter(self) -> None:
        self.live = await self.served.socket(self.path.format(self.code))
        await self._say("join", userName=self.name)
        self.watching = (await self.live.until(type="room_state"))["data"]["videoTitle"]

    async def play(self, position: float) -> None:
        await self._say("play", position=position)

    async def pause(self, position: float) -> None:
        await self._say("pause", position=position)

    async def seek(self, position: float) -> None:
        await self._say("seek", position=position)

    async def chat(self, text: str) -> None:
        await self._say("chat", message=text)

    def seen(self, message: dict[str, Any]) -> Seen | None:
        data, playing = message.get("data", {}), {"play": True, "pause": False, "seek": None}
        if message["type"] == "video_changed":
            # Whether and from where it plays comes with the next message.
            self.watching = data["videoTitle"]
        return Seen(data["position"], playing[message["type"]], self.watching) if message["type"] in playing else None

    def line(self, message: dict[str, Any]) -> tuple[str, str] | None:
        if message["type"] != "chat":
            return None
        return message["data"]["userName"], message["data"]["message"]

    async def _known(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.served.http.post(path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        made = dict(answer.json())
        self.secret, self.token = made["user_id"], made["access_token"]
        return made

    async def _say(self, kind: str, **data: Any) -> None:
        await self.live.say(type=kind, userId=self.secret, data=data)


CLIENTS: tuple[type[Client], ...] = (Native, MusicRoom, Collab, StreamIt, SyncPlay)


async def together(served: Served, hosts: type[Client], listens: type[Client]) -> tuple[Client, Client]:
    """Alice, who hosts in one contract, and Bob, who is there in another."""
    alice, bob = hosts(served, "Alice"), listens(served, "Bob")
    await bob.join(await alice.create())
    await alice.enter()
    await bob.enter()
    return alice, bob


@pytest.mark.parametrize("listens", CLIENTS)
@pytest.mark.parametrize("hosts", CLIENTS)
@pytest.mark.gen_test(timeout=30)
async def test_what_the_host_does_the_other_sees(served: Served, hosts: type[Client], listens: type[Client]) -> None:
    alice, bob = await together(served, hosts, listens)
    for title in ("one", "two"):
        await alice.add(title)
        if bob.queues:
            await bob.sees_queued(title)
        if alice.queues:
            await alice.sees_queued(title)
    await alice.play(3)
    await bob.sees(3, playing=True, title="one")
    await alice.pause(5)
    await bob.sees(5, playing=False)
    await alice.seek(12)
    await bob.sees(12, playing=False)
    await alice.play(20)
    await bob.sees(20, playing=True)
    await alice.next()
    await bob.sees(0, playing=True, title="two")
    # What the host's own client shows is what the room says, too.
    await alice.sees(0, playing=True, title="two")


@pytest.mark.parametrize("listens", CLIENTS)
@pytest.mark.parametrize("hosts", CLIENTS)
@pytest.mark.gen_test(timeout=30)
async def test_people_talk_across_contracts(served: Served, hosts: type[Client], listens: type[Client]) -> None:
    alice, bob = await together(served, hosts, listens)
    await alice.add("one")
    for speaker, listener in ((alice, bob), (bob, alice), (alice, alice)):
        if speaker.chats:
            await speaker.chat(f"hello from {speaker.name}")
            if listener.chats:
                await listener.reads(speaker.name, f"hello from {speaker.name}")
    # Whoever has no words for chat is not disturbed by it.
    await alice.play(3)
    await bob.sees(3, playing=True)


@pytest.mark.parametrize("listens", CLIENTS)
@pytest.mark.parametrize("hosts", CLIENTS)
@pytest.mark.gen_test(timeout=30)
async def test_a_guest_of_any_contract_steers_nothing(
    served: Served, hosts: type[Client], listens: type[Client]
) -> None:
    alice, bob = await together(served, hosts, listens)
    await alice.add("one")
    await bob.play(40)
    await bob.seek(30)
    await alice.play(3)
    await bob.sees(3, playing=True)
    assert not [seen for m in alice.live.heard if (seen := alice.seen(m)) and seen.position in {30, 40}]


@pytest.mark.gen_test(timeout=30)
async def test_all_five_share_a_room(served: Served) -> None:
    alice = Native(served, "Alice")
    code = await alice.create()
    await alice.enter()
    others = [speaks(served, name) for speaks, name in zip(CLIENTS[1:], ("Bob", "Carol", "Dave", "Erin"), strict=True)]
    for other in others:
        await other.join(code)
        await other.enter()
    await others[0].add("one")
    await alice.sees_queued("one")
    await alice.play(3)
    await others[-1].chat("hello from Erin")
    for everybody in (alice, *others):
        await everybody.sees(3, playing=True, title="one")
        if everybody.chats:
            await everybody.reads("Erin", "hello from Erin")


@pytest.mark.gen_test(timeout=30)
async def test_a_bare_line_is_steered_from_every_contract(served: Served) -> None:
    """The room watches something that the server knows nothing of."""
    alice, bob = await together(served, StreamIt, MusicRoom)
    await alice.play(3)
    await bob.sees(3, playing=True)
    leader = MusicRoom(served, "Alice")
    leader.code, leader.token = alice.code, alice.token
    await leader.enter()
    await leader.seek(30)
    await alice.sees(30, playing=True)
    await bob.sees(30, playing=True)
    await leader.pause(31)
    await alice.sees(31, playing=False)


@pytest.mark.gen_test(timeout=30)
async def test_a_collab_guests_request_is_decided_by_a_native_host(served: Served) -> None:
    alice, bob = await together(served, Native, Collab)
    wish = {"action": "add", "url": link("wish"), "title": "wish", "duration": 60, "kind": "audio"}
    await bob.live.say(type="request_playlist_change", data=wish)
    request = (await alice.live.until_event("request_made"))["request"]
    await alice.live.say(type="decide", id="d1", requests=[request["id"]], approve=True)
    assert (await bob.live.until(type="request_update"))["data"]["status"] == "pending"
    assert (await bob.live.until(type="request_update"))["data"]["status"] == "approved"
    await alice.sees_queued("wish")
