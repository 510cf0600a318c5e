"""The settings: defaults, every variable, and what is refused with which words."""

from base64 import b64encode
from pathlib import Path
from random import Random
from typing import Any

import pytest

from roomd.guessable import guessable
from roomd.settings import Settings, SettingsError, default_data_dir, load, variable

SECRET = "0123456789abcdef0123456789abcdef"
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{SECRET}\n-----END EC PRIVATE KEY-----"
STORES = {"REDIS_URL": "redis://r.example", "DATABASE_URL": "postgres://p.example/x"}
SUBSONIC = {"ROOMD_SUBSONIC_USER": "alice", "ROOMD_SUBSONIC_PASSWORD": "sesame"}


def test_nothing_said() -> None:
    settings = load({"HOME": "/home/alice"})
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert settings == Settings(data_dir=settings.data_dir)
    assert not settings.production


@pytest.mark.parametrize(
    ("environment", "field", "wanted"),
    [
        ({"HOST": "127.0.0.1"}, "host", "127.0.0.1"),
        ({"PORT": "5000"}, "port", 5000),
        ({"PORT": "0"}, "port", 0),
        ({"PORT": ""}, "port", 8000),
        ({"SECRET_KEY": SECRET}, "secret_key", SECRET),
        ({"SECRET_KEY_PREVIOUS": f"{SECRET}, {SECRET}x"}, "secret_key_previous", (SECRET, SECRET + "x")),
        ({"ALLOWED_HOSTS": "a.example, b.example,"}, "allowed_hosts", ("a.example", "b.example")),
        ({"ALLOWED_ORIGINS": "https://a.example"}, "allowed_origins", ("https://a.example",)),
        ({"ROOMD_DATA_DIR": "/srv/roomd"}, "data_dir", Path("/srv/roomd")),
        ({"ROOMD_DATA_DIR": "data"}, "data_dir", Path("data").absolute()),
        ({"MUSIC_DIR": "/srv/music"}, "music_dir", Path("/srv/music")),
        ({"ROOMD_PUBLIC_URL": "https://party.example"}, "public_url", "https://party.example"),
        ({"ROOMD_PROCESSES": "4", "WEB_CONCURRENCY": "2"}, "processes", 4),
        ({"WEB_CONCURRENCY": "2"}, "web_concurrency", 2),
        ({"ROOMD_REDIS_VERIFY": "false"}, "redis_verify", False),
        ({}, "redis_verify", True),
        ({"ROOMD_LOG": "json"}, "log", "json"),
        ({"ROOMD_ADMIN_EMAIL": "a@b.example", "ROOMD_ADMIN_PASSWORD": "x"}, "admin_email", "a@b.example"),
        ({"ROOMD_RUN_AS": "alice"}, "run_as", "alice"),
        ({"ROOMD_REDIS_BIN": "/opt/redis-server"}, "redis_binary", Path("/opt/redis-server")),
        ({"ROOMD_POSTGRES_BINDIR": "/opt/pg"}, "postgres_bindir", Path("/opt/pg")),
        ({"ROOMD_FETCH_ALLOW": "nas.local,10.0.0.0/8"}, "fetch_allow", ("nas.local", "10.0.0.0/8")),
        ({"ROOMD_ENV": "production", "SECRET_KEY": SECRET}, "environment", "production"),
        (STORES | {"SECRET_KEY": SECRET}, "redis_url", "redis://r.example"),
        (STORES | {"SECRET_KEY": SECRET}, "database_url", "postgres://p.example/x"),
        (STORES | {"SECRET_KEY": SECRET, "DYNO": "web.1"}, "dyno", "web.1"),
        ({"ROOMD_LIMITS": "0.5"}, "limits", 0.5),
        ({"ROOMD_LIMITS": "Off"}, "limits", 0),
        ({"ROOMD_LIMITS": "on"}, "limits", 1),
        ({"ROOMD_TRUSTED_HOPS": "2"}, "hops", 2),
        ({}, "hops", 0),
        (STORES | {"SECRET_KEY": SECRET, "DYNO": "web.1"}, "hops", 1),
        (STORES | {"SECRET_KEY": SECRET, "DYNO": "web.1", "ROOMD_TRUSTED_HOPS": "0"}, "hops", 0),
        *(({"DEBUG": word}, "debug", True) for word in ("true", "True", "YES", "on", "1")),
        *(({"DEBUG": word}, "debug", False) for word in ("false", "No", "off", "0", "")),
    ],
)
def test_every_variable(environment: dict[str, str], field: str, wanted: Any) -> None:
    assert getattr(load(environment), field) == wanted


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "http"}, ["PORT"]),
        ({"PORT": "65536"}, ["PORT", "65535"]),
        ({"PORT": "-1"}, ["PORT"]),
        ({"PORT": "80.5"}, ["PORT"]),
        ({"ROOMD_PROCESSES": "65"}, ["ROOMD_PROCESSES", "64"]),
        ({"ROOMD_PROCESSES": "-1"}, ["ROOMD_PROCESSES"]),
        ({"WEB_CONCURRENCY": "many"}, ["WEB_CONCURRENCY"]),
        ({"ROOMD_REDIS_VERIFY": "maybe"}, ["ROOMD_REDIS_VERIFY", "'maybe'", "true or false"]),
        ({"ROOMD_LOG": "xml"}, ["ROOMD_LOG"]),
        ({"ROOMD_ADMIN_EMAIL": "a@b.example"}, ["ROOMD_ADMIN_PASSWORD", "both"]),
        ({"ROOMD_ENV": "production", "SECRET_KEY": "change-me-" * 4}, ["SECRET_KEY", "well-known default"]),
        ({"SECRET_KEY": PEM}, ["SECRET_KEY is a key file", "token_hex"]),
        ({"SECRET_KEY": "ssh-ed25519 " + "A" * 68}, ["SECRET_KEY is a key file"]),
        ({"SECRET_KEY": SECRET, "SECRET_KEY_PREVIOUS": PEM}, ["SECRET_KEY_PREVIOUS is a key file"]),
        ({"ROOMD_ENV": "production", "DEBUG": "true"}, ["SECRET_KEY is not set"]),
        ({"DYNO": "web.1", "DEBUG": "true"} | STORES, ["SECRET_KEY is not set"]),
        ({"ROOMD_LIMITS": "-1"}, ["ROOMD_LIMITS"]),
        ({"ROOMD_LIMITS": "nan"}, ["ROOMD_LIMITS"]),
        ({"ROOMD_LIMITS": "many"}, ["ROOMD_LIMITS"]),
        ({"ROOMD_TRUSTED_HOPS": "11"}, ["ROOMD_TRUSTED_HOPS", "10"]),
        ({"DEBUG": "maybe"}, ["DEBUG", "'maybe'", "true or false"]),
        ({"ROOMD_ENV": "prod"}, ["ROOMD_ENV", "production"]),
        ({"SECRET_KEY": "short"}, ["SECRET_KEY must", "32", "5"]),
        ({"SECRET_KEY": SECRET, "SECRET_KEY_PREVIOUS": "short"}, ["SECRET_KEY_PREVIOUS", "32", "5"]),
        ({"ROOMD_ENV": "production"}, ["SECRET_KEY is not set"]),
        (STORES, ["SECRET_KEY is not set"]),
        ({"REDIS_URL": "redis://r.example"}, ["SECRET_KEY is not set"]),
        ({"SECRET_KEY": SECRET, "REDIS_URL": "http://r.example"}, ["REDIS_URL", "redis://"]),
        ({"SECRET_KEY": SECRET, "DATABASE_URL": "mysql://r.example"}, ["DATABASE_URL", "postgres://"]),
        ({"SECRET_KEY": SECRET, "DATABASE_URL": "postgres://x:y@p.example:port/x"}, ["DATABASE_URL", "port"]),
        ({"SECRET_KEY": SECRET, "REDIS_URL": "redis://[::1"}, ["REDIS_URL", "host"]),
        ({"DYNO": "web.1", "SECRET_KEY": SECRET}, ["REDIS_URL and DATABASE_URL", "dyno"]),
        ({"DYNO": "web.1", "SECRET_KEY": SECRET, "REDIS_URL": "redis://r.example"}, ["DATABASE_URL"]),
        ({"DYNO": "web.1"} | STORES, ["SECRET_KEY is not set"]),
        ({"ALLOWED_ORIGINS": "party.example"}, ["ALLOWED_ORIGINS", "https://"]),
        ({"ALLOWED_ORIGINS": "https://party.example/"}, ["ALLOWED_ORIGINS", "'https://party.example/'"]),
        ({"ROOMD_PUBLIC_URL": "party.example"}, ["ROOMD_PUBLIC_URL", "https://"]),
        ({"DEEZER_BASE_URL": "api.deezer.com"}, ["DEEZER_BASE_URL", "https://"]),
        ({"DEEZER_BASE_URL": "https://alice:secret@api.deezer.com"}, ["DEEZER_BASE_URL", "without a name"]),
        ({"ROOMD_SUBSONIC_URL": "https://music.example?u=alice"} | SUBSONIC, ["ROOMD_SUBSONIC_URL", "question mark"]),
        ({"ROOMD_SUBSONIC_URL": "https://music.example"}, ["ROOMD_SUBSONIC_USER", "ROOMD_SUBSONIC_API_KEY"]),
        (
            {"ROOMD_SUBSONIC_URL": "https://music.example", "ROOMD_SUBSONIC_USER": "alice"},
            ["ROOMD_SUBSONIC_PASSWORD"],
        ),
        ({"ROOMD_RADIO_BROWSER_URL": "https://de1.radio.example,nl1.radio.example"}, ["ROOMD_RADIO_BROWSER_URL"]),
    ],
)
def test_what_cannot_be(environment: dict[str, str], words: list[str]) -> None:
    with pytest.raises(SettingsError) as fault:
        load(environment)
    for word in words:
        assert word in str(fault.value)


