"""The dashboard: a host and a guest side by side, over the public interface alone, and all that they say."""

from roomd.handlers.pages import Page


class DashboardPage(Page):
    def get(self) -> None:
        self.show("dashboard.html")

    head = get


ROUTES: list[tuple[str, type[Page]]] = [(r"/dashboard/?", DashboardPage)]
