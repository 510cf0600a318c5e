"""What stands behind a link in a room's chat, for those who are in the room."""

from msgspec import to_builtins

from roomd.domain.people import demand_member
from roomd.domain.refusals import NotFound
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.operation import text
from roomd.openapi.shapes.library import LinkPreview


@operation(
    "get",
    "What is behind a link in the chat",
    needs="member",
    query=(text("url", "The link", required=True),),
    answer=LinkPreview,
    errors="previews_off busy",
    about="Empty where the page says nothing of itself. The server fetches it, so that browsers ask no one.",
)
class PreviewHandler(RoomHandler):
    async def get(self, ref: str) -> None:
        actor = await self.actor()
        demand_member(await self.visible_room(ref, actor), actor)
        if not self.services.settings.link_previews:
            raise NotFound("This server does not look at links in chats.", "previews_off")
        with elsewhere():
            found = await self.services.library.previews.of(self.get_query_argument("url", ""))
        self.answer(to_builtins(found))


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/rooms/([^/]+)/preview/?", PreviewHandler),
]
