"""Accounts over HTTP, in the words of PlayPod (`/api/accounts/…`) and of StreamIt (`/api/auth/…`)."""

from msgspec import UNSET, Struct, UnsetType

from roomd.accounts import Caller, SignIn
from roomd.domain.refusals import Invalid, NotFound, Unauthenticated
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.openapi.shapes.accounts import Message, Profile, Registered, SignedIn, SocketTicket, Tokens
from roomd.store.accounts import Changes, User
from roomd.store.tickets import TICKET_S, Ticket


class Registration(Struct):
    username: str
    email: str
    password: str


class Credentials(Struct):
    """`email` or `username`; either field takes either."""

    password: str
    email: str = ""
    username: str = ""

    @property
    def login(self) -> str:
        login = self.email or self.username
        if not login.strip():
            raise Invalid("email is required", fields={"email": "is required"})
        return login


class RefreshBody(Struct):
    refresh: str


class GuestBody(Struct):
    name: str | None = None


class ProfileBody(Struct):
    """Fields that are not here, such as the email, are not changed by this."""

    name: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    bio: str | UnsetType = UNSET


class _AccountHandler(ApiHandler):
    def caller(self) -> Caller:
        return Caller(self.client_address(), self.request.headers.get("User-Agent", ""))


@operation("post", "Make an account", who="open", body=Registration, answer=Registered, status=201, errors="taken")
class RegisterHandler(_AccountHandler):
    counted = ("POST", "registration")

    async def post(self) -> None:
        body = self.body(Registration)
        user = await self.services.accounts.register(body.username, body.email, body.password)
        self.answer({"id": user.id, "username": user.username, "email": user.email}, 201)


@operation(
    "post",
    "Sign in, for PlayPod's clients",
    who="open",
    body=Credentials,
    answer=Tokens,
    errors="wrong_credentials account_banned too_many_attempts",
)
class TokenHandler(_AccountHandler):
    counted = ("POST", "sign_in")

    async def post(self) -> None:
        body = self.body(Credentials)
        signed_in = await self.services.accounts.login(body.login, body.password, self.caller())
        self.answer({"refresh": signed_in.refresh, "access": signed_in.access})


@operation(
    "post",
    "Renew tokens",
    who="open",
    body=RefreshBody,
    answer=Tokens,
    errors="token_invalid token_expired token_revoked token_reused account_banned",
    about="The refresh token is spent by it; used again, its session ends.",
)
class TokenRefreshHandler(_AccountHandler):
    counted = ("POST", "refresh")

    async def post(self) -> None:
        signed_in = await self.services.accounts.refresh(self.body(RefreshBody).refresh, self.caller())
        self.answer({"access": signed_in.access, "refresh": signed_in.refresh})


@operation("get", "Your profile", answer=Profile)
@operation("patch", "Change your profile", body=ProfileBody, answer=Profile, errors="taken")
class ProfileHandler(_AccountHandler):
    async def get(self) -> None:
        actor = await self.actor()
        try:
            self.answer(profile(await self.services.accounts.profile(actor.id)))
        except NotFound:
            raise nobody() from None

    async def patch(self) -> None:
        actor = await self.actor()
        body = self.body(ProfileBody)
        changes = Changes(
            name=None if body.name is UNSET else body.name,
            username=None if body.username is UNSET else body.username,
            bio=None if body.bio is UNSET else body.bio,
        )
        try:
            self.answer(profile(await self.services.accounts.update_profile(actor.id, changes)))
        except NotFound:
            raise nobody() from None


@operation(
    "post",
    "Sign in",
    who="open",
    body=Credentials,
    answer=SignedIn,
    errors="wrong_credentials account_banned too_many_attempts",
)
class LoginHandler(_AccountHandler):
    counted = ("POST", "sign_in")

    async def post(self) -> None:
        body = self.body(Credentials)
        self.answer(welcome(await self.services.accounts.login(body.login, body.password, self.caller())))


@operation(
    "post",
    "Become a guest",
    who="open",
    body=GuestBody,
    answer=SignedIn,
    about="Without a name a friendly one is invented.",
)
class GuestHandler(_AccountHandler):
    counted = ("POST", "guest")

    async def post(self) -> None:
        body = self.body(GuestBody)
        self.answer(welcome(await self.services.accounts.guest(body.name, self.caller())))


@operation("post", "Sign out", answer=Message, about="The session's tokens are no good any more.")
class LogoutHandler(_AccountHandler):
    async def post(self) -> None:
        await self.services.accounts.logout(await self.actor())
        self.answer({"message": "signed out"})


@operation("post", "Get a ticket for a WebSocket", answer=SocketTicket, about="In place of the token; good once.")
class TicketHandler(_AccountHandler):
    counted = ("POST", "ticket")

    async def post(self) -> None:
        """What opens one WebSocket in place of the token, which then stands in no address."""
        sent = self.request.headers.get("Authorization", "").partition(" ")[2]
        await self.actor()
        actor, until = await self.services.accounts.credential(sent.strip())
        ticket = await self.services.tickets.issue(Ticket(actor, until))
        self.answer({"ticket": ticket, "expires_in": TICKET_S})


def profile(user: User) -> dict[str, str]:
    """A user's own view of themselves. A guest's username is the name they go by."""
    return {
        "id": user.id,
        "username": user.username or user.name,
        "email": user.email or "",
        "name": user.name,
        "bio": user.bio,
        "avatar": user.avatar,
    }


def welcome(signed_in: SignIn) -> dict[str, object]:
    """What StreamIt answers to whoever signs in."""
    user = signed_in.user
    return {
        "access_token": signed_in.access,
        "refresh_token": signed_in.refresh,
        "token_type": "Bearer",
        "expires_in": signed_in.expires_in,
        "user": {
            "id": user.id,
            "name": user.name,
            "username": user.username or user.name,
            "email": user.email or "",
            "is_guest": user.guest,
            **({"is_admin": True} if user.is_admin else {}),
        },
    }


def nobody() -> Unauthenticated:
    """Of somebody who has deleted their account since."""
    return Unauthenticated("the user of this token is gone; sign in again", "token_invalid")


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/accounts/register/?", RegisterHandler),
    (r"/api/accounts/token/?", TokenHandler),
    (r"/api/accounts/token/refresh/?", TokenRefreshHandler),
    (r"/api/accounts/profile/?", ProfileHandler),
    (r"/api/auth/login/?", LoginHandler),
    (r"/api/auth/guest/?", GuestHandler),
    (r"/api/auth/logout/?", LogoutHandler),
    (r"/api/auth/ticket/?", TicketHandler),
]
