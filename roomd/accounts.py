"""Accounts: signing up, signing in, staying signed in, signing out, and saying who asks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from roomd.clock import Clock
from roomd.domain.actor import (
    Actor,
    invent_name,
    tidy_bio,
    tidy_email,
    tidy_name,
    tidy_username,
    username_key,
)
from roomd.domain.ids import UserId, make_uuid
from roomd.domain.refusals import Conflict, Forbidden, Invalid, Unauthenticated
from roomd.own_account import OwnAccount
from roomd.passwords import Passwords, tidy_password
from roomd.store.accounts import AccountStore, Changes, User
from roomd.store.attempts import Attempts
from roomd.store.postgres import PostgresPool
from roomd.store.revocations import RevocationStore
from roomd.store.sessions import NewSession, Outcome, SessionStore
from roomd.tokens import (
    ACCOUNT_ACCESS_S,
    ACCOUNT_REFRESH_S,
    GUEST_ACCESS_S,
    GUEST_REFRESH_S,
    LEEWAY_S,
    RefreshTokens,
    TokenRing,
    refresh_digest,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis


_LONGEST_USER_AGENT = 200


class Caller(NamedTuple):
    """Who wants to sign in: the address that limits are counted by, and what the browser calls itself."""

    address: str = ""
    user_agent: str = ""


class SignIn(NamedTuple):
    """What a signed-in client holds. The access token is good for `expires_in` seconds."""

    access: str
    refresh: str
    expires_in: int
    user: User


class Credential(NamedTuple):
    """Who holds a token, and until when it is good, in milliseconds since 1970."""

    actor: Actor
    until: float


class Accounts:
    def __init__(
        self,
        *,
        users: AccountStore,
        sessions: SessionStore,
        revocations: RevocationStore,
        attempts: Attempts,
        passwords: Passwords,
        ring: TokenRing,
        refresh_tokens: RefreshTokens,
        clock: Clock,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._revocations = revocations
        self._attempts = attempts
        self._passwords = passwords
        self._ring = ring
        self._refresh_tokens = refresh_tokens
        self._clock = clock
        #: What somebody does to an account of their own.
        self.own = OwnAccount(
            users=users, sessions=sessions, revocations=revocations, attempts=attempts, passwords=passwords, clock=clock
        )

    @property
    def revocations(self) -> RevocationStore:
        return self._revocations

    async def register(self, username: str, email: str, password: str, *, admin: bool = False) -> User:
        """Make an account. Raises Invalid naming every field that will not do."""
        username, email, password = _tidy_new_account(username, email, password)
        user = User(
            id=self._new_id(),
            name=username,
            username=username,
            email=email,
            password_hash=await self._passwords.hash(password),
            is_admin=admin,
        )
        await self._users.add(user, self._clock.now())
        return user

    async def login(self, login: str, password: str, caller: Caller) -> SignIn:
        """Sign in by email or username. A wrong name and a wrong password are refused alike, and in the same time."""
        key = username_key(login.strip())
        await self._attempts.begin(key, caller.address)
        user = await self._find(login)
        hashed = user.password_hash if user else None
        if not await self._passwords.matches(password, hashed) or user is None or hashed is None:
            raise Unauthenticated("no account has this name and password", "wrong_credentials")
        await self._attempts.clear(key, caller.address)
        if self._passwords.outdated(hashed):
            await self._users.set_password_hash(user.id, await self._passwords.hash(password))
        await self._users.seen(user.id, self._clock.now())
        return await self._begin_session(user, caller)

    async def guest(self, name: str | None, caller: Caller) -> SignIn:
        """Let somebody in without an account; a guest who gives no name gets a friendly one."""
        chosen = tidy_name(name) if name and name.strip() else invent_name(self._clock.moment().dice)
        user = User(id=self._new_id(), name=chosen)
        await self._users.add(user, self._clock.now())
        return await self._begin_session(user, caller)

    async def upgrade(self, actor: Actor, username: str, email: str, password: str) -> SignIn:
        """Make an account of a guest, with all that is theirs. Their refresh token goes on; here is none.

        Raises Invalid naming every field that will not do, and Conflict where they are no guest.
        """
        username, email, password = _tidy_new_account(username, email, password)
        if not (await self._users.by_id(actor.id)).guest:
            raise Conflict("this is an account already", "account_already")
        user = await self._users.upgrade(actor.id, username, email, await self._passwords.hash(password))
        return self._sign_in(user, actor.session, "")

    async def refresh(self, token: str, caller: Caller | None = None) -> SignIn:
        """Exchange a refresh token for new tokens. A spent one ends its whole session: code token_reused."""
        digest = refresh_digest(token)
        successors = self._refresh_tokens.successors(token)
        now = self._clock.now()
        candidates = [refresh_digest(each) for each in successors]
        lives, address = (ACCOUNT_REFRESH_S, GUEST_REFRESH_S), caller.address if caller else ""
        rotation = await self._sessions.rotate(digest, candidates, now, *lives, address=address)
        if rotation.outcome in {Outcome.REUSED, Outcome.ENDED}:
            await self._revocations.revoke(rotation.family)
        if rotation.outcome is not Outcome.ROTATED:
            raise _refresh_refused(rotation.outcome)
        user = await self._users.by_id(rotation.user_id)
        await self._users.seen(user.id, now)
        return self._sign_in(user, rotation.family, successors[rotation.chosen])

    async def logout(self, actor: Actor) -> None:
        """End the actor's session: its refresh tokens and its access tokens."""
        if actor.session:
            await self._sessions.revoke(actor.session, self._clock.now())
            await self._revocations.revoke(actor.session)

    async def restore_revocations(self) -> None:
        """Tell a Redis that was emptied which sessions have ended while their access tokens are still good."""
        now = self._clock.now()
        ended = await self._sessions.ended_since(now - self._revocations.kept_s * 1_000, now)
        await self._revocations.restore(ended)

    async def forget_expired(self) -> int:
        """Remove sign-ins that nobody can renew any more; how many."""
        return await self._sessions.forget_expired(self._clock.now())

    async def authenticate(self, token: str) -> Actor:
        """Who holds this access token. Raises Unauthenticated, or Unavailable when that cannot be told."""
        return (await self.credential(token)).actor

    async def credential(self, token: str) -> Credential:
        """As `authenticate`, with the time that is left."""
        verified = self._ring.verify(token)
        await self.demand_session(verified.actor)
        return Credential(verified.actor, verified.until * 1_000.0)

    async def demand_session(self, actor: Actor) -> None:
        """Raise Unauthenticated where the session that the actor's token is of has ended."""
        if actor.session and await self._revocations.is_revoked(actor.session):
            raise Unauthenticated("this session has ended; sign in again", "token_revoked")

    async def profile(self, user_id: UserId) -> User:
        return await self._users.by_id(user_id)

    async def update_profile(self, user_id: UserId, changes: Changes) -> User:
        """Change what is given. Raises Invalid; then nothing has changed."""
        tidy = Changes(
            name=None if changes.name is None else tidy_name(changes.name),
            username=None if changes.username is None else tidy_username(changes.username),
            bio=None if changes.bio is None else tidy_bio(changes.bio),
            avatar=changes.avatar,
        )
        if tidy.username is not None and (await self._users.by_id(user_id)).guest:
            raise Invalid("a guest has no username; set the name", fields={"username": "a guest has none"})
        return await self._users.update(user_id, tidy)

    async def _find(self, login: str) -> User | None:
        try:
            if "@" in login:
                return await self._users.by_email(tidy_email(login))
            return await self._users.by_username(tidy_username(login))
        except Invalid:
            return None

    async def _begin_session(self, user: User, caller: Caller) -> SignIn:
        family, refresh = self._new_id(), self._refresh_tokens.first()
        life_s = GUEST_REFRESH_S if user.guest else ACCOUNT_REFRESH_S
        new = NewSession(family, user.id, caller.user_agent[:_LONGEST_USER_AGENT], caller.address)
        await self._sessions.begin(new, refresh_digest(refresh), self._clock.now(), life_s)
        return self._sign_in(user, family, refresh)

    def _sign_in(self, user: User, family: str, refresh: str) -> SignIn:
        if user.banned:
            raise Forbidden("This account was shut out by those who run this server.", "account_banned")
        actor = Actor(id=user.id, name=user.name, guest=user.guest, admin=user.is_admin, session=family)
        return SignIn(self._ring.issue(actor), refresh, GUEST_ACCESS_S if user.guest else ACCOUNT_ACCESS_S, user)

    def _new_id(self) -> UserId:
        return UserId(make_uuid(self._clock.moment().dice))


