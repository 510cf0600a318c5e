"""What a request is: the value that rooms keep. Its rules are in requests.py."""

from typing import Literal

from msgspec import Struct

from roomd.domain.ids import EntryId, RequestId, UserId
from roomd.domain.track import Track

Action = Literal["add", "play_next", "remove", "move"]
Status = Literal["pending", "approved", "rejected", "withdrawn", "expired"]


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`track` is wanted by add and play_next, `entry` by remove and move; `before` None moves to the end."""

    id: RequestId
    by: UserId
    by_name: str
    action: Action
    track: Track | None = None
    entry: EntryId | None = None
    before: EntryId | None = None
    at: float
    status: Status = "pending"
    decided_at: float | None = None
    decided_by: UserId | None = None
    reason: str = ""
