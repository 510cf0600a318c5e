"""What the seeds are built on: Django Channels, served by Daphne, with groups in Redis. For comparison.

channels_peer.py PORT; the address of a Redis of its own is in REDIS_URL.
"""

import os
import sys

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from django.urls import re_path

PAYLOAD = 200
# The default capacity of 100 messages would drop most of them.
LAYER = {
    "BACKEND": "channels_redis.core.RedisChannelLayer",
    "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "capacity": 20_000},
}
settings.configure(CHANNEL_LAYERS={"default": LAYER}, SECRET_KEY="only-for-measuring")


class Member(AsyncWebsocketConsumer):  # type: ignore[misc]
    groups = ("room",)

    async def receive(self, text_data: str = "", **_: bytes) -> None:
        await self.channel_layer.group_send("room", {"type": "told", "text": text_data.ljust(PAYLOAD)})

    async def told(self, event: dict[str, str]) -> None:
        await self.send(text_data=event["text"])


app = ProtocolTypeRouter({"websocket": URLRouter([re_path(r".*", Member.as_asgi())])})
Server(app, build_endpoint_description_strings(host="127.0.0.1", port=int(sys.argv[1])), signal_handlers=True).run()
