"""What may be said aloud of the settings: addresses without credentials, and no secret by any other way either."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import parse_qsl, unquote, urlsplit

from roomd.doctor.lines import Line
from roomd.settings import Settings

HIDDEN = "…"
#: Shorter texts would be found in words that have nothing to do with them.
_SHORTEST = 4
#: Characters of what is found, and of what is to be done.
_LONGEST = 600
_URLS = ("redis_url", "database_url", "public_url", "cdn_url", "aws_s3_endpoint_url")
_SECRETS = (
    "secret_key",
    "subsonic_password",
    "subsonic_api_key",
    "aws_secret_access_key",
    "admin_password",
    "metrics_token",
)
_TELLING = ("password", "token", "secret", "key")


def secrets_of(settings: Settings) -> list[str]:
    """Every text that must not be shown, the longest first."""
    found = {str(getattr(settings, field) or "") for field in _SECRETS} | set(settings.secret_key_previous)
    for field in _URLS:
        found.update(_secrets_in(getattr(settings, field) or ""))
    return sorted((text for text in found if len(text) >= _SHORTEST), key=len, reverse=True)


def scrubbed(line: Line, secrets: Sequence[str]) -> Line:
    """The line without secrets, and on one line: it may quote a log, or somebody else's server."""
    found, fix = line.found, line.fix
    for secret in secrets:
        found, fix = found.replace(secret, HIDDEN), fix.replace(secret, HIDDEN)
    return line._replace(found=_tidy(found), fix=_tidy(fix))


def address(url: str) -> str:
    """An address without who we are there, and without what is asked: `redis://redis.example:6379`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    host = parts.netloc.rpartition("@")[2]
    socket = parts.path if parts.scheme == "unix" else "" if host else dict(parse_qsl(parts.query)).get("host", "")
    return f"{parts.scheme}://{host}{socket}"


def host_of(url: str) -> str:
    """The host of an address, in lower case; empty where it has none (a socket) or it cannot be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _tidy(text: str) -> str:
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} {HIDDEN}"


def _secrets_in(url: str) -> Iterator[str]:
    with suppress(ValueError):
        parts = urlsplit(url)
        password = parts.netloc.rpartition("@")[0].partition(":")[2]
        yield password
        yield unquote(password)
        for name, value in parse_qsl(parts.query):
            if any(word in name.lower() for word in _TELLING):
                yield value
