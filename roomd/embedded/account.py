"""Who the stores run as, and which folders that user may enter.

PostgreSQL refuses to run as root. Root therefore hands both stores to another user, `nobody` unless ROOMD_RUN_AS
names one; everybody else runs them as themselves.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import NamedTuple

from roomd.embedded.error import EmbeddedError
from roomd.settings import Settings


class Account(NamedTuple):
    """`dropped` says that it is not our own, so that children change to it."""

    name: str
    uid: int
    gid: int
    dropped: bool


def choose(settings: Settings) -> Account:
    """The user the stores run as. Raises EmbeddedError when that cannot be."""
    wanted = settings.run_as
    if os.geteuid() != 0:
        own = Account(name_of(os.geteuid()), os.geteuid(), os.getegid(), dropped=False)
        if wanted is not None and wanted != own.name:
            raise EmbeddedError(
                f"ROOMD_RUN_AS is {wanted}, and only root can run the stores as somebody else: unset it"
            )
        return own
    try:
        entry = pwd.getpwnam(wanted or "nobody")
    except KeyError:
        raise EmbeddedError(
            f"there is no user {wanted or 'nobody'} to run Redis and PostgreSQL as: "
            "name an existing one, other than root, in ROOMD_RUN_AS"
        ) from None
    if entry.pw_uid == 0:
        raise EmbeddedError(f"PostgreSQL refuses to run as root: name another user than {wanted} in ROOMD_RUN_AS")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, dropped=True)


def name_of(uid: int) -> str:
    """A user's name, or the number where nobody has given it one, as in many containers."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def closed_to(path: Path, account: Account) -> Path | None:
    """The first thing on the way to `path`, itself included, that the user may not enter or run. None: the way is open.

    The permission bits decide; the user has no groups but its own, since children drop the others.
    """
    whole = path.resolve()
    for step in (*reversed(whole.parents), whole):
        found = step.stat()
        if found.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif found.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not found.st_mode & needed:
            return step
    return None
