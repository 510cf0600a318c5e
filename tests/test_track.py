"""Outside input becomes a track, or is told what is wrong with it."""

import pytest

from roomd.domain.refusals import Invalid
from roomd.domain.track import MAX_DURATION_MS, Track, check_track, fit_text

URL = "https://music.example/rain.mp3"


def test_good_input_is_tidied() -> None:
    made = check_track(
        title="  De\u0301ja\u0300 Vu ", artist="Alice\n", url=f" {URL} ", duration_ms=1_000, kind="video"
    )
    assert made == Track(title="Déjà Vu", artist="Alice", url=URL, duration_ms=1_000, kind="video")


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://10.0.0.1:8080/a?b=c#d",
        "HTTPS://Music.example/",
        "http://[::1]/a",
        "/media/" + "0" * 32 + ".mp3",
        "/media/a/cover",
    ],
)
def test_urls_that_may_be_played(url: str) -> None:
    assert check_track(title="Rain", url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "", "rain.mp3", "javascript:alert(1)", "data:audio/mpeg;base64,AAAA", "file:///etc/passwd",
        "ftp://music.example/a",
        "//music.example/a", "/admin/", "/media/", "/media/../admin/", "/media//x", "/media/%2e%2e/admin",
        "/media/a\\b",
        "http://", "http:///a", "https://alice:secret@music.example/", "https://alice@music.example/",
        "http://a:99999/",
        "http://a:0/", "http://[::1/", "http://a/b c", "http://a/b\nc", "http://a/\u202egpm.exe",
        "http://a/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_urls_that_may_not(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_track(title="Rain", url=url)
    assert list(caught.value.fields) == ["url"]


def test_every_wrong_field_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        check_track(
            title=" ",
            artist="a\0b",
            album="x" * 301,
            url="x",
            duration_ms=float("nan"),
            kind="smell",
            cover="javascript:1",
        )
    assert set(caught.value.fields) == {"title", "artist", "album", "url", "duration_ms", "kind", "cover"}
    assert "title is empty" in caught.value.message


@pytest.mark.parametrize("duration", [0, -1, float("inf"), MAX_DURATION_MS + 1])
def test_lengths_that_cannot_be(duration: float) -> None:
    with pytest.raises(Invalid):
        check_track(title="Rain", url=URL, duration_ms=duration)


@pytest.mark.parametrize("text", ["a\x1bb", "a\u202eb", "a\u2066b", "a\ud800b", "a\u2028b", "x" * 301])
def test_text_that_is_refused_from_people_is_mended_from_files(text: str) -> None:
    with pytest.raises(Invalid):
        check_track(title=text, url=URL)
    assert check_track(title=fit_text(text), url=URL)


@pytest.mark.parametrize("gain", [float("nan"), float("inf"), 61.0, -61.0])
def test_gain_that_is_a_joke(gain: float) -> None:
    with pytest.raises(Invalid) as caught:
        check_track(title="Rain", url=URL, gain_db=gain)
    assert list(caught.value.fields) == ["gain_db"]


def test_gain_is_kept() -> None:
    assert check_track(title="Rain", url=URL, gain_db=-6.5).gain_db == -6.5
