"""The music services, as the settings switch them on, in a whole server."""

import json
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from serving import serving
from standins.deezer import deezer_standin
from standins.radio import radio_standin, station_id
from standins.subsonic import PASSWORD, USER, subsonic_standin

from roomd.catalogue.fetch import Fetcher
from roomd.clock import Clock
from roomd.providers import providers
from roomd.settings import Settings
from roomd.store import redis as redis_store


@pytest.mark.gen_test(timeout=20)
async def test_there_is_one_for_each_address_that_is_set(redis_url: str) -> None:
    redis = redis_store.connect(redis_url)
    for given, names in (
        ({}, []),
        ({"deezer_base_url": "https://api.deezer.com"}, ["deezer"]),
        ({"radio_browser_url": "https://de1.radio.example, https://nl1.radio.example"}, ["radio"]),
        (
            {
                "deezer_base_url": "https://api.deezer.com/",
                "subsonic_url": "http://nas:4533",
                "subsonic_api_key": "key",
                "radio_browser_url": "https://all.radio.example",
            },
            ["subsonic", "deezer", "radio"],
        ),
    ):
        async with AsyncExitStack() as stack:
            made = await providers(Settings(**given), redis, Clock(), Fetcher(), stack)
            assert [provider.name for provider in made] == names
    await redis.aclose(close_connection_pool=True)


@pytest.mark.gen_test(timeout=60)
async def test_a_server_searches_and_plays_all_of_them_and_tells_nobody_its_password(
    redis_url: str, database_url: str, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with deezer_standin() as deezer, subsonic_standin() as subsonic, radio_standin() as radio:
        settings = {
            "deezer_base_url": deezer.url,
            "subsonic_url": subsonic.url,
            "subsonic_user": USER,
            "subsonic_password": PASSWORD,
            "radio_browser_url": radio.url,
            "fetch_allow": ("127.0.0.1",),
        }
        async with serving(redis_url, database_url, data_dir, **settings) as served:
            alice = await served.person("Alice")
            said = []
            found = await alice.call("GET", "/api/catalogue/search/?q=alice&limit=10")
            said.append(found.text)
            tracks = found.json()["tracks"]
            assert {track["id"].partition(":")[0] for track in tracks} == {"deezer", "subsonic", "radio"}
            assert next(track for track in tracks if track["id"] == f"radio:{station_id(0)}")["live"]
            for provider in ("deezer", "subsonic"):
                track = next(track for track in tracks if track["id"].startswith(provider))
                sound = await served.http.get(track["url"], headers={"Range": "bytes=0-99"})
                assert (sound.status_code, len(sound.content)) == (206, 100), track
                said += [
                    json.dumps(dict(sound.headers)),
                    (await alice.call("GET", f"/api/catalogue/tracks/{track['id']}/")).text,
                ]
            for path in (
                "genres/",
                "artists/subsonic:ar-1/",
                "albums/subsonic:al-11/",
                "stream/subsonic:tr-111/?direct=false",
            ):
                answer = await alice.call("GET", f"/api/catalogue/{path}")
                assert answer.status_code == 200, path
                said.append(answer.text)
    secrets = {asked.query[name] for asked in subsonic.requests for name in ("t", "s")} | {PASSWORD, "sesame"}
    spoken = "\n".join([*said, *(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)])
    assert [secret for secret in secrets if secret in spoken] == []
    assert subsonic.url not in spoken.replace(deezer.url, "")
