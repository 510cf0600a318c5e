"""One's own account over HTTP: where it is signed in, its password, making one of a guest, all its data, its end."""

import asyncio

from msgspec import Struct
from tornado.iostream import StreamClosedError

from roomd.dialects.room_object import timestamp
from roomd.domain.devices import device_of
from roomd.domain.refusals import NotFound, Unavailable
from roomd.handlers.accounts import nobody, welcome
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.openapi.shapes.accounts import Ended, Sessions, Upgraded
from roomd.store.sessions import SignedIn

#: Seconds that a reader of an export may leave it standing still.
STALL_S = 30.0


class PasswordBody(Struct):
    password: str
    new_password: str


class UpgradeBody(Struct):
    username: str
    email: str
    password: str


class DeleteBody(Struct):
    """A guest has no password to say."""

    password: str = ""


@operation("get", "Where you are signed in", answer=Sessions)
@operation("delete", "Sign out everywhere else", answer=Ended)
class SessionsHandler(ApiHandler):
    async def get(self) -> None:
        actor = await self.actor()
        found = await self.services.accounts.own.sessions(actor)
        shown = [session(each) | {"current": each.family == actor.session} for each in found]
        self.answer({"sessions": shown, "count": len(shown)})

    async def delete(self) -> None:
        """All but the one that asks."""
        self.answer({"ended": await self.services.accounts.own.end_others(await self.actor())})


@operation("delete", "Sign out somewhere", errors="no_such_session")
class SessionHandler(ApiHandler):
    async def delete(self, family: str) -> None:
        await self.services.accounts.own.end_session(await self.actor(), family)
        self.set_status(204)


@operation(
    "post",
    "Change your password",
    body=PasswordBody,
    answer=Ended,
    errors="not_your_password guest too_many_attempts",
    about="All other sessions end by it.",
)
class PasswordHandler(ApiHandler):
    async def post(self) -> None:
        actor = await self.actor()
        body, address = self.body(PasswordBody), self.client_address()
        own = self.services.accounts.own
        self.answer({"ended": await own.change_password(actor, body.password, body.new_password, address)})


@operation(
    "post",
    "Make an account of a guest",
    body=UpgradeBody,
    answer=Upgraded,
    errors="taken account_already",
    about="They are the same person, with all that is theirs; their refresh token goes on.",
)
class UpgradeHandler(ApiHandler):
    async def post(self) -> None:
        actor = await self.actor()
        body = self.body(UpgradeBody)
        signed_in = await self.services.accounts.upgrade(actor, body.username, body.email, body.password)
        self.answer({key: value for key, value in welcome(signed_in).items() if key != "refresh_token"})


@operation("post", "Delete your account, for good", body=DeleteBody, errors="not_your_password too_many_attempts")
class DeleteHandler(ApiHandler):
    async def post(self) -> None:
        actor = await self.actor()
        try:
            await self.services.accounts.own.prove(actor, self.body(DeleteBody).password, self.client_address())
        except NotFound:
            raise nobody() from None
        if not await self.services.own.departures.delete(actor.id):
            raise nobody()
        self.set_status(204)


@operation("get", "All of your data, as a ZIP", answer=bytes, mime=("application/zip",), errors="busy")
class ExportHandler(ApiHandler):
    async def get(self) -> None:
        actor = await self.actor()
        exports = self.services.own.exports
        with exports.place(actor.id):
            self.set_header("Content-Type", "application/zip")
            self.set_header("Content-Disposition", 'attachment; filename="roomd-export.zip"')
            with elsewhere():
                try:
                    async for part in exports.archive(actor.id):
                        self.write(part)
                        async with asyncio.timeout(STALL_S):
                            await self.flush()
                except (StreamClosedError, TimeoutError, Unavailable):
                    # What came so far is no ZIP; a broken connection says so.
                    self.request.connection.stream.close()  # type: ignore[union-attr]


def session(of: SignedIn) -> dict[str, object]:
    device = device_of(of.user_agent)
    told: dict[str, object] = {
        "id": of.family,
        "device": str(device),
        "browser": device.browser,
        "system": device.system,
    }
    return told | {"address": of.address, "created_at": timestamp(of.created_at), "last_used": timestamp(of.last_used)}


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/accounts/sessions/?", SessionsHandler),
    (r"/api/accounts/sessions/([^/]+)/?", SessionHandler),
    (r"/api/accounts/password/?", PasswordHandler),
    (r"/api/accounts/upgrade/?", UpgradeHandler),
    (r"/api/accounts/delete/?", DeleteHandler),
    (r"/api/accounts/export/?", ExportHandler),
]
