"""Who serves which slot of a cluster, as far as we know; looked at again every two seconds, and whenever in doubt."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from functools import partial

from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from roomd.store.node import Node
from roomd.store.seeds import Address, Seed
from roomd.store.slots import View, slot

#: Seconds after which a picture that is being used is taken anew, between two that are taken in doubt, and for which
#: the slower servers are waited for once one has answered; the first time, when no run of them is known yet, longer.
OLD_S = 2.0
PAUSE_S = 0.2
GRACE_S = 0.1
FIRST_S = 1.0


class Topology:
    def __init__(self, seeds: Sequence[Seed]) -> None:
        how = {name: value for name, value in seeds[0].how.items() if name != "db"}
        if any(seed.how.get("db") for seed in seeds):
            raise ValueError("a cluster has no database but 0")
        self._how = how
        self._nodes: dict[Address, Node] = {}
        self._seeds = [seed.address for seed in seeds]
        self._owners: list[Address | None] = []
        self.masters: list[Address] = []
        #: The masters and their runs, when last looked at; and how often they were others than before.
        self._runs: list[tuple[Address, str]] = []
        self.changes = 0
        self._asked: dict[Address, asyncio.Task[View]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._looked = 0.0
        self._fault: RedisError | None = None
        self._turn = os.getpid()
        for address in self._seeds:
            self.node(address)

    def node(self, address: Address) -> Node:
        if address not in self._nodes:
            self._nodes[address] = Node(address, self._how, self.doubt)
        return self._nodes[address]

    async def serving(self, number: int) -> Node:
        """The master that has a slot. Raises ConnectionError."""
        if not self._owners:
            await self.look()
        elif asyncio.get_running_loop().time() - self._looked > OLD_S:
            self.doubt()
        owner = self._owners[number]
        if owner is None:
            self.doubt()
            raise RedisConnectionError("nobody serves this part of the cluster")
        return self.node(owner)

    def listening(self) -> Node:
        """Some server, another one each time: what is published at one is heard at all."""
        self._turn += 1
        addresses = self.masters or self._seeds
        return self.node(addresses[self._turn % len(addresses)])

    def moved(self, number: int, to: Address) -> bool:
        """A server says that a slot has gone; whether to a master that we know."""
        self._owners[number] = to
        self.doubt()
        return to in self.masters

    def run_of(self, key: str) -> str:
        """The run of the master that has a key; empty where we have met none."""
        owner = self._owners[slot(key)] if self._owners else None
        run = self._nodes[owner].run if owner in self._nodes else None
        return str(run or "")

    async def came_whole(self, key: str, run: str) -> bool:
        """Whether what was whole under a run is whole where it is now: moved there by a master that still lives."""
        await self.look()
        here = (await self.serving(slot(key))).run
        living = {known for _, known in self._runs if known}
        return here is not None and (run == str(here) or (run in living and not here.promoted))

    def mark(self) -> bytes:
        """The same as long as no master has been started again or has become another."""
        processes = sorted(node.run.process for node in map(self.node, self.masters) if node.run)
        return hashlib.sha256(" ".join(processes).encode()).hexdigest()[:16].encode()

    def doubt(self) -> None:
        """Look again, soon."""
        loop = asyncio.get_running_loop()
        if self._looking is None and loop.time() - self._looked > PAUSE_S:
            self._looking = loop.create_task(self._look())
            self._looking.add_done_callback(self._done)

    async def look(self) -> None:
        """Look now. Raises ConnectionError where nothing is known even so."""
        if self._looking is None:
            self._looked = 0.0
            self.doubt()
        assert self._looking is not None
        await asyncio.shield(self._looking)
        if not self._owners:
            raise self._fault or RedisConnectionError("no server of the cluster answers")

    async def aclose(self) -> None:
        tasks = [*self._asked.values(), *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for node in self._nodes.values():
            await node.aclose()

    def _done(self, looking: asyncio.Task[None]) -> None:
        self._looking = None
        self._looked = looking.get_loop().time()

    async def _look(self) -> None:
        """Every server is asked; the newest picture counts, of those that know the cluster to work."""
        pending: set[asyncio.Task[View]] = set()
        for address, node in self._nodes.items():
            if address not in self._asked:
                asking = self._asked[address] = asyncio.create_task(node.view())
                asking.add_done_callback(partial(self._answered, address))
            pending.add(self._asked[address])
        views: list[View] = []
        while pending:
            limit = (GRACE_S if self._owners else FIRST_S) if any(view.whole for view in views) else None
            done, pending = await asyncio.wait(pending, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            views += [task.result() for task in done if not self._failed(task)]
        if views:
            best = max(views, key=lambda view: (view.whole, view.epoch))
            if best.whole or not self._owners:
                await self._take(best)

    def _answered(self, address: Address, asking: asyncio.Task[View]) -> None:
        del self._asked[address]
        # One that comes too late to be looked at may fail as it likes.
        asking.cancelled() or asking.exception()

    async def _take(self, view: View) -> None:
        self._owners, self.masters = list(view.owners), view.masters
        runs = [(address, str(self.node(address).run or "")) for address in self.masters]
        if self._runs and runs != self._runs:
            self.changes += 1
        self._runs = runs
        for address in view.others:
            self.node(address)
        for address in set(self._nodes) - {*self.masters, *view.others, *self._seeds}:
            await self._nodes.pop(address).aclose()

    def _failed(self, task: asyncio.Task[View]) -> bool:
        """Whether a server could not be asked; any other fault is raised."""
        if task.cancelled():
            return True
        fault = task.exception()
        if fault is not None and not isinstance(fault, RedisError | OSError):
            raise fault
        # Not being let in is the reason that helps most.
        if isinstance(fault, RedisError) and not isinstance(self._fault, AuthenticationError):
            self._fault = fault
        return fault is not None