def make_accounts(
    *, pool: PostgresPool, redis: "Redis", keys: Sequence[str], passwords: Passwords, clock: Clock
) -> Accounts:
    """The accounts over these two stores. `keys` sign the tokens: today's first, then those that still count."""
    sessions = SessionStore(pool)
    return Accounts(
        users=AccountStore(pool),
        sessions=sessions,
        revocations=RevocationStore(redis, GUEST_ACCESS_S + LEEWAY_S, sessions.ended),
        attempts=Attempts(redis, clock.now),
        passwords=passwords,
        ring=TokenRing(keys, clock.now),
        refresh_tokens=RefreshTokens(keys),
        clock=clock,
    )


def _tidy_new_account(username: str, email: str, password: str) -> tuple[str, str, str]:
    """All three as they are kept, or one Invalid that names all that are wrong."""
    problems: dict[str, str] = {}
    tidied = []
    for tidy, given in (
        (tidy_username, username),
        (tidy_email, email),
        (lambda text: tidy_password(text, username, email), password),
    ):
        try:
            tidied.append(tidy(given))
        except Invalid as refusal:
            problems |= refusal.fields
    if problems:
        said = "; ".join(f"the {field} {problem}" for field, problem in problems.items())
        raise Invalid(said, fields=problems)
    return tidied[0], tidied[1], tidied[2]


def _refresh_refused(outcome: Outcome) -> Unauthenticated:
    if outcome is Outcome.EXPIRED:
        return Unauthenticated("this refresh token has expired; sign in again", "token_expired")
    if outcome is Outcome.REUSED:
        return Unauthenticated("this refresh token was used before; its session is over, sign in again", "token_reused")
    if outcome is Outcome.ENDED:
        return Unauthenticated("this session has ended; sign in again", "token_revoked")
    return Unauthenticated("this refresh token is not valid; sign in again", "token_invalid")
