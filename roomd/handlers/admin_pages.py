"""The page from which the server is overseen. It holds nothing by itself: what it shows comes from `/api/admin/`."""

from roomd.handlers.pages import Page


class AdminPage(Page):
    async def get(self) -> None:
        """The same for everybody: who asks is known to the page alone."""
        self.show("admin.html")

    head = get


ROUTES: list[tuple[str, type[Page]]] = [(r"/admin/?", AdminPage)]
