"""PlayPod's words for what was heard and what is recommended, with more fields than its document has."""

from roomd.dialects.playpod import KeptWire, kept_wire
from roomd.dialects.room_object import timestamp
from roomd.domain.heard import Ended, Listen
from roomd.domain.song import Pick


class ListenWire(KeptWire):
    """`heard`: seconds of the song. `ended`: that, "skipped", or "stopped", which it is too as long as it plays."""

    id: str
    played_at: str
    heard: float
    ended: Ended
    room_id: str


class PickWire(KeptWire):
    why: str


def listen_wire(listen: Listen) -> ListenWire:
    return {
        "id": listen.id,
        **kept_wire(listen.song),
        "played_at": timestamp(listen.at),
        "heard": round(listen.heard_ms / 1_000, 1),
        "ended": listen.ended,
        "room_id": listen.room,
    }


def pick_wire(pick: Pick) -> PickWire:
    return {**kept_wire(pick.song), "why": pick.why}
