"""Where Deezer's sound is: previews that run out, that lead elsewhere, or that there are none of."""

import time

import httpx
import pytest
from providers_world import Hands, deezer
from standins.deezer import deezer_standin

from roomd.catalogue.deezer import Deezer
from roomd.catalogue.deezer_wire import TrackSaid
from roomd.domain.refusals import NotFound


@pytest.mark.gen_test(timeout=20)
async def test_a_preview_is_asked_for_again_when_it_has_run_out() -> None:
    hands = Hands()
    async with (
        deezer_standin() as there,
        deezer(there.url, hands) as provider,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        source = await provider.source("12201")
        assert (source.public, source.trusted, source.mime) == (True, True, "audio/mpeg")
        assert source.expires_at is not None and 890_000 < source.expires_at - time.time() * 1_000 < 901_000
        assert (await http.get(source.url)).status_code == 200
        assert await provider.source("12201") == source
        assert len(there.asked("/track")) == 1
        there.expire()
        assert (await http.get(source.url)).status_code == 403
        again = await provider.source("12201", fresh=True)
        assert (await http.get(again.url)).status_code == 200
        assert len(there.asked("/track")) == 2
        hands.ms = source.expires_at - 59_000
        await provider.source("12201")
        assert len(there.asked("/track")) == 3


@pytest.mark.gen_test(timeout=20)
async def test_previews_are_remembered_from_lists_and_not_for_ever() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        await provider.search("bob", 5)
        asked = len(there.requests)
        assert "c-12101.mp3" in (await provider.source("12101")).url
        assert len(there.requests) == asked
        keep(provider, 4_000)
        await provider.source("12101")
        assert len(there.requests) == asked + 1


def keep(provider: Deezer, more: int) -> None:
    """Have it remember so many other previews."""
    for key in range(500_000, 500_000 + more):
        provider._song(TrackSaid(id=key, preview=f"https://cdnt-preview.dzcdn.net/{key}.mp3?hdnea=exp=1~hmac=0"))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example/a.mp3",
        "https://dzcdn.net.evil.example/a.mp3",
        "https://notdzcdn.net/a.mp3",
        "https://x.dzcdn.net:8443/a.mp3",
        "https://user@x.dzcdn.net/a.mp3",
        "http://x.dzcdn.net/a.mp3",
        "file:///etc/passwd",
        "/media/0123.mp3",
        "javascript:alert(1)",
        "//x.dzcdn.net/a.mp3",
        "https://x.dzcdn.net/a b.mp3",
    ],
)
@pytest.mark.gen_test(timeout=20)
async def test_a_preview_that_leads_elsewhere_is_none(url: str) -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        there.preview_url = url
        assert (await provider.song("12201")).url == ""
        with pytest.raises(NotFound) as caught:
            await provider.source("12201")
        assert caught.value.code == "not_playable"


@pytest.mark.gen_test(timeout=20)
async def test_a_preview_on_deezers_own_hosts_is_public_and_not_trusted() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        there.preview_url = (
            "https://cdnt-preview.dzcdn.net/api/1/1/a.mp3?hdnea=exp=1999999999~acl=/api/1/1/a.mp3*~hmac=0"
        )
        source = await provider.source("12201")
        assert (source.url, source.trusted, source.public) == (there.preview_url, False, True)
        assert source.expires_at == 1_999_999_999_000


@pytest.mark.gen_test(timeout=20)
async def test_there_is_no_sound_without_a_preview() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        with pytest.raises(NotFound) as caught:
            await provider.source("11105")
        assert caught.value.code == "not_playable" and "Harbour 111" in caught.value.message
