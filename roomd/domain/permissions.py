"""Who may do what: a table of rights per role, changed as a whole by a preset or one role at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from roomd.domain.people import ALL_RIGHTS, HOSTS_OWN, RIGHTS, Right, demand, rights_of
from roomd.domain.refusals import Invalid
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

Preset = Literal["party", "host_only", "everyone_pauses", "everyone_controls"]
Table = Mapping[Literal["cohost", "member"], frozenset[Right]]

#: `party` is what a new room begins with: guests add and chat, hosts steer.
PRESETS: Mapping[Preset, Table] = {
    "party": {"cohost": RIGHTS["cohost"], "member": RIGHTS["member"]},
    "host_only": {"cohost": RIGHTS["cohost"], "member": frozenset({"request", "vote", "chat"})},
    "everyone_pauses": {"cohost": RIGHTS["cohost"], "member": RIGHTS["member"] | {"play"}},
    "everyone_controls": {
        "cohost": RIGHTS["cohost"],
        "member": RIGHTS["member"] | {"play", "seek", "skip", "remove", "reorder"},
    },
}


class Permit(Command, frozen=True):
    """Set the rights of roles: by a `preset`, or of one `role` by a list of `rights`."""

    preset: Preset | None = None
    role: Literal["cohost", "member"] | None = None
    rights: frozenset[Right] = frozenset()


class RightsChanged(Event, frozen=True):
    rights: Mapping[Literal["cohost", "member"], frozenset[Right]]


def permit(room: Room, command: Permit, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "roles")
    if (command.preset is None) == (command.role is None):
        raise Invalid("Give a preset, or a role and its rights.")
    if command.preset is not None:
        wanted = PRESETS[command.preset]
    else:
        assert command.role is not None
        kept = command.rights & HOSTS_OWN
        if kept:
            reason = f"{' and '.join(sorted(kept))} stay with the host"
            raise Invalid(f"The rights {reason}.", fields={"rights": reason})
        wanted = {command.role: command.rights & ALL_RIGHTS}
    changed = {role: rights for role, rights in wanted.items() if rights_of(room, role) != rights}
    return [RightsChanged(rights=changed)] if changed else []


def rights_changed(room: Room, event: RightsChanged) -> Room:
    return structs.replace(room, rights={**room.rights, **event.rights})
