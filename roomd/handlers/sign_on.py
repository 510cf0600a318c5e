"""Whose a WebSocket is: by an access token, or by a ticket that was given for one."""

from roomd.accounts import Credential
from roomd.domain.refusals import Unauthenticated
from roomd.services import Services
from roomd.store.tickets import MARK


async def credential_of(services: Services, token: str) -> Credential:
    """Raises Unauthenticated, or Unavailable when that cannot be told."""
    if not token.startswith(MARK):
        return await services.accounts.credential(token)
    ticket = await services.tickets.take(token)
    if ticket is None:
        raise Unauthenticated("this ticket was used, or has run out; get another", "token_invalid")
    await services.accounts.demand_session(ticket.actor)
    return Credential(ticket.actor, ticket.until)
