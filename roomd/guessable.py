"""Secrets that will not do: too short, of another kind, or what examples and templates have in the place of one."""

import re

#: Shorter secrets can be guessed; 32 characters of hex are 128 bits.
MIN_SECRET = 32
#: How the keys of TLS and SSH begin, or what is before them. PyJWT takes none of them for a shared secret: whoever has
#: the public half of a pair could sign with it.
_KEY_FILE = re.compile(r"-----BEGIN [A-Z0-9 ]+-----|\A\s*(?:ssh-|ecdsa-sha2-|sk-(?:ssh|ecdsa)-)")
#: Of different characters: 32 of hex have 14 on average, and fewer than that many once in a million times.
FEWEST = 8
#: Shorter stretches that are said again and again, such as `secretsecretsecret…`.
_LONGEST_STRETCH = 8
#: What is left of well-known defaults without case, blanks and punctuation. None is in a secret of random hex, and one
#: of 10^10 secrets of random base64 has one of them in it by chance.
_DEFAULTS = (
    "changeme",
    "changethis",
    "replaceme",
    "replacethis",
    "djangoinsecure",
    "yoursecret",
    "yoursupersecret",
    "mysecretkey",
    "supersecretkey",
    "secretkeyhere",
    "insertsecret",
    "examplesecret",
    "defaultsecret",
    "developmentsecret",
    "devsecretkey",
    "notasecret",
    "insecuresecret",
    "correcthorsebatterystaple",
    "abcdefghijklmnopqrstuvwxyz",
)


def unfit(secret: str) -> str:
    """Why nothing can be signed with it, behind the name of its setting; "" where it will do."""
    if len(secret) < MIN_SECRET:
        return f"must have at least {MIN_SECRET} characters; this one has {len(secret)}"
    if _KEY_FILE.search(secret):
        return (
            "is a key file of TLS or SSH. Tokens are signed with a secret that is nothing else: "
            "make one with `python3 -c 'import secrets; print(secrets.token_hex(32))'`"
        )
    return ""


def guessable(secret: str) -> bool:
    """Whether a secret, however long, is a well-known default, or one stretch repeated."""
    bare = re.sub(r"[^a-z0-9]", "", secret.lower())
    stretch = re.fullmatch(rf"(.{{1,{_LONGEST_STRETCH}}}?)\1+.{{0,{_LONGEST_STRETCH}}}", secret, re.DOTALL)
    return len(set(secret)) < FEWEST or any(each in bare for each in _DEFAULTS) or stretch is not None
