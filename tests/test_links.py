"""Which addresses are a provider's recording, and which."""

import pytest

from roomd.domain.links import is_short, parse_link

SONG = "dQw4w9WgXcQ"
ALBUM = "4aawyAB9vmqN3uQ7FjRGTy"


@pytest.mark.parametrize(
    ("text", "source", "url"),
    [
        *(
            (text, f"youtube:{SONG}", f"https://www.youtube.com/watch?v={SONG}")
            for text in (
                f"https://www.youtube.com/watch?v={SONG}",
                f"http://youtube.com/watch?list=PL1&v={SONG}&t=42s",
                f"https://m.youtube.com/watch?v={SONG}",
                f"https://music.youtube.com/watch?v={SONG}&si=x",
                f"https://youtu.be/{SONG}?t=1",
                f"https://www.youtube.com/shorts/{SONG}",
                f"https://www.youtube.com/live/{SONG}?feature=share",
                f"https://www.youtube.com/embed/{SONG}",
                f"https://www.youtube-nocookie.com/embed/{SONG}?rel=0",
                f"  https://youtu.be/{SONG}  ",
            )
        ),
        ("https://vimeo.com/76979871", "vimeo:76979871", "https://vimeo.com/76979871"),
        (
            "https://vimeo.com/76979871/0123456789ab",
            "vimeo:76979871/0123456789ab",
            "https://vimeo.com/76979871/0123456789ab",
        ),
        ("https://player.vimeo.com/video/76979871?h=0123456789ab", "vimeo:76979871/0123456789ab", None),
        ("https://vimeo.com/channels/staffpicks/76979871", "vimeo:76979871", None),
        ("https://vimeo.com/groups/shortfilms/videos/76979871", "vimeo:76979871", None),
        ("https://vimeo.com/ondemand/somefilm/76979871", "vimeo:76979871", None),
        ("https://soundcloud.com/carol-example/long-walk", "soundcloud:carol-example/long-walk", None),
        ("https://m.soundcloud.com/carol-example/sets/walks/", "soundcloud:carol-example/sets/walks", None),
        ("https://soundcloud.com/carol-example/long-walk/s-AbCdE", "soundcloud:carol-example/long-walk/s-AbCdE", None),
        (
            f"https://open.spotify.com/track/{ALBUM}?si=1",
            f"spotify:track/{ALBUM}",
            f"https://open.spotify.com/track/{ALBUM}",
        ),
        (f"https://open.spotify.com/intl-de/album/{ALBUM}", f"spotify:album/{ALBUM}", None),
        (f"spotify:episode:{ALBUM}", f"spotify:episode/{ALBUM}", f"https://open.spotify.com/episode/{ALBUM}"),
    ],
)
def test_a_provider_s_recording_is_recognised(text: str, source: str, url: str | None) -> None:
    link = parse_link(text)
    assert link is not None
    assert link.source == source
    assert url in {None, link.url}
    assert parse_link(link.url) == link, "the one form of a link is a form of it"
    assert link.loose == (link.provider == "spotify")
    assert link.kind == ("video" if link.provider in {"youtube", "vimeo"} else "audio")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "https://www.youtube.com/",
        "https://www.youtube.com/watch?v=short",
        f"https://www.youtube.com/watch?v={SONG}x",
        f"https://www.youtube.com/channel/{SONG}",
        f"https://youtube.com.example.org/watch?v={SONG}",
        f"https://example.org/youtube.com/watch?v={SONG}",
        f"ftp://youtube.com/watch?v={SONG}",
        f"javascript:https://youtu.be/{SONG}",
        "https://vimeo.com/about",
        "https://soundcloud.com/discover/sets",
        "https://soundcloud.com/carol-example",
        "https://open.spotify.com/user/carol",
        "spotify:track:short",
        "https://[broken/watch",
        "https://example.org/song.mp3",
    ],
)
def test_everything_else_is_not(text: str) -> None:
    assert parse_link(text) is None


def test_short_links_are_known_to_lead_elsewhere() -> None:
    assert is_short("https://on.soundcloud.com/AbC12")
    assert is_short("https://spotify.link/AbC12")
    assert not is_short("https://soundcloud.com/carol-example/long-walk")
    assert not is_short("https://[broken/")
