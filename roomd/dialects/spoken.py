"""What the dialects with positions in seconds have in common: reading a message, and saying where a room is."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from roomd.dialects.room_object import Shape, queue_object
from roomd.domain.chat import Message
from roomd.domain.entries import ordered, place
from roomd.domain.playback import PlaybackChanged, position_at
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.room import Room
from roomd.domain.track import MAX_DURATION_MS

M = TypeVar("M")
Seconds = Annotated[float, Meta(ge=0, le=MAX_DURATION_MS / 1_000)]
#: Bytes up to which a queue is told whole with every change of it: 500 tracks have 150 to 250 thousand. Beyond, so many
#: entries before the current one and from it on; otherwise a few changes at once would look like a client too slow.
MAX_QUEUE = 256 * 1_024
PLAYED_TOLD = 10
COMING_TOLD = 30

#: Milliseconds within which whatever is about to start does, and by which nobody notices that something has moved.
LEAD_MS = 1_000.0
AUDIBLE_MS = 20.0

_encode = msgspec.json.Encoder().encode


def text(message: object) -> str:
    return _encode(message).decode()


def understand(decoder: "msgspec.json.Decoder[M]", message: str | bytes) -> M:
    """The message as the decoder's type. Raises Invalid, naming the field."""
    if isinstance(message, bytes):
        raise Invalid("Messages are text frames; this one is binary.")
    try:
        return decoder.decode(message)
    except msgspec.ValidationError as fault:
        raise _wrong(str(fault)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Invalid("That is not JSON.", "invalid_json") from None


def ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1_000


def line(room: Room, now: float) -> dict[str, object]:
    """Where the room is: at `position` seconds when its clock shows `server_time`, and on from there at `rate`.

    What has just been started or sought begins a moment later, so that all begin together: `server_time` is that
    instant, and `starts_in` the seconds until then.
    """
    playback = room.playback
    holds_at = max(now, playback.as_of) if playback.playing else now
    return {
        "is_playing": playback.playing,
        "position": round(position_at(playback, holds_at) / 1_000, 3),
        "rate": playback.rate,
        "server_time": round(holds_at, 1),
        "starts_in": round((holds_at - now) / 1_000, 4),
    }


def played_anew(event: PlaybackChanged, before: Room) -> bool:
    """Whether something began: another entry, the same one again, or what had been paused."""
    if not event.playback.playing:
        return False
    again = event.cause not in {"seek", "rate", "play"}
    return again or not before.playback.playing or event.playback.entry != before.playback.entry


def moved(before: Room, after: Room, now: float) -> bool:
    """Whether a player that was at the one's line has to do anything to be at the other's."""
    a, b = before.playback, after.playback
    if (a.entry, a.playing, a.rate) != (b.entry, b.playing, b.rate):
        return True
    # By then, what is about to start has started.
    return abs(position_at(a, now + LEAD_MS) - position_at(b, now + LEAD_MS)) >= AUDIBLE_MS


def queue_changed(before: Room, after: Room) -> bool:
    """Whether the queue as it is shown differs: its entries, their order, or which of them is current."""
    if before.playback.entry != after.playback.entry:
        return True
    # Most commits leave both as the very same objects.
    entries = before.entries is not after.entries and before.entries != after.entries
    return entries or (before.ranks is not after.ranks and before.ranks != after.ranks)


def current_changed(before: Room, after: Room) -> bool:
    """Whether more is known of the entry that plays: its length, by now."""
    current = after.playback.entry
    return current is not None and current in before.entries and before.entries[current] != after.entries.get(current)


def queue_told(room: Room) -> Shape:
    """The queue object; of one that is too large to be told with each change, what is around the current entry."""
    shown = queue_object(room)
    if len(_encode(shown)) <= MAX_QUEUE:
        return shown
    entries = shown["entries"]
    assert isinstance(entries, list)
    here = max(0, place(room, ordered(room)))
    return shown | {"entries": entries[max(0, here - PLAYED_TOLD) : here + COMING_TOLD]}


def new_lines(before: Sequence[Message], after: Sequence[Message]) -> list[Message]:
    """The lines of chat that were not there before. A number may stand for another line than it did."""
    known = {_saying(line) for line in before}
    return [line for line in after if _saying(line) not in known]


def lines_lost(before: Sequence[Message], after: Sequence[Message]) -> bool:
    """Whether what is shown is not just what was shown before, with more lines at its end and fewer at its start."""
    was, now = [_saying(line) for line in before], [_saying(line) for line in after]
    kept = len(set(was) & set(now))
    return was[len(was) - kept :] != now[:kept] or (kept < len(was) and len(now) < len(was))


def _saying(line: Message) -> tuple[str, float, str, str]:
    return line.id, line.at, line.by, line.text


def fault(refusal: Refusal) -> dict[str, object]:
    """A refusal as the fields of an error."""
    told: dict[str, object] = {"code": refusal.code, "message": refusal.message, "retriable": refusal.temporary}
    return told | ({"fields": fields_of(refusal)} if refusal.fields else {})


def fields_of(refusal: Refusal) -> dict[str, str]:
    """What is wrong with which field. These messages hold one track, so a field of it needs no number."""
    return {name.removeprefix("tracks[0]."): reason for name, reason in refusal.fields.items()}


def _wrong(reason: str) -> Invalid:
    said, _, path = reason.partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    missing = said.partition("missing required field `")[2]
    if missing:
        field, said = f"{field}.{missing.rstrip('`')}".lstrip("."), "is required"
    if field in {"", "type"}:
        return Invalid(f"Unknown or missing message type: {said}." if field else f"That is no message: {said}.")
    return Invalid(f"{field}: {said}", fields={field: said})
