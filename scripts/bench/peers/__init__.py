"""Servers that others would write, run where what they need is installed: each sends every text it gets to everybody.

`pip install fastapi 'uvicorn[standard]'`, `pip install channels daphne channels-redis 'redis<6'` (in an environment of
their own whose Python is in BENCH_PYTHON, where they do not go with ours), `npm install --no-save ws`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from bench.servers import Server, free_port, plain_redis, process

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent

Made = Callable[[], AbstractContextManager[Server]]


def installed() -> dict[str, Made]:
    """Those that can be run here, by their names."""
    found: dict[str, Made] = {}
    python = os.environ.get("BENCH_PYTHON", sys.executable)
    if _runs([python, "-c", "import fastapi, uvicorn, websockets"]):
        found["FastAPI"] = partial(_peer, "FastAPI", [python, HERE / "fastapi_peer.py"])
    if _runs([python, "-c", "import channels, channels_redis, daphne"]):
        found["Channels"] = partial(_channels, python)
    beside = str(Path(sys.executable).with_name("node"))
    node = shutil.which("node") or shutil.which(beside)
    if node and _runs([node, "-e", "require.resolve('ws')"]):
        found["node ws"] = partial(_peer, "node ws", [node, HERE / "ws_peer.mjs"])
    return found


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


@contextmanager
def _peer(name: str, command: list[str | Path], env: dict[str, str] | None = None) -> Iterator[Server]:
    port = free_port()
    with process(name, [*command, port], port, {**os.environ, **(env or {})}, http=False) as server:
        yield server


@contextmanager
def _channels(python: str) -> Iterator[Server]:
    with plain_redis() as url, _peer("Channels", [python, HERE / "channels_peer.py"], {"REDIS_URL": url}) as server:
        yield server
