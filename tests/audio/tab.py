"""What a browser's tab can be told, whichever engine it is."""

from typing import Any, Protocol


class TabError(Exception):
    """There is no such browser, it went away, or the page was left while it was asked."""


class Tab(Protocol):
    async def go(self, url: str) -> None: ...

    async def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression, or the promise that it gives, comes to. Raises TabError."""
        ...
