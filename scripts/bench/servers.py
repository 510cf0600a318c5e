"""The servers that are compared, each on a core of its own: ours, the floor in C, and naive Tornado."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from roomd.embedded.binaries import redis_server
from roomd.settings import Settings

HERE = Path(__file__).parent
PATIENCE_S = 60.0
#: The server's core, and that of everything else.
SERVER_CORE, OTHER_CORE = 0, 1


class BenchError(Exception):
    """It cannot be measured here; the message says why."""


@dataclass
class Server:
    name: str
    port: int
    pid: int
    #: Further processes that serve.
    workers: list[int] = field(default_factory=list)

    def cpu_s(self) -> float:
        """Seconds of CPU that it has used, in the kernel too; to the nanosecond, where ticks are 10 ms."""
        tasks = [task for pid in (self.pid, *self.workers) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def memory_kib(self) -> int:
        states = [Path(f"/proc/{pid}/status").read_text() for pid in (self.pid, *self.workers)]
        return sum(int(state.partition("VmRSS:")[2].split()[0]) for state in states)


def built(name: str) -> Path:
    """A C program of this folder, compiled once for this machine."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise BenchError("there is no C compiler here; on Debian: apt install gcc libc6-dev")
    source = HERE / f"{name}.c"
    target = Path(tempfile.gettempdir()) / f"roomd-bench-{os.getuid()}" / name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        subprocess.run([compiler, "-O2", "-o", target, source], check=True)
    return target


def pinned(core: int, command: Sequence[str | Path]) -> list[str]:
    cores = sorted(os.sched_getaffinity(0))
    taskset = shutil.which("taskset")
    return [*([taskset, "-c", str(cores[core])] if taskset and len(cores) > 1 else []), *map(str, command)]


@contextmanager
def floor() -> Iterator[Server]:
    with process("floor", [built("floor"), (port := free_port())], port, http=False) as server:
        yield server


@contextmanager
def naive() -> Iterator[Server]:
    with process(
        "naive Tornado", [sys.executable, HERE / "naive.py", (port := free_port())], port, http=False
    ) as server:
        yield server


@contextmanager
def roomd(processes: int = 1, **more: str) -> Iterator[Server]:
    """On stores of its own, which run on the other core; several processes share all cores with them and with the load.

    `more` are further settings.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="roomd-bench-") as folder:
        # PostgreSQL may have to run as somebody else.
        Path(folder).chmod(0o711)
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
        env = {
            **kept,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ROOMD_DATA_DIR": f"{folder}/data",
            "ROOMD_LIMITS": "off",
            **more,
        }
        command = [sys.executable, "-m", "roomd", "serve", "--processes", processes]
        with process("roomd", command, port, env, http=True, core=None if processes > 1 else SERVER_CORE) as server:
            for child in _children(server.pid):
                if _is_worker(child):
                    server.workers.append(child)
                elif processes == 1:
                    os.sched_setaffinity(child, {sorted(os.sched_getaffinity(0))[-1]})
            settled(server)
            yield server


@contextmanager
def plain_redis() -> Iterator[str]:
    """The address of a Redis that keeps nothing, on the other core."""
    port = free_port()
    command = [redis_server(Settings()).path, "--port", str(port), "--save", "", "--appendonly", "no"]
    with process("Redis", command, port, http=False, core=OTHER_CORE):
        yield f"redis://127.0.0.1:{port}/0"


def _is_worker(pid: int) -> bool:
    return b"roomd.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()


def settled(server: Server) -> None:
    """Wait until what is done once at the start is done: pieces are made, and listened to."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        before = server.cpu_s()
        time.sleep(1.0)
        if server.cpu_s() - before < 0.03:
            return
    raise BenchError("the server does not come to rest")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(
    name: str,
    command: Sequence[str | Path | int],
    port: int,
    env: dict[str, str] | None = None,
    *,
    http: bool,
    core: int | None = SERVER_CORE,
) -> Iterator[Server]:
    """A server on a core of its own, or on all; ready once it answers its health check, or takes connections."""
    whole = [str(part) for part in command]
    running = subprocess.Popen(
        whole if core is None else pinned(core, whole),
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _answers(name, running, port, http=http)
        yield Server(name, port, running.pid)
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            running.kill()


def _answers(name: str, process: subprocess.Popen[bytes], port: int, *, http: bool) -> None:
    until = time.monotonic() + PATIENCE_S
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < until and process.poll() is None:
            try:
                if not http:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    return
                if client.get(f"http://127.0.0.1:{port}/api/health/").status_code == 200:
                    return
            except (OSError, httpx.HTTPError):
                pass
            time.sleep(0.05)
    raise BenchError(f"{name} does not start")


def _children(pid: int) -> list[int]:
    """All of its descendants."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) in {pid, *found}:
            found.append(int(path.parent.name))
    return found
