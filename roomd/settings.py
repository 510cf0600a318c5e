"""The settings: one frozen value, read once from the environment. Nothing else reads the environment.

Every field is an environment variable of the same name in capitals, unless `_NAMES` gives another.
`docs/settings.md` describes each; a test compares the two.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from roomd.guessable import guessable, unfit

_NAMES = {
    "data_dir": "ROOMD_DATA_DIR",
    "environment": "ROOMD_ENV",
    "run_as": "ROOMD_RUN_AS",
    "redis_binary": "ROOMD_REDIS_BIN",
    "postgres_bindir": "ROOMD_POSTGRES_BINDIR",
    "fetch_allow": "ROOMD_FETCH_ALLOW",
    "public_url": "ROOMD_PUBLIC_URL",
    "sleep_hours": "ROOMD_SLEEP_HOURS",
    "keep_events_days": "ROOMD_KEEP_EVENTS_DAYS",
    "forget_days": "ROOMD_FORGET_DAYS",
    "subsonic_url": "ROOMD_SUBSONIC_URL",
    "subsonic_user": "ROOMD_SUBSONIC_USER",
    "subsonic_password": "ROOMD_SUBSONIC_PASSWORD",
    "subsonic_api_key": "ROOMD_SUBSONIC_API_KEY",
    "radio_browser_url": "ROOMD_RADIO_BROWSER_URL",
    "cdn_url": "ROOMD_CDN_URL",
    "ffmpeg": "ROOMD_FFMPEG",
    "metrics_token": "ROOMD_METRICS_TOKEN",
    "link_previews": "ROOMD_LINK_PREVIEWS",
    "processes": "ROOMD_PROCESSES",
    "redis_verify": "ROOMD_REDIS_VERIFY",
    "log": "ROOMD_LOG",
    "admin_email": "ROOMD_ADMIN_EMAIL",
    "admin_password": "ROOMD_ADMIN_PASSWORD",
    "limits": "ROOMD_LIMITS",
    "trusted_hops": "ROOMD_TRUSTED_HOPS",
}
#: So many hours or days: up to a century, and 0 where it is to be never.
Span = Annotated[float, Meta(ge=0, le=876_000)]
MOST_PROCESSES = 64
_SWITCHES = {"debug", "link_previews", "redis_verify"}
_LISTS = {"allowed_hosts", "allowed_origins", "fetch_allow", "secret_key_previous"}
_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)


class SettingsError(ValueError):
    """The environment says something that cannot be; the message names the variable and the way out."""


class Settings(Struct, frozen=True, kw_only=True):
    host: str = "0.0.0.0"  # noqa: S104 - guests come in over the local network
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    redis_url: str | None = None
    redis_verify: bool = True
    database_url: str | None = None
    secret_key: str | None = None
    secret_key_previous: tuple[str, ...] = ()
    debug: bool = False
    log: Literal["text", "json"] = "text"
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    data_dir: Path = Path()
    music_dir: Path | None = None
    public_url: str | None = None
    environment: str = "development"
    run_as: str | None = None
    redis_binary: Path | None = None
    postgres_bindir: Path | None = None
    fetch_allow: tuple[str, ...] = ()
    sleep_hours: Span = 6
    keep_events_days: Span = 30
    forget_days: Span = 0
    deezer_base_url: str | None = None
    subsonic_url: str | None = None
    subsonic_user: str | None = None
    subsonic_password: str | None = None
    subsonic_api_key: str | None = None
    radio_browser_url: str | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    aws_storage_bucket_name: str | None = None
    aws_s3_region_name: str | None = None
    aws_s3_endpoint_url: str | None = None
    cdn_url: str | None = None
    ffmpeg: Path | None = None
    metrics_token: Annotated[str, Meta(min_length=16)] | None = None
    link_previews: bool = True
    processes: Annotated[int, Meta(ge=0, le=MOST_PROCESSES)] | None = None
    web_concurrency: Annotated[int, Meta(ge=0, le=MOST_PROCESSES)] | None = None
    admin_email: str | None = None
    admin_password: str | None = None
    limits: Annotated[float, Meta(ge=0, le=1_000)] = 1
    trusted_hops: Annotated[int, Meta(ge=0, le=10)] | None = None
    dyno: str | None = None

    @property
    def hops(self) -> int:
        """How many proxies in front of this server are believed; a dyno is reached through one."""
        return self.trusted_hops if self.trusted_hops is not None else int(self.dyno is not None)

    @property
    def production(self) -> bool:
        """Whether people depend on this server: it is on a dyno, it says so, or its stores are elsewhere."""
        outside = self.redis_url is not None or self.database_url is not None
        return self.dyno is not None or self.environment == "production" or (outside and not self.debug)

    @property
    def redis_at(self) -> str | None:
        """`redis_url` as clients of Redis take it: whether the certificate is looked at stands in the address."""
        if (url := self.redis_url) is None or self.redis_verify or not url.startswith("rediss:"):
            return url
        return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=none"


def variable(field: str) -> str:
    """The environment variable that sets a field."""
    return _NAMES.get(field, field.upper())


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError, naming the variable."""
    settings = read(environ)
    check(settings)
    return settings


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Each setting as it is given; whether they go together, `check` says. Raises SettingsError."""
    given = os.environ if environ is None else environ
    values: dict[str, object] = {"data_dir": default_data_dir(given)}
    for field in Settings.__struct_fields__:
        text = given.get(variable(field), "")
        if text:
            values[field] = _parse(field, text)
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=decode)
    except msgspec.ValidationError as fault:
        raise SettingsError(_explain(str(fault))) from None


def processes_of(settings: Settings) -> int:
    """How many processes are to serve."""
    wanted = settings.processes if settings.processes is not None else settings.web_concurrency
    if wanted == 0:
        # Those that we may use, which in a container are fewer than there are.
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cores, MOST_PROCESSES)
    return wanted or 1


def names() -> list[str]:
    """Every variable that is read."""
    return [variable(field) for field in Settings.__struct_fields__]


def unknown(environ: Mapping[str, str] | None = None) -> list[str]:
    """Variables that are named as if they were ours, and that nothing reads."""
    given = os.environ if environ is None else environ
    return sorted(name for name in given if name.startswith("ROOMD_") and name not in names())


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Where the embedded stores live when nothing is said: /var/lib for root, otherwise the person's home."""
    if os.geteuid() == 0:
        return Path("/var/lib/roomd")
    home = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "share")
    return Path(home) / "roomd"