def test_music_services_that_can_be() -> None:
    load({"ROOMD_SUBSONIC_URL": "http://192.168.1.5:4533/music"} | SUBSONIC)
    load({"ROOMD_SUBSONIC_URL": "http://nas:4533", "ROOMD_SUBSONIC_API_KEY": "key"})
    load({"ROOMD_RADIO_BROWSER_URL": "https://de1.radio.example, https://nl1.radio.example"})


def test_debug_does_without_a_secret() -> None:
    assert not load(STORES | {"DEBUG": "true"}).production


def test_where_nobody_depends_on_it_any_secret_will_do() -> None:
    load({"SECRET_KEY": "change-me-" * 4})
    load(STORES | {"SECRET_KEY": "change-me-" * 4, "DEBUG": "true"})


@pytest.mark.parametrize(
    ("url", "verify", "wanted"),
    [
        ("rediss://r.example", True, "rediss://r.example"),
        ("rediss://r.example", False, "rediss://r.example?ssl_cert_reqs=none"),
        (
            "rediss://:secret@one:6379,two:6379?db=0",
            False,
            "rediss://:secret@one:6379,two:6379?db=0&ssl_cert_reqs=none",
        ),
        ("redis://r.example", False, "redis://r.example"),
        ("unix:///run/redis.sock", False, "unix:///run/redis.sock"),
        (None, False, None),
    ],
)
def test_how_redis_is_connected_to(url: str | None, verify: bool, wanted: str | None) -> None:
    assert Settings(redis_url=url, redis_verify=verify).redis_at == wanted


