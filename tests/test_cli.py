"""The command line: help, options, and faults that a person can mend in one line."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from roomd.cli import main

TOP = Path(__file__).parent.parent


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    for name in ("PORT", "HOST", "REDIS_URL", "DATABASE_URL", "SECRET_KEY", "DEBUG", "DYNO", "MUSIC_DIR", "ROOMD_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROOMD_DATA_DIR", str(tmp_path))
    return CliRunner()


def test_help_and_version(runner: CliRunner) -> None:
    for arguments in ([], ["-h"], ["--help"]):
        shown = runner.invoke(main, arguments)
        assert "serve" in shown.output
    serve = runner.invoke(main, ["serve", "--help"])
    assert serve.exit_code == 0
    for option in ("--host", "--port", "--data", "--music", "--processes"):
        assert option in serve.output
    version = runner.invoke(main, ["--version"])
    assert (version.exit_code, "version" in version.output) == (0, True)


def test_every_command_has_help_and_is_documented(runner: CliRunner) -> None:
    documents = "".join(path.read_text(encoding="utf-8") for path in (TOP / "docs").glob("*.md"))
    for name, command in main.commands.items():
        assert re.search(rf"roomd {name}\b", documents), name
        shown = runner.invoke(main, [name, "--help"])
        assert (shown.exit_code, command.help is not None) == (0, True)
        for option in command.params:
            assert any(each in shown.output for each in (*option.opts, option.opts[0].upper())), option.opts


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["serve", "--port", "http"],
        ["serve", "--port", "65536"],
        ["serve", "--music", "/nowhere"],
        ["serve", "--processes", "65"],
        ["serve", "--processes", "all"],
        ["serve", "x"],
        ["snapshot"],
        ["snapshot", "/"],
        ["restore"],
        ["restore", "rooms.gz", "more.gz"],
        ["cleanup-rooms", "--hours", "-1"],
    ],
)
def test_wrong_options(runner: CliRunner, arguments: list[str]) -> None:
    answer = runner.invoke(main, arguments)
    assert answer.exit_code == 2
    assert "Error" in answer.output


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "http"}, "Error: PORT: "),
        ({"DYNO": "web.1"}, "attach Redis and PostgreSQL"),
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "SECRET_KEY is not set"),
        ({"ROOMD_SLEEP_HOURS": "-1"}, "Error: ROOMD_SLEEP_HOURS: "),
        ({"ROOMD_KEEP_EVENTS_DAYS": "a month"}, "Error: ROOMD_KEEP_EVENTS_DAYS: "),
        ({"ROOMD_FORGET_DAYS": "nan"}, "Error: ROOMD_FORGET_DAYS: "),
    ],
)
def test_wrong_settings_are_one_line(runner: CliRunner, environment: dict[str, str], words: str) -> None:
    answer = runner.invoke(main, ["serve"], env=environment)
    assert (answer.exit_code, words in answer.output) == (1, True), answer.output
    assert len(answer.output.splitlines()) == 1


def test_a_taken_port_is_one_line(runner: CliRunner, tmp_path: Path) -> None:
    """Before any store is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "roomd", "serve", "--host", "127.0.0.1", "--port", str(port)]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert answer.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in answer.stderr
    assert "set PORT to a free one" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_stores_that_do_not_answer_are_one_line(runner: CliRunner) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = f"127.0.0.1:{closed.getsockname()[1]}"
        command = [sys.executable, "-m", "roomd", "serve", "--host", "127.0.0.1", "--port", "0"]
        environment = {"REDIS_URL": f"redis://{away}", "DATABASE_URL": f"postgresql://x:y@{away}/x", "DEBUG": "true"}
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=False, env=os.environ | environment
        )
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr, answer.stderr
    assert "Error: cannot start: the database does not answer" in answer.stderr
