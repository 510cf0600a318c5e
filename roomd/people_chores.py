"""What the command line does with people: all data of somebody as a file, and the end of their account."""

from pathlib import Path

import click
import msgspec

from roomd import files
from roomd.clock import Clock
from roomd.departures import Departures
from roomd.domain.actor import tidy_email, tidy_username
from roomd.domain.ids import UserId, is_uuid
from roomd.domain.refusals import Invalid, NotFound
from roomd.export import Exports
from roomd.files import FileError
from roomd.pictures import Pictures
from roomd.settings import Settings
from roomd.storage import open_storage
from roomd.store.accounts import AccountStore, User
from roomd.store.capabilities import Capabilities
from roomd.store.departed import DepartedStore
from roomd.store.own_data import OwnData
from roomd.store.playlists import Playlists
from roomd.store.renaming import Renaming
from roomd.store.revocations import RevocationStore
from roomd.store.sessions import SessionStore
from roomd.store.songs import Songs
from roomd.tokens import GUEST_ACCESS_S, LEEWAY_S
from roomd.tools import Tools, tools
from roomd.uploads import Uploads


async def export_user(settings: Settings, who: str, path: Path, *, as_json: bool) -> int:
    """Write all data of somebody into a ZIP; the exit code. Raises FileError."""
    async with tools(settings, Clock()) as given:
        user = await _find(given, who)
        exports, size = Exports(given.core, OwnData(given.pool)), 0
        with files.replacing(path) as stream:
            async for part in exports.archive(user.id):
                size += stream.write(part)
    told = {"id": user.id, "name": user.name, "file": str(path), "bytes": size}
    click.echo(msgspec.json.encode(told).decode() if as_json else f"Wrote {size} bytes of {user.name!r} into {path}.")
    return 0


async def delete_user(settings: Settings, who: str, *, as_json: bool, sure: bool) -> int:
    """Delete somebody's account, and see it through; the exit code."""
    clock = Clock()
    async with tools(settings, clock) as given:
        user = await _find(given, who)
        said = f"{user.name!r} ({user.email or 'a guest'}, {user.id})"
        if not sure and not click.confirm(f"Delete {said} for good?", err=True):
            raise FileError("nothing was deleted")
        departures = _departures(settings, given, clock)
        await departures.delete(user.id)
        await departures.finish()
    told = {"id": user.id, "name": user.name, "deleted": True}
    click.echo(msgspec.json.encode(told).decode() if as_json else f"Deleted {said}.")
    return 0


async def _find(given: Tools, who: str) -> User:
    """By id, email or username. Raises FileError, which is one line on the terminal."""
    users = AccountStore(given.pool)
    try:
        if is_uuid(who.lower()):
            return await users.by_id(UserId(who.lower()))
        user = await (users.by_email(tidy_email(who)) if "@" in who else users.by_username(tidy_username(who)))
    except (Invalid, NotFound):
        user = None
    if user is None:
        raise FileError(f"nobody here has the id, email or username {who}")
    return user


def _departures(settings: Settings, given: Tools, clock: Clock) -> Departures:
    core, pool, redis = given.core, given.pool, given.redis
    sessions = SessionStore(pool)
    playlists = Playlists(pool, Songs(pool), clock.moment)
    uploads = Uploads(Pictures(), open_storage(settings), AccountStore(pool), playlists)
    return Departures(
        store=DepartedStore(pool),
        renaming=Renaming(redis),
        revocations=RevocationStore(redis, GUEST_ACCESS_S + LEEWAY_S, sessions.ended),
        capabilities=Capabilities(redis, pool),
        engine=core.engine,
        index=core.index,
        forget_picture=uploads.forget,
        sign_out=_nothing_open,
        clock=clock,
    )


async def _nothing_open() -> None:
    """A command serves nobody; servers hear of ended sessions by themselves."""
