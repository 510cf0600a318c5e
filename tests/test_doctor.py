"""`roomd doctor` itself: its lines, its bounds, its discretion, and what it says where there is little to ask."""

import asyncio
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from doctor_world import run_doctor, states, the

from roomd.cli import main
from roomd.doctor import discretion, environment, report
from roomd.doctor.discretion import address, scrubbed, secrets_of
from roomd.doctor.examination import GROUPS, WITH_SETTINGS, examine
from roomd.doctor.lines import Lines, State, fail, ok, size, warn
from roomd.doctor.running import Check, run
from roomd.settings import Settings, names, variable

TOP = Path(__file__).parent.parent


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Path:
    """No variable of roomd's but the data folder, and a port that is not asked for."""
    for name in names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROOMD_DATA_DIR", str(data_dir))
    monkeypatch.setenv("PORT", "0")
    return data_dir


def invoke(arguments: list[str], **given: Any) -> Result:
    """In a thread, as the command makes an event loop of its own, and the tests' thread has one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(CliRunner().invoke, main, arguments, **given).result()


@pytest.mark.gen_test(timeout=10)
async def test_a_check_that_breaks_or_hangs_is_a_line_of_its_own() -> None:
    never, over = asyncio.Event(), asyncio.Event()

    async def good() -> Lines:
        return [ok("a", "good", "fine"), warn("a", "more", "hm", "Do.")]

    async def breaks() -> Lines:
        raise RuntimeError("redis://:hunter22@there")

    async def hangs() -> Lines:
        """In its ending as well."""
        try:
            await never.wait()
        finally:
            await never.wait()
            over.set()
        return []

    async def called_off() -> Lines:
        raise asyncio.CancelledError

    began = time.monotonic()
    checks = [Check("a", "hangs", hangs, 0.1), Check("a", "good", good), Check("a", "breaks", breaks)]
    lines = await run(checks)
    assert time.monotonic() - began < 5
    assert [(line.check, line.state) for line in lines] == [
        ("hangs", State.FAIL),
        ("good", State.OK),
        ("more", State.WARN),
        ("breaks", State.FAIL),
    ]
    assert "within 0.1 s" in lines[0].found
    assert "RuntimeError" in lines[3].found
    assert "hunter22" not in str(lines)
    assert (await run([Check("a", "off", called_off)]))[0].state is State.FAIL
    assert not over.is_set()
    never.set()
    await over.wait()


def test_a_thread_that_hangs_does_not_keep_the_command() -> None:
    """As one that reads from a network disk which is gone."""
    program = """
import asyncio, time
from roomd.doctor.running import Check, Threads, run
async def look():
    await asyncio.to_thread(time.sleep, 300)
async def main():
    asyncio.get_running_loop().set_default_executor(Threads())
    print(await asyncio.to_thread(len, "abc"))
    print((await run([Check("disk", "writable", look, 0.2)]))[0].state)
asyncio.run(main())
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (answer.stdout, answer.stderr, answer.returncode) == ("3\nfail\n", "", 0)


def test_what_is_secret_is_never_said() -> None:
    settings = Settings(
        redis_url="redis://alice:pass%2Fword@redis.example:6379/0",
        database_url="postgres://bob@db.example/roomd?password=in-the-query",
        secret_key="s" * 40,
        secret_key_previous=("p" * 40,),
        subsonic_password="sesame",
        subsonic_api_key="key-1",
        aws_secret_access_key="aws-secret",
        aws_s3_endpoint_url="https://x:endpoint-password@s3.example",
    )
    hidden = ["pass%2Fword", "pass/word", "in-the-query", "s" * 40, "p" * 40, "sesame", "key-1", "aws-secret"]
    hidden += ["endpoint-password"]
    secrets = secrets_of(settings)
    assert set(hidden) == set(secrets)
    line = scrubbed(fail("a", "b", " and ".join(hidden), "Say sesame."), secrets)
    assert not [secret for secret in hidden if secret in line.found + line.fix]
    assert line.fix == "Say …."
    for url in (settings.redis_url, settings.database_url, settings.aws_s3_endpoint_url, "redis://[broken"):
        shown = address(url or "")
        assert not [secret for secret in hidden if secret in shown]
    assert address(settings.redis_url or "") == "redis://redis.example:6379"
    assert address("unix:///run/redis.sock?password=x") == "unix:///run/redis.sock"
    # Of several hosts, as PostgreSQL takes them.
    assert discretion.address("postgres://a:b@one.example,two.example/x") == "postgres://one.example,two.example"