@pytest.mark.parametrize(
    "secret",
    [
        "change-me-in-production-please-please",
        "django-insecure-0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
        "YOUR_SECRET_KEY_HERE_32_CHARACTERS_OR_MORE",
        "super-secret-key-super-secret-key-1",
        "correct-horse-battery-staple-and-more",
        "abcdefghijklmnopqrstuvwxyz012345",
        "secretsecretsecretsecretsecretsecret",
        "0000000000000000000000000000000000000001",
        "12345678" * 4,
    ],
)
def test_secrets_that_anybody_could_guess(secret: str) -> None:
    assert guessable(secret)


def test_secrets_that_nobody_can_guess() -> None:
    dice = Random(7)
    for _ in range(2_000):
        assert not guessable(dice.randbytes(32).hex())
        assert not guessable(b64encode(dice.randbytes(24)).decode())


def test_the_secret_is_in_no_message() -> None:
    short = "this-one-is-too-short"
    with pytest.raises(SettingsError) as fault:
        load({"SECRET_KEY": short})
    assert short not in str(fault.value)


def test_where_data_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_dir({"HOME": "/root"}) == Path("/var/lib/roomd")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert default_data_dir({"HOME": "/home/alice"}) == Path("/home/alice/.local/share/roomd")
    assert default_data_dir({"HOME": "/home/alice", "XDG_DATA_HOME": "/data"}) == Path("/data/roomd")


def test_names_of_variables() -> None:
    names = [variable(field) for field in Settings.__struct_fields__]
    assert len(set(names)) == len(names)
    assert {"PORT", "HOST", "REDIS_URL", "DATABASE_URL", "SECRET_KEY", "DEBUG", "ROOMD_DATA_DIR", "MUSIC_DIR"} <= set(
        names
    )
