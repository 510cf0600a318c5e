"""The page of one's own account, and the one that shows every component."""

from roomd.handlers.pages import Page


class MePage(Page):
    async def get(self) -> None:
        """The same for everybody: who asks is known to the page alone."""
        self.show("me.html")

    head = get


class StylePage(Page):
    async def get(self) -> None:
        self.show("style.html")

    head = get


ROUTES: list[tuple[str, type[Page]]] = [
    (r"/me/?", MePage),
    (r"/style/?", StylePage),
]
