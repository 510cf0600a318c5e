"""The Collab contract: `/ws/sessions/{room}/` and the request log over HTTP, as docs/collab.md describes them."""

from typing import Annotated, get_args

from msgspec import Meta, Struct

from roomd.dialects.collab import COLLAB, RequestData, asked, request_object
from roomd.dialects.dialect import WantRequest
from roomd.domain.ids import RequestId
from roomd.domain.people import demand_member
from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.requests import LOG, MAX_PENDING, MAX_REASON, Ask, Decide, RequestMade, Withdraw
from roomd.domain.wishes import Status
from roomd.domain.words import Command
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.counting import count_links
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.handlers.speaking import SpeakingSocket
from roomd.openapi.operation import Parameter, limit
from roomd.openapi.shapes.rooms import Request, Requests

Reason = Annotated[str, Meta(max_length=MAX_REASON * 4)]


class ReasonBody(Struct):
    reason: Reason = ""


class DecideBody(Struct):
    requests: Annotated[list[str], Meta(min_length=1, max_length=MAX_PENDING)]
    approve: bool = True
    reason: Reason = ""


@operation(
    "get",
    "The request log",
    needs="member",
    query=(Parameter("status", Status, "Only those with this status"), limit(LOG, LOG + MAX_PENDING)),
    answer=Requests,
)
@operation(
    "post",
    "Ask for a change to the queue",
    needs="request",
    body=RequestData,
    answer=Request,
    status=201,
    errors="not_media no_such_entry duplicate requests_full too_many_requests",
)
class RequestsHandler(RoomHandler):
    async def get(self, ref: str) -> None:
        """The request log, the newest first."""
        actor = await self.actor()
        room = await self.visible_room(ref, actor)
        demand_member(room, actor)
        status = self.get_query_argument("status", "")
        if status and status not in get_args(Status):
            reason = f"must be one of {', '.join(get_args(Status))}"
            raise Invalid(f"status {reason}", fields={"status": reason})
        limit = self.limit(LOG, LOG + MAX_PENDING)
        wanted = [each for each in room.requests.values() if status in {"", each.status}]
        wanted.sort(key=lambda request: request.at, reverse=True)
        shown = [request_object(request, room) for request in wanted[:limit]]
        self.answer({"requests": shown, "count": len(shown)})

    async def post(self, ref: str) -> None:
        """Ask for a change to the queue."""
        actor = await self.actor()
        room = await self.visible_room(ref, actor)
        demand_member(room, actor)
        wish = asked(self.body(RequestData))
        if isinstance(wish, WantRequest):
            await count_links(self.services, [wish.wanted], actor, self.client_address())
            with elsewhere():
                (track,) = await self.services.resolver.resolve([wish.wanted])
            wish = Ask(action=wish.action, track=track)
        receipt = await self.command(ref, wish)
        # Asked again under the same key, it is still the request that was made the first time.
        commits = await self.services.rooms.log(room.id, receipt.rev - 1, receipt.rev)
        events = (event for commit in commits for event in commit.events)
        made = next((event.request for event in events if isinstance(event, RequestMade)), None)
        if made is None:
            reason = "stood for something else before"
            raise Invalid(f"The Idempotency-Key {reason}.", fields={"Idempotency-Key": reason})
        self.answer(request_object(receipt.room.requests.get(made.id, made), room), 201)


@operation(
    "post",
    "Decide several requests",
    needs="approve",
    body=DecideBody,
    answer=Requests,
    errors="no_such_request already_decided outdated",
    about="All of them are decided, or none.",
)
class DecideHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        """Approve or reject several: all of them, or none."""
        body = self.body(DecideBody)
        keys = tuple(dict.fromkeys(RequestId(key) for key in body.requests))
        room = (await self.command(ref, Decide(requests=keys, approve=body.approve, reason=body.reason))).room
        shown = [request_object(room.requests[key], room) for key in keys if key in room.requests]
        self.answer({"requests": shown, "count": len(shown)})


class RequestHandler(RoomHandler):
    async def settle(self, ref: str, request: str, command: Command) -> None:
        """Carry out what is decided about one request, and answer with what became of it."""
        room = (await self.command(ref, command)).room
        settled = room.requests.get(RequestId(request))
        if settled is None:
            raise NotFound("There is no such request.", "no_such_request")
        self.answer(request_object(settled, room))


@operation(
    "post",
    "Approve a request",
    needs="approve",
    body=ReasonBody,
    answer=Request,
    errors="no_such_request already_decided outdated",
)
class ApproveHandler(RequestHandler):
    async def post(self, ref: str, request: str) -> None:
        reason = self.body(ReasonBody).reason
        await self.settle(ref, request, Decide(requests=(RequestId(request),), approve=True, reason=reason))


@operation(
    "post",
    "Reject a request",
    needs="approve",
    body=ReasonBody,
    answer=Request,
    errors="no_such_request already_decided",
)
class RejectHandler(RequestHandler):
    async def post(self, ref: str, request: str) -> None:
        reason = self.body(ReasonBody).reason
        await self.settle(ref, request, Decide(requests=(RequestId(request),), approve=False, reason=reason))


@operation("post", "Take a request back", needs="owner", answer=Request, errors="no_such_request already_decided")
class WithdrawHandler(RequestHandler):
    async def post(self, ref: str, request: str) -> None:
        await self.settle(ref, request, Withdraw(request=RequestId(request)))


class CollabSocket(SpeakingSocket):
    __slots__ = ()

    dialect = COLLAB


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/rooms/([^/]+)/requests/?", RequestsHandler),
    (r"/api/rooms/([^/]+)/requests/decide/?", DecideHandler),
    (r"/api/rooms/([^/]+)/requests/([^/]+)/approve/?", ApproveHandler),
    (r"/api/rooms/([^/]+)/requests/([^/]+)/reject/?", RejectHandler),
    (r"/api/rooms/([^/]+)/requests/([^/]+)/withdraw/?", WithdrawHandler),
]
