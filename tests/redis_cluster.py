"""A real Redis Cluster on loopback: three masters, and replicas where asked for, from the program that roomd embeds."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from roomd.embedded.binaries import redis_server
from roomd.embedded.spawn import Tie, best_tie, tied_to_us
from roomd.settings import Settings
from roomd.store.cluster import Cluster
from roomd.store.slots import SLOTS, slot

MASTERS = 3
#: Milliseconds after which a server that does not answer the others is taken for dead; a busy machine needs more.
NODE_TIMEOUT_MS = 1_500
_LIMIT_S = 60.0
#: The bus has a port 10,000 higher, which has to be one too.
_HIGHEST = 55_000


class Server:
    """One of them; `start` after `kill` is the same server with whatever is in its folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.client = Redis(host="127.0.0.1", port=port, socket_timeout=5.0)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        flags = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "no",
            "cluster-enabled": "yes",
            "cluster-node-timeout": NODE_TIMEOUT_MS,
            "cluster-require-full-coverage": "no",
            "cluster-replica-validity-factor": 0,
            "repl-diskless-sync": "yes",
            "repl-diskless-sync-delay": 0,
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [redis_server(Settings()).path, *words],
                stdout=log,
                stderr=log,
                # None outlives a test run that is killed.
                preexec_fn=tied_to_us(signal.SIGKILL) if best_tie() is Tie.KERNEL else None,  # noqa: PLW1509
            )

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def send(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def stop(self) -> None:
        self.client.close()
        if self._process is not None and self._process.poll() is None:
            self.kill()

    @property
    def id(self) -> str:
        found: bytes = self.client.execute_command("CLUSTER", "MYID")
        return found.decode()


class RedisCluster:
    def __init__(self, servers: list[Server]) -> None:
        self.servers = servers

    @property
    def url(self) -> str:
        return "redis://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers)

    def master_of(self, key: str) -> Server:
        """Who serves the key, as a server that lives says."""
        for server in self.servers:
            try:
                slots: Any = server.client.execute_command("CLUSTER", "SLOTS")
            except (RedisError, OSError):
                continue
            port = next(port for first, last, (_, port, *_), *_ in _rows(slots) if first <= slot(key) <= last)
            return next(each for each in self.servers if each.port == port)
        raise AssertionError("no server answers")

    def replica_of(self, master: Server) -> Server:
        said = ((server, server.client.info("replication")) for server in self.servers)
        return next(server for server, about in said if about.get("master_port") == master.port)

    def flush(self) -> None:
        for server in self.servers:
            if server.client.info("replication")["role"] == "master":
                server.client.flushall()

    def wait(self) -> None:
        """Until all of them work together."""
        _until(lambda: all(b"cluster_state:ok" in _state(server) for server in self.servers))

    def move(self, key: str, target: Server, pause: float = 0.0) -> None:
        """Move the key's slot, as `redis-cli --cluster reshard` does; `pause` seconds between its keys."""
        number, source = slot(key), self.master_of(key)
        target.client.execute_command("CLUSTER", "SETSLOT", number, "IMPORTING", source.id)
        source.client.execute_command("CLUSTER", "SETSLOT", number, "MIGRATING", target.id)
        self.finish(key, source, target, pause)

    def finish(self, key: str, source: Server, target: Server, pause: float = 0.0) -> None:
        """Move what is left in the key's slot, and the slot."""
        number = slot(key)
        while keys := source.client.execute_command("CLUSTER", "GETKEYSINSLOT", number, 1):
            source.client.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5_000, "KEYS", *keys)
            time.sleep(pause)
        for server in (target, source):
            server.client.execute_command("CLUSTER", "SETSLOT", number, "NODE", target.id)


async def keys_of(redis: AsyncRedis, pattern: str = "*") -> list[bytes]:
    """All keys of a single Redis, or of a cluster, that fit the pattern."""
    clients = await redis.masters() if isinstance(redis, Cluster) else [redis]
    return [key for client in clients async for key in client.scan_iter(pattern)]


def _rows(slots: Any) -> list[Any]:
    """As it comes, or as redis-py has made a dictionary of it."""
    if isinstance(slots, dict):
        return [(first, last, each["primary"]) for (first, last), each in slots.items()]
    return list(slots)


@contextmanager
def running(replicas: int = 0) -> Iterator[RedisCluster]:
    """Started, joined and ready; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rc-", dir="/tmp"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        servers = [Server(folder / str(port), port) for port in _ports(MASTERS + replicas)]
        for server in servers:
            stack.callback(server.stop)
            server.start()
        _until(lambda: all(server.client.ping() for server in servers))
        _join(servers)
        yield RedisCluster(servers)


def _join(servers: list[Server]) -> None:
    masters, replicas = servers[:MASTERS], servers[MASTERS:]
    for number, server in enumerate(masters):
        server.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        own = range(number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS)
        server.client.execute_command("CLUSTER", "ADDSLOTS", *own)
    for server in servers[1:]:
        server.client.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
    _until(lambda: all(_known(server) == len(servers) for server in servers))
    for master, replica in zip(masters, replicas, strict=False):
        replica.client.execute_command("CLUSTER", "REPLICATE", master.id)
    _until(lambda: all(b"cluster_state:ok" in _state(server) for server in servers))
    _until(lambda: all(server.client.info("replication").get("master_link_status") == "up" for server in replicas))


def _known(server: Server) -> int:
    said: Any = server.client.execute_command("CLUSTER", "NODES")
    text = said if isinstance(said, dict) else {line for line in said.splitlines() if b"handshake" not in line}
    return len(text)


def _state(server: Server) -> bytes:
    said: Any = server.client.execute_command("CLUSTER", "INFO")
    return said if isinstance(said, bytes) else f"cluster_state:{said['cluster_state']}".encode()


def _until(done: Any) -> None:
    end = time.monotonic() + _LIMIT_S
    while time.monotonic() < end:
        try:
            if done():
                return
        except (RedisError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError("the cluster did not come up")


def _ports(count: int) -> list[int]:
    """Free ones, each with a free one for the bus."""
    with ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            held = stack.enter_context(socket.socket())
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
            if port > _HIGHEST:
                continue
            bus = stack.enter_context(socket.socket())
            try:
                bus.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            ports.append(port)
        return ports
