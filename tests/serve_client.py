"""A native client over a server that is killed and started again."""

from typing import Any

from raw_socket import Raw, raw_socket
from serve_fixtures import Process


class Client:
    """A native client as the document asks for one: it keeps what was not answered, and says it again."""

    def __init__(self, process: Process, person: dict[str, Any], code: str) -> None:
        self.process, self.person, self.code = process, person, code
        self.position: dict[str, int] | None = None
        self.lines: list[str] = []
        self.waiting: dict[str, str] = {}
        self.acknowledged: list[str] = []
        self.state: dict[str, Any] = {}
        self.revs: list[int] = []
        self.raw: Raw | None = None

    async def connect(self) -> bool:
        """Say hello; whether the server resumed."""
        self.raw = await raw_socket(self.process.port, f"/ws/v1/{self.code}/")
        await self.raw.say(type="hello", token=self.person["token"], resume=self.position)
        welcome = await self.raw.until("welcome")
        if not welcome["resumed"]:
            self.state = (await self.raw.until("state"))["room"]
            self.lines = [line["text"] for line in self.state["chat"]]
        for command_id, text in self.waiting.items():
            await self.raw.say(type="say", id=command_id, text=text)
        self.position = self.position if welcome["resumed"] else {"epoch": welcome["epoch"], "rev": welcome["rev"]}
        return bool(welcome["resumed"])

    async def say(self, text: str) -> None:
        assert self.raw is not None
        self.waiting[f"c-{text}"] = text
        await self.raw.say(type="say", id=f"c-{text}", text=text)

    async def listen(self) -> None:
        """Take in what comes until the connection is gone."""
        assert self.raw is not None
        while (message := await self.raw.next()) is not None:
            await self.take(message)

    async def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "ack":
            self.acknowledged.append(self.waiting.pop(message["id"]))
        elif message["type"] == "commit":
            assert self.position is not None
            self.revs.append(message["rev"])
            self.position = {"epoch": message["epoch"], "rev": message["rev"]}
            said = [event["message"]["text"] for event in message["events"] if event["type"] == "said"]
            self.lines.extend(said)

    async def settle(self) -> None:
        """Until everything it ever said is acknowledged and heard."""
        assert self.raw is not None
        mine = [*self.acknowledged, *self.waiting.values()]
        while self.waiting or not set(mine) <= set(self.lines):
            message = await self.raw.next()
            assert message is not None
            await self.take(message)