def _parse(field: str, text: str) -> object:
    if field in _LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if field in _SWITCHES:
        if text.lower() not in _WORDS:
            raise SettingsError(f"{variable(field)} is {text!r}; it takes true or false")
        return _WORDS[text.lower()]
    if field == "limits" and text.lower() in _WORDS:
        return float(_WORDS[text.lower()])
    return text


def decode(kind: type, value: object) -> object:
    """For msgspec: what JSON and the environment have no form of its own for."""
    if kind is Path:
        return Path(str(value)).expanduser().absolute()
    raise TypeError(kind)


def _explain(fault: str) -> str:
    said, _, place = fault.replace("`int`, got `str`", "a whole number").partition(" - at `$.")
    field = place.partition("[")[0].rstrip("`")
    said = said.replace("`float`, got `str`", "a number").replace("`bool`, got `str`", "true or false")
    return f"{variable(field)}: {said}" if field in Settings.__struct_fields__ else fault


def check(settings: Settings) -> None:
    """Whether they go together. Raises SettingsError, naming the variable."""
    if settings.environment not in {"development", "production"}:
        raise SettingsError(f"ROOMD_ENV is {settings.environment!r}; it takes development or production")
    if settings.dyno and not (settings.redis_url and settings.database_url):
        raise SettingsError(
            "a dyno's disk is wiped at each restart, so roomd will not keep its stores there: "
            "attach Redis and PostgreSQL add-ons (they set REDIS_URL and DATABASE_URL)"
        )
    _check_secrets(settings)
    if (settings.admin_email is None) != (settings.admin_password is None):
        raise SettingsError("ROOMD_ADMIN_EMAIL and ROOMD_ADMIN_PASSWORD go together: set both, or neither")
    _check_addresses(settings)


