"""What makes the pages an app.

A manifest, a service worker, the page for when there is no server, and links that other apps share.
"""

import hashlib
import json
import re
from functools import cache
from pathlib import Path

from roomd.handlers.packing import script
from roomd.handlers.pages import Page

_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}", re.IGNORECASE)
OFFLINE = "/offline"


class ManifestPage(Page):
    """A web app manifest (https://www.w3.org/TR/appmanifest/)."""

    def get(self) -> None:
        words = self.words()
        t = words.t
        shortcuts = [(t("Open a room"), "/#create"), (t("Join with a code"), "/#join"), (t("Library"), "/library/")]
        manifest = {
            "id": "/",
            "name": "roomd",
            "short_name": "roomd",
            "description": t("Listen together, in step."),
            "lang": words.language,
            "dir": words.direction,
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#11131b",
            "theme_color": "#1b2030",
            "categories": ["music", "entertainment", "social"],
            "icons": self._icons(),
            "shortcuts": [{"name": name, "url": url} for name, url in shortcuts],
            "share_target": {
                "action": "/share",
                "method": "GET",
                "params": {"title": "title", "text": "text", "url": "url"},
            },
        }
        self.set_header("Content-Type", "application/manifest+json; charset=utf-8")
        self.finish(json.dumps(manifest, ensure_ascii=False))

    def _icons(self) -> list[dict[str, str]]:
        drawn = [("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any")]
        drawn.append(("icon-maskable-512.png", "512x512", "maskable"))
        icons = [
            {"src": self.static_url(f"img/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in drawn
        ]
        return [*icons, {"src": self.static_url("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}]


class WorkerScript(Page):
    """A browser compares it byte by byte with the one that it has: it is another one when anything in the pages is."""

    def get(self) -> None:
        root = Path(self.settings["static_path"])
        files = [self.packed(name) for name in ("offline.css", "offline.js")]
        files.append(self.static_url("img/icon.svg"))
        shell = {"version": version(root, self.words().language), "page": OFFLINE, "files": files}
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(f"self.SHELL = {json.dumps(shell)};\n{script(root, 'js/worker.js')}")


class OfflinePage(Page):
    def get(self) -> None:
        self.show("offline.html")


class SharePage(Page):
    """Where another app's link arrives: some put it into the text, as there is nothing else to their share."""

    def get(self) -> None:
        said = [self.get_query_argument(name, "") for name in ("url", "text", "title")]
        link = next((found[0] for text in said if (found := _LINK.search(text))), "")
        self.show("share.html", link=link, title=said[2][:200] if said[2] != link else "")


@cache
def version(root: Path, language: str) -> str:
    """Of all that a page in this language is made of: 12 digits. `root` is the folder of static files."""
    told = hashlib.sha256(language.encode())
    for folder in (root, root.parent / "templates", root.parent / "words"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                told.update(str(path.relative_to(root.parent)).encode() + b"\0" + path.read_bytes())
    return told.hexdigest()[:12]


ROUTES: list[tuple[str, type[Page]]] = [
    (r"/manifest\.webmanifest", ManifestPage),
    (r"/sw\.js", WorkerScript),
    (OFFLINE, OfflinePage),
    (r"/share/?", SharePage),
]
