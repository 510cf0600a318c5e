"""Secrets that anybody could guess: what examples and templates have in the place of one."""

import re

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


def guessable(secret: str) -> bool:
    """Whether a secret, however long, is a well-known default, or one stretch repeated."""
    bare = re.sub(r"[^a-z0-9]", "", secret.lower())
    stretch = re.fullmatch(rf"(.{{1,{_LONGEST_STRETCH}}}?)\1+.{{0,{_LONGEST_STRETCH}}}", secret, re.DOTALL)
    return len(set(secret)) < FEWEST or any(each in bare for each in _DEFAULTS) or stretch is not None
