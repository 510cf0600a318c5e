"""People overseen, over HTTP: accounts and guests, their sign-ins, and what admins did."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from roomd.domain.devices import device_of
from roomd.domain.ids import is_uuid
from roomd.domain.refusals import NotFound
from roomd.domain.text import tidy_text
from roomd.handlers.admin import MAX_REASON, REASON, SOUGHT, SPAN, AdminHandler, WhyBody, shown
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.openapi.operation import Parameter, flag, text
from roomd.openapi.shapes.admin import Acts, OverseenPeople, OverseenSessions

#: What may be noted of an admin.
ACTS = (
    "close_room",
    "kick",
    "ban_from_room",
    "remove_message",
    "promote",
    "demote",
    "ban",
    "unban",
    "end_session",
)


class PersonBody(Struct):
    admin: bool
    reason: Annotated[str, Meta(max_length=800)] = ""


@operation(
    "get",
    "People, the last seen first",
    who="admin",
    query=(
        SOUGHT,
        Parameter("kind", Literal["", "account", "guest"], "Only these", ""),
        flag("admins", "Only admins"),
        flag("banned", "Only those who are shut out"),
        *SPAN,
    ),
    answer=OverseenPeople,
    about="By name, username, email or id.",
)
class AdminPeopleHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        kind, span = self.choice("kind", "account", "guest"), self.span()
        rows = await self.services.oversight.look.people(
            self.sought(), kind, *span, admins=self.flag("admins"), banned=self.flag("banned")
        )
        self.answer({"people": [shown(row) for row in rows], "count": len(rows)})


@operation(
    "patch",
    "Make somebody an admin, or no admin any more",
    who="admin",
    body=PersonBody,
    errors="no_such_user not_an_account last_admin",
    about="Whoever is none any more has to sign in again.",
)
class AdminPersonHandler(AdminHandler):
    async def patch(self, user: str) -> None:
        admin, body = await self.admin(), self.body(PersonBody)
        why = tidy_text("reason", body.reason, MAX_REASON, empty=True)
        await self.services.oversight.set_admin(admin, self.user(user), why, on=body.admin)
        self.set_status(204)


@operation(
    "put",
    "Shut an account out",
    who="admin",
    body=WhyBody,
    query=(REASON,),
    errors="no_such_user is_admin",
    about="They are signed out everywhere, and cannot sign in.",
)
@operation("delete", "Let somebody in again", who="admin", body=WhyBody, query=(REASON,), errors="no_such_user")
class AdminBanHandler(AdminHandler):
    async def put(self, user: str) -> None:
        await self.services.oversight.ban(await self.admin(), self.user(user), self.why())
        self.set_status(204)

    async def delete(self, user: str) -> None:
        await self.services.oversight.unban(await self.admin(), self.user(user), self.why())
        self.set_status(204)


@operation(
    "get",
    "Who is signed in where, the last used first",
    who="admin",
    query=(text("user", "A person's id: only theirs"), SOUGHT, *SPAN),
    answer=OverseenSessions,
    about="By name, username, email or id.",
)
class AdminSessionsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        user, now = self.get_query_argument("user", ""), self.services.clock.now()
        rows = await self.services.oversight.look.sessions(user, self.sought(), now, *self.span())
        told = [shown(row) | device_of(row["user_agent"])._asdict() for row in rows]
        self.answer({"sessions": told, "count": len(told)})


@operation(
    "delete",
    "End somebody's sign-in",
    who="admin",
    body=WhyBody,
    query=(REASON,),
    errors="no_such_user no_such_session",
)
class AdminSessionHandler(AdminHandler):
    async def delete(self, user: str, family: str) -> None:
        admin, why = await self.admin(), self.why()
        if not is_uuid(family):
            raise NotFound("there is no such session", "no_such_session")
        await self.services.oversight.end_session(admin, self.user(user), family.lower(), why)
        self.set_status(204)


@operation(
    "get",
    "What admins did, the latest first",
    who="admin",
    query=(SOUGHT, Parameter("act", Literal["", *ACTS], "Only these", ""), *SPAN),
    answer=Acts,
    about="By admin, by what it was done to, by why, or by either's id.",
)
class AdminActsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        rows = await self.services.oversight.look.acts(self.choice("act", *ACTS), self.sought(), *self.span())
        self.answer({"acts": [shown(row) for row in rows], "count": len(rows)})


_USER = r"/api/admin/people/([^/]+)"
ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/admin/people/?", AdminPeopleHandler),
    (rf"{_USER}/?", AdminPersonHandler),
    (rf"{_USER}/ban/?", AdminBanHandler),
    (rf"{_USER}/sessions/([^/]+)/?", AdminSessionHandler),
    (r"/api/admin/sessions/?", AdminSessionsHandler),
    (r"/api/admin/audit/?", AdminActsHandler),
]
