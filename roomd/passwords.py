"""Passwords: which are accepted, and how they are hashed without holding up anybody else.

argon2id with t=2, m=19 MiB, p=1 (OWASP's setting for small servers) takes about 30 ms of one core. Two threads do
that work, so at most 38 MiB are in use, and the event loop goes on; a bounded number of others may wait.
"""

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from roomd.domain.refusals import Invalid, Limited

T = TypeVar("T")

SHORTEST = 8
LONGEST = 256
THREADS = 2
#: 64 at 30 ms on two threads: the last one waits a second.
WAITING = 64

#: What attackers try first, of those with eight characters or more. Compared with case folded.
_WORST = """
    00000000 11111111 12121212 123123123 1234qwer 12341234 12344321 12345678 123456789 1234567890 12345qwert 1q2w3e4r
    1q2w3e4r5t 1qaz2wsx 1qazxsw2 22222222 55555555 66666666 77777777 87654321 88888888 987654321 9876543210 99999999
    aa123456 aaaaaaaa abc12345 abcd1234 abcdefgh access14 administrator alexander asdasdasd asdf1234 asdfasdf asdfghjk
    asdfghjkl baseball basketball benjamin bigdaddy butterfly caroline changeme charlie1 chocolate christian computer
    corvette danielle december dolphins einstein elephant estrella facebook fernando football football1 freedom1
    garfield geronimo hardcore hello123 hellohello iloveyou iloveyou1 iloveyou2 internet jennifer jonathan letmein1
    liverpool lovelove marlboro maverick mercedes metallica michelle midnight mountain mustang1 mypassword nicholas
    november pa$$w0rd passw0rd password password1 password12 password123 password1234 pokemon1 princess princess1
    q1w2e3r4 q1w2e3r4t5 qazwsxedc qwer1234 qwerasdf qwerqwer qwerty12 qwerty123 qwertyui qwertyuiop redskins samantha
    sandiego scorpion serenity snowball spiderman starwars startrek steelers sunshine superman superman1 swordfish
    trustno1 valentina veronica victoria virginia welcome1 welcome123 whatever william1 zaq12wsx zxcvbnm1 zxcvbnmzxcvbnm
"""


def tidy_password(text: str, *known: str) -> str:
    """A new password in composed form, so that every keyboard's `é` is the same. `known` are words that would be the
    first guess for this person. Raises Invalid.
    """
    password = unicodedata.normalize("NFC", text)
    problem = ""
    if len(password) < SHORTEST:
        problem = f"must have at least {SHORTEST} characters"
    elif len(password) > LONGEST:
        problem = f"must have at most {LONGEST} characters"
    elif any(unicodedata.category(character) == "Cs" for character in password):
        problem = "contains half a character"
    elif password.casefold() in _WORST.split() or len(set(password)) == 1:
        problem = "is one of the first that anybody would guess"
    elif password.casefold() in {word.casefold() for word in known}:
        problem = "must not be the username or the email"
    if problem:
        raise Invalid(f"the password {problem}", fields={"password": problem})
    return password


class Passwords:
    """Hashes and compares passwords on threads of its own."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._most = threads + waiting
        self._running = 0
        self._nobody = _unmatchable()

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether this is the password. With no hash to compare to, the answer is no and takes as long."""
        return await self._run(lambda: self._compare(password, hashed or self._nobody)) and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _compare(self, password: str, hashed: str) -> bool:
        text = unicodedata.normalize("NFC", password).encode(errors="replace")
        if len(text) > 4 * LONGEST:
            text = b""
        try:
            return self._hasher.verify(hashed, text)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._running >= self._most:
            raise Limited("too many people are signing in right now", retry_after_s=2.0, code="busy")
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(self._done)
        # A caller who gives up does not free the thread, so it must not free the place in line either.
        return await asyncio.shield(future)

    def _done(self, future: "asyncio.Future[T]") -> None:
        self._running -= 1


def _unmatchable() -> str:
    """A hash of the same cost that no password has: its digest is random."""
    salt, digest = (base64.b64encode(secrets.token_bytes(n)).rstrip(b"=").decode() for n in (16, 32))
    return f"$argon2id$v=19$m={19 * 1024},t=2,p=1${salt}${digest}"
