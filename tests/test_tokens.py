"""Access tokens: what is accepted is what was issued here, and nothing else. Refresh tokens: how they follow."""

import base64
import hashlib
import hmac
import json
import traceback
from collections.abc import Callable

import jwt
import pytest

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.domain.refusals import Unauthenticated
from roomd.tokens import (
    ACCOUNT_ACCESS_S,
    GUEST_ACCESS_S,
    LEEWAY_S,
    REMEMBERED,
    RefreshTokens,
    TokenRing,
    key_id,
    refresh_digest,
)

KEY = "k" * 16 + "0123456789abcdef"
OTHER = "another-key-that-is-long-enough-too"
NOW = 1_800_000_000
ALICE = Actor(id=UserId("11111111-1111-4111-8111-111111111111"), name="Alice", admin=True, session="a-session")


class Time:
    def __init__(self) -> None:
        self.s = float(NOW)

    def __call__(self) -> float:
        return self.s * 1000


def payload(**changes: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "sub": ALICE.id,
        "name": "Alice",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 900,
        "jti": "1",
        "typ": "access",
        "aud": "roomd",
        "iss": "roomd",
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def sign(claims: dict[str, object], key: str = KEY, **header: object) -> str:
    return jwt.encode(claims, key, "HS256", headers={"kid": key_id(KEY)} | header)


def by_hand(header: object, claims: object, key: bytes = KEY.encode()) -> str:
    """A token with a right signature around anything at all."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key, text, "sha256")).rstrip(b"=")
    return (text + b"." + signature).decode()


GOOD_HEADER = {"alg": "HS256", "typ": "JWT", "kid": key_id(KEY)}


def test_what_was_issued_is_verified() -> None:
    ring = TokenRing([KEY], Time())
    verified = ring.verify(ring.issue(ALICE))
    assert verified.actor == ALICE
    assert (verified.since, verified.until) == (NOW, NOW + ACCOUNT_ACCESS_S)
    guest = ring.verify(ring.issue(Actor(id=UserId("g"), name="Bob ☃", guest=True)))
    assert guest.until == NOW + GUEST_ACCESS_S
    assert guest.actor == Actor(id=UserId("g"), name="Bob ☃", guest=True)


def test_a_token_made_by_hand_from_the_right_parts_is_good() -> None:
    """The table of refusals below proves something only because its starting point is accepted."""
    assert TokenRing([KEY], Time()).verify(sign(payload())).actor.name == "Alice"
    assert TokenRing([KEY], Time()).verify(by_hand(GOOD_HEADER, payload())).actor.name == "Alice"


BAD: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "garbage": lambda: "not.a.token",
    "two parts": lambda: "e30.e30",
    "a megabyte": lambda: "a" * 1_000_000,
    "a megabyte signed": lambda: sign(payload(name="a" * 1_000_000)),
    "not ASCII": lambda: "é" * 30,
    "half a character": lambda: "\ud800",
    "another key": lambda: sign(payload(), OTHER),
    "another key under its own id": lambda: sign(payload(), OTHER, kid=key_id(OTHER)),
    "a cut signature": lambda: sign(payload())[:-4],
    "no signature": lambda: sign(payload()).rpartition(".")[0] + ".",
    "alg none": lambda: by_hand(GOOD_HEADER | {"alg": "none"}, payload()).rpartition(".")[0] + ".",
    "alg None, signed": lambda: by_hand(GOOD_HEADER | {"alg": "None"}, payload()),
    "alg HS512": lambda: jwt.encode(payload(), KEY * 2, "HS512", headers={"kid": key_id(KEY)}),
    "alg RS256 over the key": lambda: by_hand(GOOD_HEADER | {"alg": "RS256"}, payload()),
    "alg a list": lambda: by_hand(GOOD_HEADER | {"alg": ["HS256"]}, payload()),
    "no kid": lambda: jwt.encode(payload(), KEY, "HS256"),
    "kid unknown": lambda: sign(payload(), kid="0" * 16),
    "kid a path": lambda: sign(payload(), kid="../../dev/null"),
    "kid SQL": lambda: sign(payload(), kid="' UNION SELECT 'x"),
    "kid a list": lambda: by_hand(GOOD_HEADER | {"kid": [key_id(KEY)]}, payload()),
    "kid a number": lambda: by_hand(GOOD_HEADER | {"kid": 7}, payload()),
    "jku": lambda: sign(payload(), jku="https://keys.example/jwks.json"),
    "embedded key": lambda: by_hand(GOOD_HEADER | {"jwk": {"kty": "oct", "k": "AAAA"}}, payload(), b"\0\0\0"),
    "crit": lambda: by_hand(GOOD_HEADER | {"crit": ["exp"]}, payload()),
    "detached payload": lambda: by_hand(GOOD_HEADER | {"b64": False}, payload()),
    "header a list": lambda: by_hand([1], payload()),
    "header very deep": lambda: by_hand(b"[" * 1200, b"{}"),
    "payload very deep": lambda: by_hand(GOOD_HEADER, b"[" * 1000),
    "payload a list": lambda: by_hand(GOOD_HEADER, [payload()]),
    "payload not JSON": lambda: by_hand(GOOD_HEADER, b"\xff\xfe"),
    "nbf in the future": lambda: sign(payload(nbf=NOW + LEEWAY_S + 1)),
    "iat in the future": lambda: sign(payload(iat=NOW + LEEWAY_S + 1)),
    "exp not a number": lambda: by_hand(GOOD_HEADER, payload(exp="tomorrow")),
    "exp NaN": lambda: by_hand(GOOD_HEADER, payload(exp=float("nan"))),
    "exp endless": lambda: by_hand(GOOD_HEADER, payload(exp=float("inf"))),
    "another audience": lambda: sign(payload(aud="somebody-else")),
    "several audiences": lambda: sign(payload(aud=["roomd", "somebody-else"])),
    "another issuer": lambda: sign(payload(iss="somebody-else")),
    "a refresh token's type": lambda: sign(payload(typ="refresh")),
    "sub a number": lambda: by_hand(GOOD_HEADER, payload(sub=7)),
    "admin a word": lambda: by_hand(GOOD_HEADER, payload(admin="yes")),
    **{f"no {claim}": lambda claim=claim: sign(payload(**{claim: None})) for claim in payload()},  # type: ignore[misc]
}


@pytest.mark.parametrize("case", BAD)
def test_what_was_not_issued_here_is_refused(case: str) -> None:
    token = BAD[case]()
    with pytest.raises(Unauthenticated) as refused:
        TokenRing([KEY], Time()).verify(token)
    assert refused.value.code == "token_invalid"
    if len(token) > 20:
        assert token[:200] not in "".join(traceback.format_exception(refused.value))


def test_a_token_lives_until_its_time_and_the_leeway_are_over() -> None:
    time = Time()
    ring = TokenRing([KEY], time)
    token = ring.issue(ALICE)
    time.s = NOW + ACCOUNT_ACCESS_S + LEEWAY_S - 1
    ring.verify(token)
    time.s += 1
    for verifier in (ring, TokenRing([KEY], time)):
        with pytest.raises(Unauthenticated) as refused:
            verifier.verify(token)
        assert refused.value.code == "token_expired"
    time.s = NOW - LEEWAY_S
    ring.verify(token)


def test_keys_rotate_without_signing_anybody_out() -> None:
    before = TokenRing([KEY], Time())
    during = TokenRing([OTHER, KEY], Time())
    after = TokenRing([OTHER], Time())
    old, new = before.issue(ALICE), during.issue(ALICE)
    assert during.verify(old).actor == during.verify(new).actor == after.verify(new).actor == ALICE
    with pytest.raises(Unauthenticated):
        after.verify(old)
    assert jwt.get_unverified_header(new)["kid"] == hashlib.sha256(OTHER.encode()).hexdigest()[:16]


@pytest.mark.parametrize("keys", [[], [""], ["short"], [KEY, "short"]])
def test_a_short_key_is_refused_at_once(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenRing(keys, Time())


def test_remembered_tokens_are_bounded_and_still_checked() -> None:
    ring = TokenRing([KEY], Time())
    first = ring.issue(ALICE)
    for _ in range(REMEMBERED + 5):
        ring.verify(ring.issue(ALICE))
    assert len(ring._verified) == REMEMBERED
    assert ring.verify(first).actor == ALICE


def test_a_refresh_token_has_one_successor_per_key() -> None:
    tokens = RefreshTokens([KEY])
    first = tokens.first()
    assert first != tokens.first()
    assert len(base64.urlsafe_b64decode(first + "=")) == 32
    (second,) = tokens.successors(first)
    assert tokens.successors(first) == [second]
    assert len({first, second, *tokens.successors(second)}) == 3
    assert RefreshTokens([OTHER, KEY]).successors(first)[1] == second


@pytest.mark.parametrize("text", ["", "é", "\ud800", "a" * 1_000_000])
def test_any_text_may_be_presented_as_a_refresh_token(text: str) -> None:
    assert len(refresh_digest(text)) == 32
    assert len(RefreshTokens([KEY]).successors(text)) == 1
