"""Links to places that play by themselves: which provider, and which of its recordings. All else is a file's address.

A link is recognised by its address alone. Short links (`SHORT_HOSTS`) lead to one of these; where, only asking tells.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, parse_qs, urlsplit

from roomd.domain.track import Kind

Provider = Literal["youtube", "vimeo", "soundcloud", "spotify"]

SHORT_HOSTS = frozenset({"on.soundcloud.com", "spotify.link", "spotify.app.link"})

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_YOUTUBE_PATH = re.compile(r"/(?:shorts|live|embed|v)/([A-Za-z0-9_-]{11})(?:/|$)")
_VIMEO_PATH = re.compile(
    r"/(?:video/|channels/[\w-]+/|groups/[\w-]+/videos/|ondemand/[\w-]+/)?(\d{1,12})(?:/([0-9a-f]{6,16}))?/?"
)
_SOUNDCLOUD_PATH = re.compile(r"/([\w-]{1,64})/((?:sets/)?[\w-]{1,255})(?:/(s-\w{1,32}))?/?")
_SPOTIFY_PATH = re.compile(r"/(?:intl-[a-z-]{2,7}/)?(track|album|playlist|episode|show)/([A-Za-z0-9]{22})/?")
_SPOTIFY_URI = re.compile(r"spotify:(track|album|playlist|episode|show):([A-Za-z0-9]{22})")
#: First parts of SoundCloud addresses that are no people.
_NOBODY = frozenset({"discover", "stream", "you", "search", "charts", "upload", "pages", "settings"})


class Link(NamedTuple):
    """`url` is the one form of the address; `loose`: the provider's player cannot be kept to the instant."""

    provider: Provider
    id: str
    url: str
    kind: Kind
    loose: bool = False

    @property
    def source(self) -> str:
        return f"{self.provider}:{self.id}"


def parse_link(text: str) -> Link | None:
    """The provider's recording that an address names; None for every other address."""
    uri = _SPOTIFY_URI.fullmatch(text.strip())
    if uri:
        return _spotify(uri[1], uri[2])
    try:
        parts = urlsplit(text.strip())
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return None
    reader = _READERS.get(host) if parts.scheme in {"http", "https"} else None
    return reader(parts) if reader else None


def is_short(url: str) -> bool:
    """Whether the address only leads to another one, of a provider's."""
    try:
        return (urlsplit(url).hostname or "") in SHORT_HOSTS
    except ValueError:
        return False


def _youtube(parts: SplitResult) -> Link | None:
    if parts.hostname and parts.hostname.endswith("youtu.be"):
        found = parts.path.strip("/").partition("/")[0]
    elif parts.path in {"/watch", "/watch/"}:
        found = parse_qs(parts.query).get("v", [""])[0]
    else:
        match = _YOUTUBE_PATH.match(parts.path)
        found = match[1] if match else ""
    if not _YOUTUBE_ID.fullmatch(found):
        return None
    return Link("youtube", found, f"https://www.youtube.com/watch?v={found}", "video")


def _vimeo(parts: SplitResult) -> Link | None:
    match = _VIMEO_PATH.fullmatch(parts.path)
    if not match:
        return None
    secret = match[2] or parse_qs(parts.query).get("h", [""])[0]
    known = f"{match[1]}/{secret}" if re.fullmatch(r"[0-9a-f]{6,16}", secret) else match[1]
    return Link("vimeo", known, f"https://vimeo.com/{known}", "video")


def _soundcloud(parts: SplitResult) -> Link | None:
    match = _SOUNDCLOUD_PATH.fullmatch(parts.path)
    if not match or match[1] in _NOBODY:
        return None
    known = "/".join(part for part in match.groups() if part)
    return Link("soundcloud", known, f"https://soundcloud.com/{known}", "audio")


def _spotify_page(parts: SplitResult) -> Link | None:
    match = _SPOTIFY_PATH.fullmatch(parts.path)
    return _spotify(match[1], match[2]) if match else None


def _spotify(what: str, found: str) -> Link:
    return Link("spotify", f"{what}/{found}", f"https://open.spotify.com/{what}/{found}", "audio", loose=True)


_READERS: Mapping[str, Callable[[SplitResult], Link | None]] = {
    "youtube.com": _youtube,
    "music.youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtu.be": _youtube,
    "vimeo.com": _vimeo,
    "player.vimeo.com": _vimeo,
    "soundcloud.com": _soundcloud,
    "open.spotify.com": _spotify_page,
}
