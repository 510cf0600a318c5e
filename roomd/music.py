"""The host's music: its folder and what is made of it, put together for a server."""

import hashlib
import hmac
from contextlib import AsyncExitStack

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.pieces import Pieces
from roomd.neighbours import Neighbours
from roomd.settings import Settings
from roomd.sound import find_kit
from roomd.sound.workshop import Workshop

#: What processes tell each other of: something in the folder is new, or gone.
MUSIC = "music"


async def open_music(settings: Settings, secret: str, neighbours: Neighbours, stack: AsyncExitStack) -> LocalFolder:
    """The host's folder; without one, a handful of short pieces made here, so that a first room can play something.

    Each process has an index of its own. What one finds the others look for at once, so that what is found through one
    can be played through another.
    """
    key = hmac.digest(secret.encode(), b"media ids", hashlib.sha256)
    root = settings.music_dir or settings.data_dir / "pieces"
    kit = find_kit(settings)
    folder = LocalFolder(root, key, kit.notes if kit else None)
    folder.on_news = lambda: neighbours.tell(MUSIC)
    neighbours.hear(MUSIC, folder.rescan)
    stack.push_async_callback(folder.close)
    stack.push_async_callback(neighbours.stop)
    if settings.music_dir is None:
        pieces = Pieces(root, folder)
        pieces.start()
        stack.push_async_callback(pieces.close)
    else:
        folder.start()
    if kit is not None:
        folder.sound = workshop = Workshop(kit, folder)
        workshop.start()
        stack.push_async_callback(workshop.close)
    return folder
