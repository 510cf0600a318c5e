"""What a web page says of itself for those who link to it: its title, a sentence, a picture (https://ogp.me).

It is somebody else's text: bounded by who fetched it, read as text alone, and none of its HTML is used.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

from msgspec import Struct

from roomd.domain.track import fit_text, url_fault

MAX_TITLE, MAX_DESCRIPTION, MAX_SITE = 160, 240, 60
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
#: Names of what is said, the one that is made for previews first.
_TITLES = ("og:title", "twitter:title", "title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_PICTURES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image")


class Facts(Struct, frozen=True):
    """`picture` is an absolute http(s) address; all are empty where the page does not say."""

    title: str = ""
    description: str = ""
    site: str = ""
    picture: str = ""


class _Head(HTMLParser):
    """Gathers what is said in a page's head; the first of each counts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: dict[str, str] = {}
        self._in_title = False
        self.over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title" and "title" not in self.said
        self.over = self.over or tag == "body"
        if tag == "meta" and not self.over:
            given = {name: value or "" for name, value in attrs}
            name = (given.get("property") or given.get("name") or "").strip().lower()
            if name and given.get("content", "").strip():
                self.said.setdefault(name, given["content"])

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title and not self.over:
            self.said["title"] = self.said.get("title", "") + data


def facts_of(body: bytes, headers: Mapping[str, str], url: str) -> Facts:
    """What the page at `url` says; nothing where that is no page."""
    kind = headers.get("content-type", "")
    if "html" not in kind.lower():
        return Facts()
    head = _Head()
    head.feed(_text(body, kind))
    said = head.said
    picture = urljoin(url, _first(said, _PICTURES).strip()) if _first(said, _PICTURES) else ""
    return Facts(
        title=fit_text(_first(said, _TITLES), MAX_TITLE),
        description=fit_text(_first(said, _DESCRIPTIONS), MAX_DESCRIPTION),
        site=fit_text(said.get("og:site_name", ""), MAX_SITE),
        picture="" if not picture or url_fault(picture) else picture,
    )


def _first(said: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((said[name] for name in names if said.get(name)), "")


def _text(body: bytes, kind: str) -> str:
    """By the charset that the header names, or the page's first kilobyte does; what cannot be read is left out."""
    named = _CHARSET.search(kind) or _CHARSET.search(body[:1_024].decode("ascii", "ignore"))
    try:
        return body.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")