def _check_secrets(settings: Settings) -> None:
    if settings.production and not settings.secret_key:
        raise SettingsError(
            "SECRET_KEY is not set. It signs everybody's tokens. Make one with "
            "`python3 -c 'import secrets; print(secrets.token_hex(32))'` and keep it; "
            "on a machine that is only yours, DEBUG=true does without"
        )
    keys = [
        ("secret_key", settings.secret_key),
        *(("secret_key_previous", key) for key in settings.secret_key_previous),
    ]
    for field, key in keys:
        if key is not None and (why := unfit(key)):
            raise SettingsError(f"{variable(field)} {why}")
    if settings.production and settings.secret_key and guessable(settings.secret_key):
        raise SettingsError(
            "SECRET_KEY is a well-known default or a repetition, so anybody can sign in as anybody: "
            "make one with `python3 -c 'import secrets; print(secrets.token_hex(32))'`"
        )


def _check_addresses(settings: Settings) -> None:
    for field in ("redis_url", "database_url"):
        url = getattr(settings, field)
        schemes = ("redis://", "rediss://", "unix://") if field == "redis_url" else ("postgres://", "postgresql://")
        if url is not None and not url.startswith(schemes):
            raise SettingsError(f"{variable(field)} must start with {' or '.join(schemes)}")
        if url is not None and not _has_port(url):
            raise SettingsError(f"{variable(field)} is not a URL: its host or port cannot be read")
    for origin in settings.allowed_origins:
        if not _is_http(origin) or origin != "{0.scheme}://{0.netloc}".format(urlsplit(origin)):
            raise SettingsError(f"ALLOWED_ORIGINS: {origin!r} is no origin; one looks like https://party.example")
    if settings.public_url is not None and not _is_http(settings.public_url):
        raise SettingsError("ROOMD_PUBLIC_URL must be a URL such as https://party.example")
    for field in ("cdn_url", "aws_s3_endpoint_url"):
        url = getattr(settings, field)
        if url is not None and not _is_http(url):
            raise SettingsError(f"{variable(field)} must be a URL such as https://media.party.example")
    _check_services(settings)


def _check_services(settings: Settings) -> None:
    """The music services: where they are, and that roomd can say who it is there."""
    for field in ("deezer_base_url", "subsonic_url", "radio_browser_url"):
        url = getattr(settings, field)
        # Several mirrors may be given.
        for each in url.split(",") if url and field == "radio_browser_url" else [url]:
            if each is not None and not _is_plain_http(each.strip()):
                raise SettingsError(
                    f"{variable(field)} must be a URL such as https://music.party.example, without a name, "
                    "password or question mark in it"
                )
    named = settings.subsonic_user and settings.subsonic_password
    if settings.subsonic_url and not named and not settings.subsonic_api_key:
        raise SettingsError(
            "ROOMD_SUBSONIC_URL needs ROOMD_SUBSONIC_USER and ROOMD_SUBSONIC_PASSWORD, or ROOMD_SUBSONIC_API_KEY"
        )


def _has_port(url: str) -> bool:
    """Whether the port can be read; several hosts in one URL are the database driver's to read."""
    try:
        return "," in urlsplit(url).netloc or urlsplit(url).port != 0
    except ValueError:
        return False


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _is_plain_http(url: str) -> bool:
    return _is_http(url) and _has_port(url) and not {"@", "?", "#", " "} & set(url)
