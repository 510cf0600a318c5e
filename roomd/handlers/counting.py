"""What is counted beyond a request itself: codes that are of no room, and links that are looked up."""

from collections.abc import Iterable

from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, is_uuid
from roomd.domain.people import role_of
from roomd.domain.refusals import Limited, NotFound, no_such_room
from roomd.domain.room import Room
from roomd.domain.track import MEDIA_PATH
from roomd.domain.wanted import Wanted
from roomd.limiting import Who
from roomd.services import Services


async def find_room(services: Services, ref: str, actor: Actor | None, address: str) -> RoomId:
    """The room that an id or a code names. Whoever tried too many codes is told nothing more, but where they are
    members already. Raises NotFound or Limited.
    """
    engine, limiter = services.engine, services.limiter
    if is_uuid(ref.lower()):
        # 122 random bits: nobody guesses those.
        return await engine.find(ref)
    try:
        limiter.demand_code(address)
    except Limited as refusal:
        return await _of_member(services, ref, actor, refusal)
    try:
        return await engine.find(ref)
    except NotFound:
        await limiter.wrong_code(address)
        raise


async def visible_room(services: Services, ref: str, actor: Actor | None, address: str) -> Room:
    """The room, if the asker may know of it: absent and forbidden look the same, and count the same."""
    room = await services.engine.room(await find_room(services, ref, actor, address))
    if room.settings.visibility == "private" and (actor is None or role_of(room, actor.id) is None):
        if not is_uuid(ref.lower()):
            await services.limiter.wrong_code(address)
        raise no_such_room()
    return room


async def count_links(services: Services, wanted: Iterable[Wanted], actor: Actor, address: str) -> None:
    """Count links that are to be looked at elsewhere. Raises Limited."""
    links = sum(1 for each in wanted if (url := each.url.strip()) and not url.startswith(MEDIA_PATH))
    await services.limiter.use("link", Who(address, actor.id), links)


async def _of_member(services: Services, ref: str, actor: Actor | None, refusal: Limited) -> RoomId:
    if actor is None:
        raise refusal
    try:
        room = await services.engine.room(await services.engine.find(ref))
    except NotFound:
        raise refusal from None
    if role_of(room, actor.id) is None:
        raise refusal
    return room.id
