"""Every Redis key and channel, named in one place. Lua never builds one.

The room's id is the hash tag, so that a room is one slot of a Redis Cluster and moves as one.
"""

from functools import lru_cache
from typing import NamedTuple

from roomd.domain.ids import Code, RoomId, UserId

#: All rooms, and the public ones, by last activity; and rooms by their next deadline. Outside any room's slot, so they
#: may be stale: the index may lie, the room never does.
ROOMS = "roomd:rooms"
ACTIVE = "roomd:active"
DUE = "roomd:due"
#: Rooms that changed since their last snapshot, by when the next is to be taken.
SNAPSHOTS = "roomd:snapshots"
#: `YES` in a Redis whose indexes were built (in a cluster, what its masters go by); before, the process that builds
#: them. One that was emptied has none.
BUILT = "roomd:built"
YES = b"yes"
#: Processes by the end of their lease.
PROCESSES = "roomd:processes"
#: A channel that every process listens to.
EVERY_PROCESS = "roomd:processes:bell"

#: Sessions as they are ended, a stream: every process reads it, and closes what they have open.
ENDED = "roomd:ended"

#: How the time of this Redis becomes room time; gone a minute after the last process.
TIME = "roomd:time"

#: What was heard and is not yet in PostgreSQL, a stream; in one slot with what says that a commit is in it.
LISTENS = "roomd:{listens}"


class RoomKeys(NamedTuple):
    meta: str
    members: str
    entries: str
    order: str
    events: str
    chat: str
    commands: str
    older_commands: str
    bell: str
    pending: str
    bans: str
    requests: str
    ups: str
    reactions: str
    audit: str
    acts: str


@lru_cache(2_000)
def room_keys(room: RoomId) -> RoomKeys:
    """Kept, as every commit asks for them: to put them together takes 4 us on a busy machine, and 0.1 to find them."""
    return RoomKeys._make(map(f"roomd:{{{room}}}:".__add__, RoomKeys._fields))


def bell_room(channel: str) -> RoomId:
    """The room whose bell a channel is."""
    return RoomId(channel[len("roomd:{") : -len("}:bell")])


def pulse_of(room: RoomId) -> str:
    """How closely people in the room kept to the line a moment ago."""
    return f"roomd:{{{room}}}:pulse"


def code_claim(code: Code) -> str:
    return f"roomd:code:{code}"


def rooms_of(user: UserId) -> str:
    return f"roomd:user:{user}:rooms"


def rooms_held_by(process: str) -> str:
    """Rooms in which a process may have sockets, or commits that are not archived yet."""
    return f"roomd:process:{process}:rooms"


def lease(job: str) -> str:
    return f"roomd:lease:{job}"


def listened(room: RoomId, epoch: int, rev: int) -> str:
    """Present where what a commit says of listening is in the stream already."""
    return f"{LISTENS}:{room}:{epoch}.{rev}"


def picks(user: UserId) -> str:
    """What a user may like, for some minutes."""
    return f"roomd:picks:{user}"


def moods(user: UserId) -> str:
    """Present where the user's daily playlists need not be made again yet."""
    return f"roomd:moods:{user}"


def party_key(user: UserId, key: str) -> str:
    """The room of theirs that a user's idempotency key has made a party of."""
    return f"roomd:party:{user}:{key}"


def quota_of(name: str) -> str:
    """When a quota that all processes share will be whole again."""
    return f"roomd:quota:{name}"


def answer(key: str) -> str:
    """What a catalogue's provider answered lately."""
    return f"roomd:answer:{key}"


def limit_of(name: str, subject: str) -> str:
    """When a limit of somebody's will be whole again. All are in one slot, so that several are one call of a script."""
    return f"roomd:{{limits}}:{name}:{subject}"


def told_of(subject: str) -> str:
    """When a limit that processes count by themselves will be whole again, by what all of them told."""
    return f"roomd:{{limits}}:{subject}"


def crowd_of(subject: str) -> str:
    """How many sockets each process has open of somebody."""
    return f"roomd:{{limits}}:open:{subject}"


def ticket_of(digest: str) -> str:
    """Who may open a WebSocket with the ticket of this digest."""
    return f"roomd:ticket:{digest}"
