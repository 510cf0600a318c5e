"""Waiting for what others do."""

import asyncio
import time
from collections.abc import Callable


async def until(true: Callable[[], object], within_s: float, what: str = "") -> float:
    """Look at a condition again and again; how many seconds it took to be true. Raises AssertionError."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, f"waited {within_s} s in vain: {what}"
        await asyncio.sleep(0.01)
    return time.monotonic() - began
