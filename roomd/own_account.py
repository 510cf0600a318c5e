"""What somebody does to an account of their own: look where it is signed in, end that, and change its password."""

from roomd.clock import Clock
from roomd.domain.actor import Actor
from roomd.domain.ids import is_uuid
from roomd.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from roomd.passwords import Passwords, tidy_password
from roomd.store.accounts import AccountStore, User
from roomd.store.attempts import Attempts
from roomd.store.revocations import RevocationStore
from roomd.store.sessions import SessionStore, SignedIn


class OwnAccount:
    def __init__(
        self,
        *,
        users: AccountStore,
        sessions: SessionStore,
        revocations: RevocationStore,
        attempts: Attempts,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._revocations = revocations
        self._attempts = attempts
        self._passwords = passwords
        self._clock = clock

    async def sessions(self, actor: Actor) -> list[SignedIn]:
        """Where the actor is signed in, the last used first."""
        return await self._sessions.of(actor.id, self._clock.now())

    async def end_session(self, actor: Actor, family: str) -> None:
        """End one, which may be the actor's own. Raises NotFound."""
        ended = await self._sessions.end(actor.id, self._clock.now(), only=family.lower()) if is_uuid(family) else []
        if not ended:
            raise NotFound("you are not signed in there (any more)", "no_such_session")
        await self._revocations.revoke(*ended)

    async def end_others(self, actor: Actor) -> int:
        """End all sessions but the actor's own; how many."""
        ended = await self._sessions.end(actor.id, self._clock.now(), but=actor.session)
        if ended:
            await self._revocations.revoke(*ended)
        return len(ended)

    async def change_password(self, actor: Actor, former: str, password: str, address: str) -> int:
        """All other sessions end by it; how many. Raises Invalid, Forbidden, Conflict and Limited."""
        user = await self.prove(actor, former, address)
        if user.guest:
            raise Conflict("a guest has no password; make an account first", "guest")
        try:
            tidied = tidy_password(password, user.username or "", user.email or "")
        except Invalid as refusal:
            raise Invalid(refusal.message, fields={"new_password": refusal.fields["password"]}) from None
        await self._users.set_password_hash(user.id, await self._passwords.hash(tidied))
        return await self.end_others(actor)

    async def prove(self, actor: Actor, password: str, address: str) -> User:
        """The actor's account, once they have said its password; a guest has none to say. Raises Forbidden, Limited."""
        user = await self._users.by_id(actor.id)
        if user.password_hash is not None:
            await self._attempts.begin(user.id, address)
            if not await self._passwords.matches(password, user.password_hash):
                raise Forbidden("that is not your password", "not_your_password", {"password": "is not yours"})
            await self._attempts.clear(user.id, address)
        return user