def test_a_line_is_one_line() -> None:
    line = scrubbed(ok("a", "b", "said:\n\x1b[31mred\t" + "x" * 5_000), [])
    assert line.found.startswith("said: [31mred xxx")
    assert len(line.found) < 700


def test_sizes() -> None:
    assert [size(count) for count in (0, 300 << 20, 2 << 30)] == ["0 KiB", "300 MiB", "2.0 GiB"]


def test_the_last_line_sums_up() -> None:
    fine, doubtful, bad = ok("a", "b", "c"), warn("a", "b", "c", "d"), fail("a", "b", "c", "d")
    assert report.summary([fine] * 3) == "All is well: 3 of 3 checks are ok."
    assert report.summary([fine, doubtful]) == "Nothing fails: 1 of 2 checks are ok, with 1 warning."
    assert report.summary([bad]) == "1 of 1 checks fails, with 0 warnings: mend what fails first."
    assert report.summary([bad, bad, doubtful, doubtful]).startswith("2 of 4 checks fail, with 2 warnings")


def test_nothing_is_made_where_there_is_nothing(alone: Path) -> None:
    shown = invoke(["doctor"])
    assert shown.exit_code == 0, shown.output
    assert "which the first start makes a store with" in shown.output
    assert "Traceback" not in shown.output
    assert "\x1b" not in shown.output  # not a terminal
    assert list(alone.iterdir()) == []
    coloured = invoke(["doctor"], color=True)
    assert "\x1b[32mok" in coloured.output


def test_json_is_an_object_a_line(alone: Path) -> None:
    shown = invoke(["doctor", "--json"])
    assert shown.exit_code == 0, shown.output
    said = [json.loads(line) for line in shown.output.splitlines()]
    assert {tuple(each) for each in said} == {("group", "check", "state", "found", "fix")}
    assert {each["state"] for each in said} <= {"ok", "warn"}
    assert all(each["found"] for each in said)
    assert all(bool(each["fix"]) == (each["state"] != "ok") for each in said)
    assert [each["group"] for each in said] == sorted((each["group"] for each in said), key=GROUPS.index)


def test_settings_that_cannot_be_read_leave_the_rest(alone: Path) -> None:
    shown = invoke(["doctor", "--json"], env={"PORT": "http"})
    said = {each["check"]: each for each in map(json.loads, shown.output.splitlines())}
    assert shown.exit_code == 1
    assert (said["settings"]["state"], said["settings"]["found"][:5]) == ("fail", "PORT:")
    assert {"python", "variables", "open files", "pictures"} == said.keys() - {"settings"}


