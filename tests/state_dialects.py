"""Clients of the contracts that know no resuming, each written from its document: what they hold of a room.

They begin with a greeting and keep what messages say. What a contract has no message for is not held.
"""

from abc import ABC, abstractmethod
from collections import Counter

from state_reducer import Wire

from roomd.dialects.collab import COLLAB
from roomd.dialects.dialect import Dialect
from roomd.dialects.musicroom import MUSICROOM
from roomd.dialects.streamit import STREAMIT
from roomd.dialects.syncplay import SYNCPLAY


class Listener(ABC):
    """`take` is told a frame at a room time; `held` is what it knows, but for chat, requests and positions."""

    dialect: Dialect
    #: Whether it is told what was said, and what was asked for.
    chats = False
    asks = False
    #: Seconds by which a position may be off. All are told to the millisecond.
    tolerance_s = 0.002

    def __init__(self) -> None:
        self.told_at = 0.0
        self.playing = False
        #: Who said what; and the log of requests.
        self.chat: list[tuple[str, str]] = []
        self.log: dict[str, Wire] = {}

    @abstractmethod
    def take(self, frame: Wire, now: float) -> None: ...
    @abstractmethod
    def held(self) -> Wire: ...
    @abstractmethod
    def position(self, now: float) -> float:
        """Seconds into the entry, at a room time at which nothing is about to start any more."""

    def know(self, request: Wire) -> None:
        """Of an entry that is wanted away or elsewhere, only the id: the log names it as long as it is there."""
        what = request["what"]
        if what["id"] is not None:
            what = {name: what[name] for name in ("action", "id", "before")}
        self.log[request["id"]] = request | {"what": what}


class Timed(Listener):
    """The two whose state says when it holds, so that positions are right at any speed."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Wire = {}
        self.queue: Wire = {}

    def position(self, now: float) -> float:
        span_s = (now - self.state["server_time"]) / 1_000
        return float(self.state["position"]) + (self.state["rate"] * span_s if self.playing else 0)

    def follow(self, state: Wire, now: float) -> None:
        self.state, self.playing, self.told_at = state, state["is_playing"], now


class MusicRoom(Timed):
    dialect = MUSICROOM

    def take(self, frame: Wire, now: float) -> None:
        match frame["type"]:
            case "queue_updated":
                self.queue = frame
            case "song_started" | "song_paused" | "playback_synced":
                self.follow(frame, now)

    def held(self) -> Wire:
        shown = {name: self.queue[name] for name in ("queue", "count", "current")}
        return shown | {name: self.state[name] for name in ("is_playing", "rate", "song")}


class Collab(Timed):
    dialect = COLLAB
    asks = True

    def take(self, frame: Wire, now: float) -> None:
        match frame:
            case {"type": "playlist_update", "data": data}:
                self.queue = data
            case {"type": "playback_state", "data": data}:
                self.follow(data, now)
            case {"type": "request_update", "data": data}:
                self.know(data)

    def held(self) -> Wire:
        return self.queue | {name: self.state[name] for name in ("is_playing", "rate", "item")}


class Untimed(Listener):
    """The two whose positions are of the instant at which they are told: what starts does so up to 0.35 s later."""

    tolerance_s = 0.352

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def position(self, now: float) -> float:
        return self.at + ((now - self.told_at) / 1_000 if self.playing else 0)

    def follow(self, position: float, now: float, playing: bool | None = None) -> None:
        self.at, self.told_at = position, now
        self.playing = self.playing if playing is None else playing


class SyncPlay(Untimed):
    dialect = SYNCPLAY

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, str] = {}
        self.host = ""
        self.video: Wire = {}

    def take(self, frame: Wire, now: float) -> None:
        data = frame["data"]
        match frame["type"]:
            case "room_state":
                self.people = {each["id"]: each["name"] for each in data["participants"] if each["is_online"]}
                self.host = data["host_id"]
                self.video = {name: data[name] for name in ("videoUrl", "videoTitle")}
                self.follow(data["position"], now, data["isPlaying"])
            case "user_joined":
                self.people[frame["userId"]] = data["userName"]
            case "user_left":
                self.people.pop(frame["userId"])
            case "video_changed":
                self.video = data
            case "seek":
                self.follow(data["position"], now)
            case "play" | "pause" as kind:
                self.follow(data["position"], now, kind == "play")

    def held(self) -> Wire:
        return {"people": self.people, "host": self.host, "isPlaying": self.playing, **self.video}


class StreamIt(Untimed):
    dialect = STREAMIT
    chats = True

    def __init__(self) -> None:
        super().__init__()
        self.people: Counter[str] = Counter()
        self.host = ""

    def take(self, frame: Wire, now: float) -> None:
        match frame:
            case {"type": "ROOM_PARTICIPANTS", "participants": people, "host": host}:
                self.people, self.host = Counter(people), host
            case {"type": "CHAT_HISTORY", "messages": lines}:
                self.chat = [(line["user"], line["message"]) for line in lines]
            case {"type": "CHAT_MESSAGE", "user": user, "message": message}:
                self.chat.append((user, message))
            case {"type": "USER_JOINED", "user": user}:
                self.people[user] += 1
            case {"type": "USER_LEFT", "user": user}:
                self.people[user] -= 1
            case {"type": "SEEK", "time": time}:
                self.follow(time, now)
            case {"type": "PLAY" | "PAUSE" as kind, "time": time}:
                self.follow(time, now, kind == "PLAY")
            case {"type": "PLAYBACK_STATE", "time": time, "is_playing": playing}:
                self.follow(time, now, playing)

    def held(self) -> Wire:
        return {"people": dict(+self.people), "host": self.host, "is_playing": self.playing}


LISTENERS: tuple[type[Listener], ...] = (MusicRoom, Collab, SyncPlay, StreamIt)
