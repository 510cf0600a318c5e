"""What a page needs beside its HTML: one script and one style sheet, compressed once and kept in memory."""

import base64
import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tornado.web import HTTPError, RequestHandler

from roomd.handlers.packing import closer, lightened, script, sheet
from roomd.handlers.words import LANGUAGES

_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
_YEAR_S = 365 * 86_400
PATH = "/packed/"
#: What stands in pages themselves: short scripts that are wanted before anything else has come, and the sheet of the
#: page that is to show itself a round trip sooner.
INLINED = ("theme.js", "early.js", "room.css")


class Pack(NamedTuple):
    plain: bytes
    gzipped: bytes
    version: str


@cache
def pack(root: Path, name: str) -> Pack:
    """`room.de.js` is `js/room.js` under `root` with its imports, in German; `room.css` is `css/pages/room.css`; and
    `emoji.js` is `js/parts/emoji.js`, which pages ask for when they first need it.

    Fails with KeyError where there is no such page or language.
    """
    page, *language, kind = name.split(".")
    part = kind == "js" and page in parts(root)
    if (page not in pages(root) and not part) or (language and language[0] not in LANGUAGES):
        raise KeyError(name)
    entry = f"js/{'parts/' if part else ''}{page}.js"
    text = script(root, entry, *language) if kind == "js" else sheet(root, f"css/pages/{name}")
    plain = text.encode()
    return Pack(plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:12])


class Inlined(NamedTuple):
    text: str
    #: By which a page's content policy lets it be: the digest of just this text.
    source: str


@cache
def inlined(root: Path, name: str) -> Inlined:
    """One of `INLINED`. In the page itself it is there a round trip sooner than as a file."""
    if name.endswith(".css"):
        text = pack(root, name).plain.decode()
    else:
        text = closer(lightened((root / "js" / name).read_text(encoding="utf-8")))
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Inlined(text, f"'sha256-{digest}'")


@cache
def pages(root: Path) -> frozenset[str]:
    """Whatever has a style sheet of its own."""
    return frozenset(path.stem for path in (root / "css/pages").glob("*.css"))


@cache
def parts(root: Path) -> frozenset[str]:
    return frozenset(path.stem for path in (root / "js/parts").glob("*.js"))


def address(root: Path, name: str) -> str:
    return f"{PATH}{name}?v={pack(root, name).version}"


class Packed(RequestHandler):
    def initialize(self, root: Path) -> None:
        self._root = root

    def get(self, name: str) -> None:
        try:
            found = pack(self._root, name)
        except (KeyError, FileNotFoundError):
            raise HTTPError(404) from None
        self.clear_header("Server")
        self.set_header("Content-Type", _TYPES[name.rpartition(".")[2]])
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Vary", "Accept-Encoding")
        # While servers are exchanged, a new page may ask an old server; its answer must not be kept as the new file.
        fresh = self.get_query_argument("v", "") == found.version
        self.set_header("Cache-Control", f"public, max-age={_YEAR_S}, immutable" if fresh else "no-cache")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(found.gzipped)
        else:
            self.finish(found.plain)

    head = get


ROUTE = (rf"{PATH}([a-z-]+(?:(?:\.[a-z]{{2}})?\.js|\.css))", Packed)
