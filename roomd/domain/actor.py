"""Who asks: every command and every request is some actor's. And what people may be called."""

import re
import unicodedata
from random import Random

from msgspec import Struct

from roomd.domain.ids import UserId
from roomd.domain.refusals import Invalid
from roomd.domain.text import unshowable

LONGEST_NAME = 40
LONGEST_BIO = 500
LONGEST_EMAIL = 254

_USERNAME = re.compile(rf"[\w.+-]{{2,{LONGEST_NAME}}}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+")
#: Marks of direction, which nobody sees: with these one name can pass itself off as another.
_MARKS = frozenset("\u061c\u200e\u200f")
_MOODS = """
    Amber Brave Calm Clever Curious Gentle Golden Happy Lucky Mellow Merry Misty Quiet Rosy Silver Sunny
"""
_ANIMALS = """
    Badger Beaver Dolphin Falcon Finch Fox Hare Heron Lynx Otter Owl Panda Robin Seal Sparrow Wren
"""


class Actor(Struct, frozen=True, gc=False):
    """A user at work. `session` is the sign-in that the access token came from; empty when there was none.

    `overseer`: an admin of the server, acting as such: what a room's host may do, they may do in any room. An admin
    who is in a room like others is none.
    """

    id: UserId
    name: str
    guest: bool = False
    admin: bool = False
    session: str = ""
    overseer: bool = False


def tidy_name(text: str) -> str:
    """A display name as it is kept: composed, without space around it. Raises Invalid."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise _invalid("name", "must not be empty")
    if len(name) > LONGEST_NAME:
        raise _invalid("name", f"must have at most {LONGEST_NAME} characters")
    if _forbidden(name) or not any(_shows(character) for character in name):
        raise _invalid("name", "contains characters that cannot be shown")
    return name


def tidy_bio(text: str) -> str:
    """What people say of themselves, line breaks allowed. Raises Invalid."""
    bio = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(bio) > LONGEST_BIO:
        raise _invalid("bio", f"must have at most {LONGEST_BIO} characters")
    if _forbidden(bio.replace("\n", "").replace("\t", "")):
        raise _invalid("bio", "contains characters that cannot be shown")
    return bio


def tidy_username(text: str) -> str:
    """A username as it is kept; it has no `@`, so that it is never taken for an email. Raises Invalid."""
    username = unicodedata.normalize("NFKC", text).strip()
    if not _USERNAME.fullmatch(username):
        wanted = f"must have 2 to {LONGEST_NAME} characters: letters, digits, and any of . _ + -"
        raise _invalid("username", wanted)
    return username


def tidy_email(text: str) -> str:
    """An email address as it is kept and compared: no two people's differ by case only. Raises Invalid."""
    email = unicodedata.normalize("NFC", text).strip().lower()
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email) or _forbidden(email):
        raise _invalid("email", "must be an email address")
    return email


def username_key(username: str) -> str:
    """Two usernames with the same key are the same username."""
    return unicodedata.normalize("NFKC", username.casefold())


def invent_name(dice: Random) -> str:
    """A friendly name for a guest who gave none: 256 of them, such as Quiet Otter."""
    return f"{dice.choice(_MOODS.split())} {dice.choice(_ANIMALS.split())}"


def _forbidden(text: str) -> bool:
    """Whether a name could not be shown, or not be told from another."""
    return any(character in _MARKS or unshowable(character) for character in text)


def _shows(character: str) -> bool:
    return unicodedata.category(character) not in {"Cf", "Mn", "Zs"}


def _invalid(field: str, wanted: str) -> Invalid:
    return Invalid(f"the {field} {wanted}", fields={field: wanted})
