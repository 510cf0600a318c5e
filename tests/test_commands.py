"""`roomd migrate`, `create-admin`, `rotate-key`, `scan-library`: what they say, change, and mean by their exit code."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result
from doctor_world import free_port
from serving import SECRET, make_wav, serving

from roomd.cli import main
from roomd.guessable import guessable
from roomd.secret import keys_of, secret_of
from roomd.settings import Settings
from roomd.store import migrate
from roomd.tokens import TokenRing

EMAIL, PASSWORD = "alice@party.example", "three wide rivers"


class Told:
    """Commands over these stores."""

    def __init__(self, redis_url: str, database_url: str, data_dir: Path) -> None:
        self.database_url = database_url
        self.given = {
            "REDIS_URL": redis_url,
            "DATABASE_URL": database_url,
            "SECRET_KEY": SECRET,
            "ROOMD_DATA_DIR": str(data_dir),
        }

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, env=self.given, input=typed)

    def told(self, *arguments: str, typed: str | None = None) -> tuple[int, Any]:
        """The exit code, and what stood on standard output."""
        ran = self.run(*arguments, "--json", typed=typed)
        return ran.exit_code, json.loads(ran.stdout) if ran.stdout else ran.stderr

    def sql(self, statement: str) -> list[asyncpg.Record]:
        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return asyncio.run(ask())


@pytest.fixture
def commands(redis_url: str, database_url: str, data_dir: Path) -> Told:
    return Told(redis_url, database_url, data_dir)


def test_migrate(commands: Told) -> None:
    every = migrate.known()
    commands.sql("DROP SCHEMA public CASCADE")
    commands.sql("CREATE SCHEMA public")
    assert commands.told("migrate", "--check") == (3, {"missing": every, "newest": every[-1]})
    assert commands.told("migrate") == (0, {"applied": every, "newest": every[-1]})
    assert commands.told("migrate") == (0, {"applied": [], "newest": every[-1]})
    assert commands.told("migrate", "--check") == (0, {"missing": [], "newest": every[-1]})
    assert commands.run("migrate").stdout == f"All {len(every)} migrations are there.\n"
    commands.sql("UPDATE alembic_version SET version_num = '9999'")
    newer = commands.run("migrate")
    assert (newer.exit_code, "run the newer roomd" in newer.stderr) == (1, True), newer.stderr
    commands.given["DATABASE_URL"] = f"postgres://roomd:sesame@127.0.0.1:{free_port()}/roomd"
    away = commands.run("migrate")
    assert (away.exit_code, "does not answer" in away.stderr, "sesame" in away.output) == (1, True, False)


def test_create_admin(commands: Told) -> None:
    """By answering, by options, and of an account that is there."""
    asked = commands.run("create-admin", typed=f"{EMAIL}\nalice\n{PASSWORD}\n{PASSWORD}\n")
    assert (asked.exit_code, asked.stdout) == (0, "@alice is an admin now.\n"), asked.output
    assert PASSWORD not in asked.output
    code, again = commands.told("create-admin", "--email", EMAIL.upper())
    assert (code, again["outcome"], again["username"]) == (0, "unchanged", "alice")
    bob = ("create-admin", "--email", "bob@party.example")
    code, made = commands.told(*bob, "--username", "bob", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (code, made["outcome"]) == (0, "created")
    commands.sql("UPDATE users SET is_admin = false WHERE username = 'bob'")
    code, known = commands.told(*bob)
    assert (code, known["outcome"], known["id"]) == (3, "exists", made["id"])
    assert not commands.sql("SELECT FROM users WHERE username = 'bob' AND is_admin")
    code, promoted = commands.told(*bob, "--promote")
    assert (code, promoted["outcome"]) == (0, "promoted")
    assert commands.sql("SELECT FROM users WHERE username = 'bob' AND is_admin")


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (["--email", "nobody"], "", "must be an email address"),
        (["--email", EMAIL, "--promote"], "", f"no account has the email {EMAIL}"),
        (["--email", EMAIL, "--username", "alice", "--password-stdin"], "short\n", "at least 8 characters"),
        (["--email", EMAIL, "--username", "alice", "--password-stdin"], "password1\n", "anybody would guess"),
        (["--email", EMAIL, "--username", "a", "--password-stdin"], f"{PASSWORD}\n", "2 to 40 characters"),
    ],
)
def test_who_is_no_admin(commands: Told, arguments: list[str], typed: str, words: str) -> None:
    ran = commands.run("create-admin", *arguments, typed=typed)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert words in ran.stderr
    assert not commands.sql("SELECT FROM users")


@pytest.mark.logs("ROOMD_ADMIN_EMAIL is not made an admin")
@pytest.mark.gen_test(timeout=60)
async def test_the_first_admin_is_made_at_the_start_and_no_other(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    begun = {"admin_email": EMAIL, "admin_password": PASSWORD}
    # Somebody has an account with that email: it stays what it is.
    async with serving(redis_url, database_url, data_dir) as served:
        account = {"username": "mallory", "email": EMAIL, "password": "a password of hers"}
        assert (await served.http.post("/api/accounts/register/", json=account)).status_code == 201
    async with serving(redis_url, database_url, data_dir, **begun) as served:
        accounts = served.services.accounts
        assert not (await accounts.login(EMAIL, "a password of hers", _caller())).user.is_admin
    other = begun | {"admin_email": "host@party.example"}
    for _ in range(2):
        async with serving(redis_url, database_url, data_dir, **other) as served:
            signed_in = await served.services.accounts.login("host@party.example", PASSWORD, _caller())
            assert (signed_in.user.username, signed_in.user.is_admin) == ("admin_host", True)


def _caller() -> Any:
    from roomd.accounts import Caller

    return Caller("203.0.113.7")


def test_a_password_that_will_not_do_ends_the_start_with_one_line(commands: Told) -> None:
    given = {"ROOMD_ADMIN_EMAIL": EMAIL, "ROOMD_ADMIN_PASSWORD": "password1", "PORT": "0", "HOST": "127.0.0.1"}
    command = [sys.executable, "-m", "roomd", "serve"]
    environment = os.environ | commands.given | given
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert ran.returncode == 1
    assert "ROOMD_ADMIN_PASSWORD: the password is one of the first" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_rotate_key_says_what_to_set(tmp_path: Path) -> None:
    first = "0123456789abcdef" * 2
    environment = {"SECRET_KEY": first, "ROOMD_DATA_DIR": str(tmp_path)}

    def rotated(*more: str) -> dict[str, str]:
        ran = CliRunner().invoke(main, ["rotate-key", "--json", *more], env=environment)
        assert ran.exit_code == 0
        values: dict[str, str] = json.loads(ran.stdout)
        return values

    once = rotated()
    assert once["SECRET_KEY_PREVIOUS"] == first
    environment |= once
    twice = rotated()
    assert twice["SECRET_KEY_PREVIOUS"] == f"{once['SECRET_KEY']},{first}"
    assert not guessable(twice["SECRET_KEY"])
    assert rotated("--leaked")["SECRET_KEY_PREVIOUS"] == ""
    shown = CliRunner().invoke(main, ["rotate-key"], env=environment).stdout
    assert "Nothing is changed yet" in shown
    assert "heroku config:set SECRET_KEY=" in shown
    assert list(tmp_path.iterdir()) == []


def test_rotate_key_in_the_data_folder(tmp_path: Path) -> None:
    environment = {"ROOMD_DATA_DIR": str(tmp_path)}
    nothing = CliRunner().invoke(main, ["rotate-key"], env=environment)
    assert (nothing.exit_code, "there is no secret yet" in nothing.stderr) == (1, True)
    settings = Settings(data_dir=tmp_path)
    first = secret_of(settings)
    for number in (1, 2):
        ran = CliRunner().invoke(main, ["rotate-key", "--json"], env=environment)
        assert json.loads(ran.stdout) == {"file": f"{tmp_path}/secret", "previous": number}
    keys = keys_of(settings)
    assert (len(set(keys.all)), keys.all[-1], keys.lasting) == (3, first, first)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    CliRunner().invoke(main, ["rotate-key", "--leaked"], env=environment)
    assert first not in keys_of(settings).all
    assert len(keys_of(settings).all) == 1


@pytest.mark.gen_test(timeout=60)
async def test_nobody_is_signed_out_and_no_song_moves_by_another_secret(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir) as served:
        alice = await served.person("Alice")
        before = {item.track.url for item in served.services.folder.index}
    rotated = {"secret_key": "fedcba9876543210" * 2, "secret_key_previous": (SECRET,)}
    async with serving(redis_url, database_url, data_dir, **rotated) as served:
        alice.http = served.http
        assert (await alice.call("GET", "/api/accounts/profile/")).status_code == 200
        assert {item.track.url for item in served.services.folder.index} == before
        # New tokens are signed by the new one.
        bob = await served.person("Bob")
        ring = TokenRing([rotated["secret_key"]], served.services.clock.now)  # type: ignore[list-item]
        assert ring.verify(bob.token).actor.name == "Bob"


def test_scan_library(tmp_path: Path) -> None:
    music = tmp_path / "music"
    (music / "deep").mkdir(parents=True)
    make_wav(music / "Carol - Long Walk.wav", 36.0)
    make_wav(music / "deep" / "Bob - Short Walk.wav", 36.0)
    environment = {"ROOMD_DATA_DIR": str(tmp_path / "data")}

    def scanned(*arguments: str) -> tuple[int, Any]:
        ran = CliRunner().invoke(main, ["scan-library", "--json", *arguments], env=environment)
        return ran.exit_code, json.loads(ran.stdout) if ran.stdout else ran.stderr

    code, said = scanned(str(music))
    assert code == 0
    told = {"tracks": 2, "kinds": {"wav": 2}, "artists": 2, "albums": 0, "hours": 0.02, "unheard": [], "damaged": []}
    assert said == told | {"folder": str(music)}
    (music / "Not Music.mp3").write_text("a letter")
    environment["MUSIC_DIR"] = str(music)
    code, said = scanned()
    assert (code, said["damaged"], said["tracks"]) == (3, ["Not Music.mp3"], 2)
    words = CliRunner().invoke(main, ["scan-library"], env=environment).stdout
    assert "2 to play (2 wav)" in words
    assert "  Not Music.mp3" in words
    assert not (tmp_path / "data").exists()
    del environment["MUSIC_DIR"]
    code, said = scanned()
    assert (code, "name one, or set MUSIC_DIR" in said) == (1, True)


def test_whether_it_is_alive() -> None:
    """`roomd doctor --live` of a port where nobody is; of one that serves, tests/test_logs.py."""
    port = free_port()
    ran = CliRunner().invoke(main, ["doctor", "--live"], env={"PORT": str(port), "HOST": "127.0.0.1"})
    assert (ran.exit_code, ran.stdout) == (1, f"fail: 127.0.0.1:{port} does not answer (ConnectionRefusedError)\n")
