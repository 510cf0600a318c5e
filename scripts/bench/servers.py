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
from dataclasses import dataclass
from pathlib import Path

import httpx

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

    def cpu_s(self) -> float:
        """Seconds of CPU that the process has used, in the kernel too; to the nanosecond, where ticks are 10 ms."""
        spent = [path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat")]
        return sum(int(text.split()[0]) for text in spent) / 1e9

    def memory_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])


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
    with _process("floor", [built("floor"), (port := free_port())], port) as server:
        yield server


@contextmanager
def naive() -> Iterator[Server]:
    with _process("naive Tornado", [sys.executable, HERE / "naive.py", (port := free_port())], port) as server:
        yield server


@contextmanager
def roomd(**more: str) -> Iterator[Server]:
    """On stores of its own, which run on the other core. `more` are further settings."""
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
        with _process("roomd", [sys.executable, "-m", "roomd", "serve"], port, env) as server:
            for child in _children(server.pid):
                os.sched_setaffinity(child, {sorted(os.sched_getaffinity(0))[-1]})
            settled(server)
            yield server


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
def _process(
    name: str, command: Sequence[str | Path | int], port: int, env: dict[str, str] | None = None
) -> Iterator[Server]:
    process = subprocess.Popen(
        pinned(SERVER_CORE, [str(part) for part in command]),
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _answers(name, process, port, http=env is not None)
        yield Server(name, port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _answers(name: str, process: subprocess.Popen[bytes], port: int, *, http: bool) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if not http:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            if httpx.get(f"http://127.0.0.1:{port}/api/health/", trust_env=False).status_code == 200:
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
