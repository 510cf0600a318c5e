"""`roomd create-admin`: whoever may administer this server."""

import sys
from typing import NamedTuple

import click

from roomd.admins import Admins, open_admins
from roomd.commands import TO_DO, tell
from roomd.domain.actor import tidy_email
from roomd.domain.refusals import NotFound
from roomd.settings import Settings
from roomd.store.accounts import User


class Wanted(NamedTuple):
    """What was said at the command line; the rest is asked for."""

    email: str | None
    username: str | None
    password_stdin: bool
    promote: bool


async def create_admin(settings: Settings, wanted: Wanted, *, as_json: bool) -> int:
    """Make an admin; the exit code. Raises a Refusal."""
    async with open_admins(settings) as admins:
        email = wanted.email or _asked("Email")
        known = await admins.with_email(tidy_email(email))
        if known is not None:
            return await _known(admins, known, promote=wanted.promote, as_json=as_json)
        if wanted.promote:
            raise NotFound(f"no account has the email {email}")
        user = await admins.add(wanted.username or _asked("Username"), email, _password(wanted))
    tell(_told(user, "created"), f"@{user.username} is an admin now.", as_json=as_json)
    return 0


def _password(wanted: Wanted) -> str:
    """Never an argument, which others on this machine see."""
    if wanted.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _asked(what: str) -> str:
    return str(click.prompt(what, err=True))


async def _known(admins: Admins, user: User, *, promote: bool, as_json: bool) -> int:
    """An account has that email."""
    if user.is_admin:
        tell(_told(user, "unchanged"), f"@{user.username} is an admin already.", as_json=as_json)
        return 0
    if not promote:
        said = f"There is an account @{user.username} with this email. If you know whose it is, add --promote."
        tell(_told(user, "exists"), said, as_json=as_json)
        return TO_DO
    await admins.promote(user)
    said = f"@{user.username} is an admin from the next sign-in on; the password is the one that the account has."
    tell(_told(user, "promoted"), said, as_json=as_json)
    return 0


def _told(user: User, outcome: str) -> dict[str, object]:
    return {"outcome": outcome, "id": user.id, "username": user.username, "email": user.email}
