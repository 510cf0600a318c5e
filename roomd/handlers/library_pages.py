"""The library's pages: one document for all of them, with the name of its view; the page asks for what is in it."""

from roomd.handlers.pages import Page


class LibraryPage(Page):
    async def get(self, view: str = "home", ref: str = "") -> None:
        """`view`: what the address names; `ref`: which artist, album, playlist or genre."""
        self.show("library.html", view=view, single=bool(ref))

    head = get


ROUTES: list[tuple[str, type[Page]]] = [
    (r"/library/?", LibraryPage),
    (r"/library/(search|playlists|favourites|history|charts|genres)/?", LibraryPage),
    (r"/library/(artists|albums|playlists|genres)/([^/]{1,300})/?", LibraryPage),
]
