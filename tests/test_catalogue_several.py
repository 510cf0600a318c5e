"""A whole server with every catalogue there is: what the page is told, and what it plays."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hub_world import eventually
from serving import Served, serving
from standins.deezer import PICTURE as DEEZERS_PICTURE
from standins.deezer import DeezerStandin, deezer_standin
from standins.radio import PICTURE as RADIOS_PICTURE
from standins.radio import RadioStandin, radio_standin
from standins.subsonic import PASSWORD, PICTURE, SOUND, USER, SubsonicStandin, subsonic_standin

from roomd.catalogue import leads
from roomd.clock import Clock

MINUTE_MS, HOUR_MS = 60_000.0, 3_600_000.0


class Later(Clock):
    """A clock that can be put forward."""

    later_ms = 0.0

    def now(self) -> float:
        return super().now() + self.later_ms


class Town(NamedTuple):
    served: Served
    clock: Later
    deezer: DeezerStandin
    subsonic: SubsonicStandin
    radio: RadioStandin

    async def get(self, path: str) -> Any:
        """Asked by somebody who has just come in."""
        alice = await self.served.person("Alice")
        answer = await alice.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def town(redis_url: str, database_url: str, data_dir: Path, **more: Any) -> AsyncIterator[Town]:
    clock = Later()
    async with deezer_standin() as deezer, subsonic_standin() as subsonic, radio_standin() as radio:
        settings = {
            "deezer_base_url": deezer.url,
            "subsonic_url": subsonic.url,
            "subsonic_user": USER,
            "subsonic_password": PASSWORD,
            "radio_browser_url": radio.url,
            "fetch_allow": ("127.0.0.1",),
            **more,
        }
        async with serving(redis_url, database_url, data_dir, clock, **settings) as served:
            yield Town(served, clock, deezer, subsonic, radio)


def providers(things: list[dict[str, Any]]) -> set[str]:
    return {thing["id"].partition(":")[0] for thing in things}


@pytest.mark.gen_test(timeout=60)
async def test_all_are_searched_and_one_that_is_away_is_named(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        found = await made.get("/api/catalogue/search/?q=alice&limit=20")
        assert list(found["providers"]) == ["local", "subsonic", "deezer", "radio"]
        assert providers(found["tracks"]) == {"subsonic", "deezer", "radio"}
        assert providers(found["artists"]) == {"subsonic", "deezer"} and len(found["tracks"]) <= 20
        assert not {"stale", "left_out"} & set(found)
        pages = [await made.get(f"/api/catalogue/search/?q=alice&limit=3&offset={start}") for start in range(0, 21, 3)]
        for kind in ("tracks", "artists", "albums"):
            paged = [each for page in pages for each in page[kind]]
            assert paged[:20] == found[kind] and len({each["id"] for each in paged}) == len(paged)
        alone = await made.get("/api/catalogue/search/?q=alice&provider=subsonic")
        assert providers(alone["tracks"] + alone["artists"]) == {"subsonic"}
        stations = await made.get("/api/catalogue/search/?provider=radio")
        assert stations["tracks"] and all(track["live"] for track in stations["tracks"])
        made.deezer.throttled = True
        walk = await made.get("/api/catalogue/search/?q=long+walk&limit=20")
        assert walk["left_out"] == ["deezer"] and providers(walk["tracks"]) >= {"local", "subsonic"}
        alice = await made.served.person("Alice")
        refused = await alice.call("GET", "/api/catalogue/search/?q=long+walk&provider=deezer")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "provider_busy")


@pytest.mark.gen_test(timeout=60)
async def test_what_is_told_from_before_is_marked(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        pages = (
            "/api/catalogue/search/?q=rain&provider=deezer",
            "/api/catalogue/artists/11/",
            "/api/catalogue/albums/deezer:111/",
            "/api/catalogue/tracks/11101/",
            "/api/charts/top/",
            "/api/charts/genre/132/",
            "/api/charts/new-releases/",
            "/api/charts/top-albums/",
        )
        before = [await made.get(page) for page in pages]
        pool = made.served.services.library.songs._pool
        asked = "SELECT count(DISTINCT split_part(key, ':', 2)) FROM catalogue_answers WHERE key LIKE 'deezer:%'"

        async def all_kept() -> bool:
            return int(await pool.fetchval(asked)) == 10

        await eventually(all_kept, "every kind of answer in PostgreSQL")
        made.clock.later_ms += 30 * HOUR_MS
        made.deezer.throttled = True
        for page, known in zip(pages, before, strict=True):
            assert not known.get("stale")
            said = await made.get(page)
            assert said.pop("stale") is True, page
            assert said == known, page
        alice = await made.served.person("Alice")
        genres = await alice.call("GET", "/api/catalogue/genres/")
        assert genres.headers["Roomd-Stale"] == "true" and {"Pop", "Rock"} <= {each["name"] for each in genres.json()}


@pytest.mark.gen_test(timeout=60)
async def test_deezers_pictures_come_large(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        album = (await made.get("/api/catalogue/albums/111/"))["album"]
        artist = (await made.get("/api/catalogue/artists/11/"))["artist"]
        made.deezer.requests.clear()
        for path, side in ((album["cover_xl"], 1_000), (album["cover_medium"], 500), (artist["picture_xl"], 1_000)):
            picture = await made.served.http.get(path)
            assert (picture.status_code, picture.content) == (200, DEEZERS_PICTURE)
            assert f"/{side}x{side}-" in made.deezer.requests[-1].path


@pytest.mark.gen_test(timeout=60)
async def test_nobodys_browser_is_sent_to_a_third_party_for_a_picture(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        found = await made.get("/api/catalogue/search/?q=alice&limit=20")
        page = await made.get("/api/catalogue/artists/11/")
        albums = [*found["albums"], *page["albums"]]
        shown = [
            *(track[name] for track in [*found["tracks"], *page["top_tracks"]] for name in ("cover",)),
            *(
                artist[name]
                for artist in [*found["artists"], page["artist"]]
                for name in ("picture_medium", "picture_xl")
            ),
            *(album[name] for album in albums for name in ("cover_medium", "cover_xl")),
            *(genre["picture_medium"] for genre in await made.get("/api/catalogue/genres/")),
        ]
        assert {path.split("/")[2] for path in shown if path} == {"subsonic", "deezer", "radio"}
        assert all(path.startswith("/media/") and "?s=" in path for path in shown if path)


@pytest.mark.gen_test(timeout=60)
async def test_a_stations_picture_is_fetched_like_any_link(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with town(redis_url, database_url, data_dir, fetch_allow=()) as made:
        seal = made.served.services.library.seal
        (station,) = (await made.get("/api/catalogue/search/?q=radio+alice&provider=radio"))["tracks"]
        refused = await made.served.http.get(station["cover"])
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "provider_down")
        assert refused.headers["Cache-Control"] == "no-store"
        again = await made.served.http.get(station["cover"])
        assert (again.status_code, again.json()["error"]["code"]) == (404, "no_such_cover"), "not gone for at once"
        elsewhere = seal.path(leads.picture("deezer", f"{made.radio.url}/logo.png"))
        assert (await made.served.http.get(elsewhere)).json()["error"]["code"] == "no_such_cover"
        assert not made.radio.asked("/logo.png"), "this server goes to nobody's private network"


@pytest.mark.gen_test(timeout=60)
async def test_a_stations_picture_is_kept_for_a_day(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        (station,) = (await made.get("/api/catalogue/search/?q=radio+alice&provider=radio"))["tracks"]
        picture = await made.served.http.get(station["cover"])
        assert (picture.status_code, picture.content) == (200, RADIOS_PICTURE)
        assert picture.headers["Cache-Control"] == "private, max-age=86400"
        assert (await made.served.http.get(station["cover"])).status_code == 200
        (asked,) = made.radio.asked("/logo.png")
        assert not {"Cookie", "Referer", "Authorization"} & set(asked.headers)


@pytest.mark.gen_test(timeout=60)
async def test_charts_have_no_stations(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        top = (await made.get("/api/charts/top/?limit=50"))["tracks"]
        assert providers(top) >= {"local", "deezer"} and "radio" not in providers(top)
        genres = {genre["name"]: genre["id"] for genre in await made.get("/api/catalogue/genres/")}
        jazz = await made.get(f"/api/charts/genre/{genres['Jazz']}/")
        assert providers(jazz["tracks"]) == {"subsonic"}


@pytest.mark.gen_test(timeout=60)
async def test_ones_own_music_server_is_heard_and_stays_private(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        page = await made.get("/api/catalogue/search/?q=rain&provider=subsonic")
        track = page["tracks"][0]
        assert track["url"].startswith("/media/subsonic/") and track["cover"].startswith("/media/subsonic/cover/")
        sound = await made.served.http.get(track["url"])
        assert (sound.status_code, sound.content) == (200, SOUND)
        part = await made.served.http.get(track["url"], headers={"Range": "bytes=7-9"})
        assert (part.status_code, part.content) == (206, SOUND[7:10])
        cover = await made.served.http.get(track["cover"])
        assert (cover.status_code, cover.content, cover.headers["Content-Type"]) == (200, PICTURE, "image/png")
        kept = await made.served.http.get(f"{track['url']}&redirect=1")
        assert kept.status_code == 200, "its address has credentials in it"
        made.subsonic.media_status = 500
        alice = await made.served.person("Alice")
        failed = await alice.call("GET", f"/api/catalogue/stream/{track['id']}/")
        assert (failed.status_code, failed.json()["fallback"]) == (503, False)
        for answer in (sound, part, cover, kept, failed):
            told = f"{answer.headers} {answer.text}"
            assert (
                made.subsonic.url not in told
                and PASSWORD not in told
                and "t=" not in answer.headers.get("Location", "")
            )


@pytest.mark.gen_test(timeout=60)
async def test_a_station_is_heard_live(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with town(redis_url, database_url, data_dir) as made:
        (station,) = (await made.get("/api/catalogue/search/?q=radio+alice&provider=radio"))["tracks"]
        assert station["live"] and station["duration"] == 0
        async with made.served.http.stream("GET", station["url"]) as heard:
            assert heard.status_code == 200 and heard.headers["Content-Type"] == "audio/mpeg"
            assert heard.headers["Cache-Control"] == "no-store"
        assert len(made.radio.clicks) == 1
        nowhere = (await made.get("/api/catalogue/search/?q=radio+nowhere&provider=radio"))["tracks"]
        for each in nowhere:
            assert (await made.served.http.get(each["url"])).status_code in {404, 503}