@pytest.mark.gen_test(timeout=30)
async def test_settings_that_do_not_go_together_are_looked_at_all_the_same(
    alone: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    """Production without a secret, one store given."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    lines = await examine()
    assert "SECRET_KEY is not set" in the(lines, "environment", "settings").found
    assert states(lines, "environment", "secret", "redis") | {"redis/persistence": "warn"} == {
        "environment/settings": "fail",
        "environment/kind": "ok",
        "environment/python": "ok",
        "environment/variables": "ok",
        "environment/open files": "ok",
        "environment/pictures": "ok",
        "environment/processes": "ok",
        "secret/SECRET_KEY": "fail",
        "redis/answers": "ok",
        "redis/version": "ok",
        "redis/persistence": "warn",
        "redis/eviction": "ok",
        "redis/memory": "ok",
        "redis/transport": "ok",
    }


@pytest.mark.gen_test(timeout=30)
async def test_a_dyno_without_stores_starts_none(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNO", "web.1")
    lines = await examine()
    assert "attach Redis and PostgreSQL" in the(lines, "environment", "settings").found
    assert "web.1" in the(lines, "environment", "kind").found
    assert {line.group for line in lines} & {"redis", "postgresql"} == set()
    assert the(lines, "storage", "uploads").state is State.WARN
    assert list(alone.iterdir()) == []  # noqa: ASYNC240 - nothing else waits for this loop


@pytest.mark.gen_test(timeout=30)
async def test_names_that_nothing_reads(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOMD_SUBSONC_URL", "http://alice:sesame@nas")
    monkeypatch.setenv("ROOMD_XYZZY", "1")
    first, second = await environment.variables()
    assert (first.state, second.state) == (State.WARN, State.WARN)
    assert "ROOMD_SUBSONC_URL is set" in first.found
    assert "ROOMD_SUBSONIC_URL" in first.fix
    assert second.fix == "Remove it: roomd has no such setting."
    assert "sesame" not in str((first, second))
    assert {variable("data_dir"), "PORT"} <= set(names())


def test_python_and_open_files() -> None:
    assert environment.python_line((3, 10, 9)).state is State.FAIL
    assert environment.python_line((3, 14, 0)).state is State.OK
    assert environment.files_line(1_024).state is State.WARN
    assert environment.files_line(4_096).state is State.OK
    assert environment.files_line(-1).found == "no limit"  # RLIM_INFINITY


def test_every_group_and_check_is_documented() -> None:
    text = (TOP / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text[text.index("## Is all well") :]
    named = {row.split("|")[1].strip() for row in section.splitlines() if row.startswith("| ")}
    assert set(GROUPS) - {"stores"} <= named
    assert {row.group for row in WITH_SETTINGS} <= set(GROUPS)


def test_a_whole_process_says_no_secret_and_takes_no_time(data_dir: Path) -> None:
    """Every part of it is away; each is asked for so long, beside the others."""
    secrets = ["correct-horse", "battery-staple", "open-sesame", "aws-not-to-be-seen", "0123456789abcdef" * 2]
    secrets += ["admin-not-to-be-seen", "metrics-not-to-be-seen"]
    began = time.monotonic()
    ran = run_doctor(
        ROOMD_DATA_DIR=data_dir,
        PORT="0",
        REDIS_URL=f"redis://:{secrets[0]}@127.0.0.1:1/0",
        DATABASE_URL=f"postgres://roomd:{secrets[1]}@127.0.0.1:1/roomd",
        SECRET_KEY=secrets[4],
        ROOMD_SUBSONIC_URL="http://127.0.0.1:1",
        ROOMD_SUBSONIC_USER="alice",
        ROOMD_SUBSONIC_PASSWORD=secrets[2],
        AWS_STORAGE_BUCKET_NAME="pictures",
        AWS_ACCESS_KEY_ID="AKIAEXAMPLE",
        AWS_SECRET_ACCESS_KEY=secrets[3],
        AWS_S3_ENDPOINT_URL="http://127.0.0.1:1",
        ROOMD_CDN_URL="http://127.0.0.1:1",
        ROOMD_ADMIN_EMAIL="alice@party.example",
        ROOMD_ADMIN_PASSWORD=secrets[5],
        ROOMD_METRICS_TOKEN=secrets[6],
    )
    assert time.monotonic() - began < 25  # 10 s of its own, and its start on a machine that is busy with other tests
    assert ran.code == 1
    assert not [secret for secret in secrets if secret in ran.output]
    failing = {f"{line.group}/{line.check}" for line in ran.lines if line.state is State.FAIL}
    assert failing == {
        "redis/answers",
        "postgresql/answers",
        "storage/uploads",
        "providers/subsonic",
        "cdn/ROOMD_CDN_URL",
    }
    assert "redis://127.0.0.1:1: " in the(ran.lines, "redis", "answers").found
    assert list(data_dir.iterdir()) == []
