"""The two kinds of token. An access token is a signed statement of who asks, checked without asking anybody; a
refresh token is 256 random bits that only its holder knows and that the database knows the hash of.

No token ever stands in a message, an exception or a log line.
"""

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import jwt
import msgspec
from jwt.algorithms import HMACAlgorithm
from msgspec import Struct

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.domain.refusals import Unauthenticated

ALGORITHM = "HS256"
ACCOUNT_ACCESS_S = 15 * 60
GUEST_ACCESS_S = 24 * 3600
ACCOUNT_REFRESH_S = 30 * 24 * 3600
GUEST_REFRESH_S = 7 * 24 * 3600
#: Clocks of two servers may differ by this much.
LEEWAY_S = 30
#: Ours have about 480 characters, and 1,105 with the longest name in emoji; anything much longer is not looked at.
LONGEST_TOKEN = 2048
#: A verified token takes 2 µs to look up and 7 µs to verify. 4,096 of them take 2 MB.
REMEMBERED = 4096
SHORTEST_KEY = 32


class Claims(Struct, frozen=True):
    """What an access token says. Times are whole seconds since 1970."""

    sub: UserId
    name: str
    iat: int
    nbf: int
    exp: int
    jti: str
    typ: Literal["access"]
    aud: Literal["roomd"]
    iss: Literal["roomd"]
    guest: bool = False
    admin: bool = False
    sid: str = ""


class Verified(NamedTuple):
    """Whose a token is, and from when until when it counts, in whole seconds since 1970."""

    actor: Actor
    since: int
    until: int


class _Hmac(HMACAlgorithm):
    """PyJWT's, for keys that it has looked at: looking for other kinds of keys in them takes 8 µs each time."""

    def prepare_key(self, key: str | bytes) -> bytes:
        assert isinstance(key, bytes)
        return key


_hmac = _Hmac(HMACAlgorithm.SHA256)
_signed = jwt.PyJWS(algorithms=[ALGORITHM])
_signed.unregister_algorithm(ALGORITHM)
_signed.register_algorithm(ALGORITHM, _hmac)
_claims = msgspec.json.Decoder(Claims).decode


class TokenRing:
    """Issues access tokens with the newest key and verifies those of every key in the ring.

    `now` gives milliseconds since 1970, as `Clock.now` does.
    """

    def __init__(self, keys: Sequence[str], now: Callable[[], float]) -> None:
        if not keys or any(len(key.encode()) < SHORTEST_KEY for key in keys):
            raise ValueError(f"the ring takes one key or more, each of at least {SHORTEST_KEY} bytes")
        known = HMACAlgorithm(HMACAlgorithm.SHA256)
        self._keys = {key_id(key): known.prepare_key(key) for key in keys}
        self._newest = key_id(keys[0])
        #: The first part of all tokens that a key has signed here.
        self._heads = {_head(kid, key): key for kid, key in self._keys.items()}
        self._now = now
        self._verified: OrderedDict[bytes, Verified] = OrderedDict()

    def issue(self, actor: Actor) -> str:
        now = int(self._now() / 1000)
        claims = Claims(
            sub=actor.id,
            name=actor.name,
            iat=now,
            nbf=now,
            exp=now + (GUEST_ACCESS_S if actor.guest else ACCOUNT_ACCESS_S),
            jti=secrets.token_hex(16),
            typ="access",
            aud="roomd",
            iss="roomd",
            guest=actor.guest,
            admin=actor.admin,
            sid=actor.session,
        )
        payload = msgspec.to_builtins(claims)
        return jwt.encode(payload, self._keys[self._newest], ALGORITHM, headers={"kid": self._newest})

    def verify(self, token: str) -> Verified:
        """What the token says. Raises Unauthenticated with the code token_invalid or token_expired."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise _invalid()
        digest = hashlib.sha256(token.encode()).digest()
        verified = self._verified.get(digest)
        if verified is None:
            verified = _verified(self._decode(token))
            if len(self._verified) >= REMEMBERED:
                self._verified.popitem(last=False)
            self._verified[digest] = verified
        else:
            self._verified.move_to_end(digest)
        self._check_time(verified)
        return verified

    def _decode(self, token: str) -> Claims:
        # What is signed is read by its type, all of which has to be there.
        signed, _, signature = token.rpartition(".")
        head, _, payload = signed.partition(".")
        try:
            key = self._heads.get(head)
            if key is None:
                return _claims(self._payload(token))
            # To the letter what `issue` begins with, so what is left to ask of PyJWT is the signature that belongs
            # there. Taking such a token apart by it looks at each of 480 characters, a fifth of a handshake.
            if not hmac.compare_digest(_text(_hmac.sign(signed.encode(), key)), signature):
                raise _invalid()
            return _claims(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (jwt.PyJWTError, msgspec.MsgspecError, ValueError, TypeError, RecursionError):
            raise _invalid() from None

    def _payload(self, token: str) -> bytes:
        """Of a token whose header is written otherwise than here. Raises PyJWTError and Unauthenticated."""
        for kid, key in self._keys.items():
            try:
                whole = _signed.decode_complete(token, key, algorithms=[ALGORITHM])
            except jwt.InvalidSignatureError:
                continue
            # `jku`, `crit`, `b64`, … have no meaning here, so they get none.
            header = whole["header"]
            if header.keys() != {"alg", "typ", "kid"} or header["kid"] != kid:
                raise _invalid()
            payload: bytes = whole["payload"]
            return payload
        raise _invalid()

    def _check_time(self, verified: Verified) -> None:
        now = self._now() / 1000
        if verified.until + LEEWAY_S <= now:
            raise Unauthenticated("this token has expired; refresh it or sign in again", "token_expired")
        if verified.since - LEEWAY_S > now:
            raise _invalid()


def _verified(claims: Claims) -> Verified:
    actor = Actor(id=claims.sub, name=claims.name, guest=claims.guest, admin=claims.admin, session=claims.sid)
    return Verified(actor, max(claims.nbf, claims.iat), claims.exp)


class RefreshTokens:
    """Makes refresh tokens. A token's successor is derived from it, so that asking twice with the same token, after a
    lost reply or from two tabs, gives the same successor without the successor being stored anywhere.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in keys]

    def first(self) -> str:
        return secrets.token_urlsafe(32)

    def successors(self, token: str) -> list[str]:
        """What follows `token` under each key of the ring, the newest key's first."""
        said = b"refresh" + token.encode(errors="surrogatepass")
        return [_text(hmac.digest(key, said, "sha256")) for key in self._keys]


def refresh_digest(token: str) -> bytes:
    """What the database keeps of a refresh token. The tokens are random, so a fast hash is enough."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def key_id(key: str) -> str:
    """Which key of the ring: says nothing about the key, and is the same in every process."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _head(kid: str, key: bytes) -> str:
    return jwt.encode({}, key, ALGORITHM, headers={"kid": kid}).partition(".")[0]


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _invalid() -> Unauthenticated:
    return Unauthenticated("this token is not valid; sign in again", "token_invalid")
