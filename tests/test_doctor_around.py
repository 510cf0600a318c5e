"""What `roomd doctor` says of what is around roomd: disk, port, proxy, music, ffmpeg, other services."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_world import states, the
from s3_world import S3, speaking_s3
from serving import make_wav, serving
from standins.deezer import deezer_standin
from standins.radio import radio_standin
from standins.subsonic import PASSWORD, USER, subsonic_standin
from tornado.testing import bind_unused_port

from roomd.doctor import disk, front, network, processes, secret, services, sound, storage
from roomd.doctor.lines import State
from roomd.settings import Settings


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with speaking_s3() as there:
        yield there


@pytest.mark.gen_test(timeout=10)
async def test_secrets(data_dir: Path) -> None:
    async def state(**given: object) -> State:
        (line,) = await secret.look(Settings(data_dir=data_dir, **given))  # type: ignore[arg-type]
        assert bool(line.fix) == (line.state is not State.OK)
        return line.state

    assert await state() is State.OK  # made by the first start
    assert await state(environment="production") is State.FAIL
    assert await state(secret_key="0123456789abcdef" * 2) is State.OK
    assert await state(secret_key="0123456789abcdef") is State.FAIL
    assert await state(secret_key="changeme" * 4) is State.WARN
    assert await state(secret_key="changeme" * 4, environment="production") is State.FAIL
    kept = data_dir / "secret"
    kept.write_text("0123456789abcdef" * 4)
    for mode, expected in ((0o600, State.OK), (0o400, State.OK), (0o640, State.FAIL), (0o604, State.FAIL)):
        kept.chmod(mode)
        assert await state() is expected, oct(mode)
    kept.chmod(0o600)
    kept.write_text("short")
    assert await state() is State.FAIL
    kept.unlink()
    kept.mkdir()
    assert await state() is State.FAIL


@pytest.mark.gen_test(timeout=10)
async def test_a_data_folder(data_dir: Path) -> None:
    lines = await disk.data(Settings(data_dir=data_dir / "new" / "er"))
    assert "which the first start makes" in the(lines, "disk", "writable").found
    assert list(data_dir.iterdir()) == []  # noqa: ASYNC240 - nothing else waits for this loop
    (data_dir / "file").write_text("")
    for impossible in (data_dir / "file", data_dir / "file" / "x", Path("/proc/roomd")):
        lines = await disk.data(Settings(data_dir=impossible))
        assert the(lines, "disk", "writable").state is State.FAIL, impossible


@pytest.mark.parametrize(
    ("given", "limit", "state", "words"),
    [
        ({}, None, State.OK, "1, as nothing says otherwise"),
        ({"web_concurrency": 2}, None, State.OK, "2, by WEB_CONCURRENCY: up to 20"),
        ({"web_concurrency": 2}, 512 << 20, State.OK, "2, by WEB_CONCURRENCY"),
        ({"web_concurrency": 3}, 512 << 20, State.WARN, "512 MiB of memory"),
        ({"web_concurrency": 8, "processes": 1}, 512 << 20, State.OK, "1, by ROOMD_PROCESSES (WEB_CONCURRENCY, which"),
    ],
)
def test_processes(given: dict[str, int], limit: int | None, state: State, words: str) -> None:
    line = processes.processes_line(Settings(**given), limit)  # type: ignore[arg-type]
    assert (line.state, words in line.found) == (state, True), line


def test_certificates_end() -> None:
    states_ = [front.certificate_line("https://party.example", days).state for days in (-1.0, 13.9, 14.0)]
    assert states_ == [State.WARN, State.WARN, State.OK]


def test_space() -> None:
    spaces = (100 << 20, 200 << 20, (2 << 30) - 1, 2 << 30)
    found = [disk.space_line(Path("/data"), free) for free in spaces]
    assert [line.state for line in found] == [State.FAIL, State.WARN, State.WARN, State.OK]


@pytest.mark.gen_test(timeout=10)
async def test_music(tmp_path: Path) -> None:
    async def told(**given: object) -> tuple[State, str]:
        (line,) = await disk.music(Settings(**given))  # type: ignore[arg-type]
        return line.state, line.found

    assert (await told())[0] is State.OK
    assert (await told(music_dir=tmp_path))[0] is State.WARN
    (tmp_path / "cover.png").write_text("no music")
    assert (await told(music_dir=tmp_path))[0] is State.WARN
    (tmp_path / "deep").mkdir()
    make_wav(tmp_path / "deep" / "Carol - Long Walk.wav", 0.1)
    assert await told(music_dir=tmp_path) == (State.OK, f"{tmp_path} has 1 file to play")
    for nothing in (tmp_path / "nowhere", tmp_path / "cover.png"):
        assert (await told(music_dir=nothing))[0] is State.FAIL


@pytest.mark.gen_test(timeout=30)
async def test_a_port_that_is_free_or_another_program_s() -> None:
    async def state(port: int, host: str = "127.0.0.1") -> State:
        (line,) = await network.port(Settings(host=host, port=port))
        return line.state

    assert await state(0) is State.OK
    bound, free = bind_unused_port()
    bound.close()
    assert await state(free) is State.OK
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert await state(silent.getsockname()[1]) is State.FAIL
    async with deezer_standin() as other:
        port = int(other.url.rpartition(":")[2])
        assert await state(port) is State.FAIL
        assert await state(port, "0.0.0.0") is State.FAIL
    assert await state(free, "192.0.2.1") is State.FAIL  # an address for documents: nobody's
    assert await state(free, "no-such-host.invalid") is State.FAIL


@pytest.mark.gen_test(timeout=60)
async def test_a_port_and_a_cdn_with_a_roomd_behind(redis_url: str, database_url: str, data_dir: Path) -> None:
    """Also one that answers to a name only."""
    given = {"allowed_hosts": ("party.example", "127.0.0.1"), "cdn_url": "http://cdn.example"}
    async with serving(redis_url, database_url, data_dir, **given) as served:
        here = Settings(
            host="127.0.0.1",
            port=served.port,
            allowed_hosts=("party.example",),
            cdn_url=f"http://127.0.0.1:{served.port}/",
        )
        port, cdn = the(await network.port(here), "port", "PORT"), the(await network.cdn(here), "cdn", "ROOMD_CDN_URL")
    assert (port.state, port.found.endswith("which is well")) == (State.OK, True), port
    assert (cdn.state, "passes requests on" in cdn.found) == (State.OK, True), cdn


@pytest.mark.gen_test(timeout=30)
async def test_a_cdn_that_does_not_pass_on() -> None:
    async def told(url: str | None) -> tuple[State, str]:
        (line,) = await network.cdn(Settings(cdn_url=url))
        assert bool(line.fix) == (line.state is not State.OK)
        return line.state, line.found

    assert await told(None) == (State.OK, "not set")
    async with deezer_standin() as other:
        assert (await told(other.url))[0] is State.WARN
        other.redirect_to = other.url
        state, found = await told(other.url)
        assert (state, "without the query" in found) == (State.WARN, True)
        other.redirect_to, other.broken = "", "endless_body"
        assert (await told(other.url))[0] is State.WARN
        other.slow_s = 30
        assert (await told(other.url))[0] is State.FAIL
    assert (await told(other.url))[0] is State.FAIL


@pytest.mark.gen_test(timeout=10)
async def test_what_is_in_front() -> None:
    async def warned(**given: object) -> set[str]:
        lines = await network.proxy(Settings(**given))  # type: ignore[arg-type]
        assert {line.check for line in lines} == {
            "ROOMD_PUBLIC_URL",
            "ALLOWED_HOSTS",
            "ALLOWED_ORIGINS",
            "X-Forwarded-For",
        }
        return {line.check for line in lines if line.state is not State.OK}

    assert await warned() == set()
    assert await warned(public_url="http://house.local:8000") == set()
    production = {"environment": "production", "public_url": "http://party.example"}
    assert await warned(**production) == {"ROOMD_PUBLIC_URL"}
    proxied: dict[str, object] = {"public_url": "https://party.example", "trusted_hops": 1}
    assert await warned(**production | proxied) == set()
    assert await warned(**proxied | {"trusted_hops": 0}) == {"X-Forwarded-For"}
    assert await warned(**proxied, allowed_hosts=("other.example",)) == {"ALLOWED_HOSTS"}
    assert (
        await warned(public_url="https://party.example:8443", allowed_hosts=("Party.example",), dyno="web.1") == set()
    )
    assert await warned(allowed_origins=("https://party.example",), dyno="web.1") == set()


@pytest.mark.gen_test(timeout=60)
async def test_catalogues_are_asked_each(monkeypatch: pytest.MonkeyPatch) -> None:
    async with deezer_standin() as deezer, subsonic_standin() as subsonic, radio_standin() as radio:
        settings = Settings(
            deezer_base_url=deezer.url,
            subsonic_url=subsonic.url,
            subsonic_user=USER,
            subsonic_password=PASSWORD,
            radio_browser_url=radio.url,
        )
        lines = await services.look(settings)
        assert states(lines) == {"providers/deezer": "ok", "providers/subsonic": "ok", "providers/radio": "ok"}, lines
        assert len(deezer.requests) == len(subsonic.requests) == 1
        await deezer.vanish()
        radio.broken = "html"
        lines = await services.look(settings)
        assert states(lines) == {"providers/deezer": "fail", "providers/subsonic": "ok", "providers/radio": "fail"}
        assert "DEEZER_BASE_URL" in the(lines, "providers", "deezer").fix
        subsonic.throttled = True
        lines = await services.look(settings)
        assert the(lines, "providers", "subsonic").state is State.WARN
        await deezer.appear()


@pytest.mark.logs("does not accept roomd's credentials")
@pytest.mark.gen_test(timeout=30)
async def test_a_music_server_that_refuses_us_says_why() -> None:
    async with subsonic_standin() as subsonic:
        given = {"subsonic_url": subsonic.url, "subsonic_user": USER, "subsonic_password": "wrong-sesame"}
        line = the(await services.look(Settings(**given)), "providers", "subsonic")  # type: ignore[arg-type]
    assert (line.state, "does not accept roomd's credentials" in line.found) == (State.FAIL, True), line
    assert "ROOMD_SUBSONIC_PASSWORD" in line.fix
    assert "wrong-sesame" not in str(line)


@pytest.mark.gen_test(timeout=30)
async def test_a_silent_catalogue_takes_no_longer_than_it_may() -> None:
    async with deezer_standin() as deezer:
        deezer.broken = "silent"
        lines = await services.look(Settings(deezer_base_url=deezer.url))
        assert states(lines) == {"providers/deezer": "fail", "providers/subsonic": "ok", "providers/radio": "ok"}


@pytest.mark.gen_test(timeout=10)
async def test_nothing_is_set_and_an_address_that_is_none() -> None:
    assert set(states(await services.look(Settings())).values()) == {"ok"}
    lines = await services.look(Settings(fetch_allow=("10.0.0.0/99",)))
    assert the(lines, "providers", "ROOMD_FETCH_ALLOW").state is State.FAIL


@pytest.mark.gen_test(timeout=90)
async def test_a_bucket_is_asked_and_stays_as_it_is(s3: S3, data_dir: Path) -> None:
    async def told(**given: object) -> tuple[State, str]:
        (line,) = await storage.look(Settings(data_dir=data_dir, **given))  # type: ignore[arg-type]
        assert bool(line.fix) == (line.state is not State.OK)
        assert "example-secret" not in str(line)
        return line.state, line.found

    before = s3.objects()
    assert await told(**s3.settings()) == (State.OK, "the bucket pictures answers")
    s3.put("uploads/" + "0" * 32 + ".webp", b"x")
    assert (await told(**s3.settings()))[0] is State.OK
    assert s3.objects().keys() - before.keys() == {"uploads/" + "0" * 32 + ".webp"}
    state, found = await told(**s3.settings(aws_storage_bucket_name="nobodys"))
    assert (state, "there is no bucket nobodys" in found) == (State.FAIL, True), found
    assert (await told(**s3.settings(aws_s3_endpoint_url="http://127.0.0.1:1")))[0] is State.FAIL
    async with deezer_standin() as forbidding:
        forbidding.status = 403
        state, found = await told(**s3.settings(aws_s3_endpoint_url=forbidding.url))
    assert (state, "may not be listed" in found) == (State.FAIL, True), found
    assert (await told())[0] is State.OK
    assert (await told(dyno="web.1"))[0] is State.WARN


@pytest.mark.gen_test(timeout=30)
async def test_an_ffmpeg_with_all_that_is_needed() -> None:
    (line,) = await sound.look(Settings())
    assert (line.state, "with all that is needed" in line.found) == (State.OK, True), line


@pytest.mark.gen_test(timeout=10)
async def test_no_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = await sound.look(Settings())
    assert line.state is State.WARN
    assert all(word in line.found for word in ("not found on PATH", "durations", "loudness", "waveforms", "conversion"))


@pytest.mark.logs("ROOMD_FFMPEG is /nowhere/ffmpeg")
@pytest.mark.gen_test(timeout=10)
async def test_an_ffmpeg_that_is_named_and_not_there() -> None:
    (line,) = await sound.look(Settings(ffmpeg=Path("/nowhere/ffmpeg")))
    assert (line.state, line.found.startswith("ROOMD_FFMPEG is /nowhere/ffmpeg")) == (State.FAIL, True)


@pytest.mark.gen_test(timeout=30)
async def test_an_ffmpeg_that_was_built_without(tmp_path: Path) -> None:
    """Real lists, with lines left out of them; and a program that is none."""
    script = tmp_path / "ffmpeg"
    script.write_text(
        f'#!/bin/sh\nPATH={os.environ["PATH"]} ffmpeg "$@" | grep -v -e " ebur128 " -e " flac  " -e " mp4  "\n'
    )
    script.chmod(0o755)
    lines = await sound.look(Settings(ffmpeg=script))
    assert [(line.state, line.found) for line in lines] == [
        (State.WARN, "cannot filter with ebur128: no durations, loudness and waveforms"),
        (State.WARN, "cannot write mp4: no conversion"),
        (State.WARN, "cannot read flac: no listening to files of that form"),
    ]
    (line,) = await sound.look(Settings(ffmpeg=Path(sys.executable)))
    assert (line.state, "is no ffmpeg" in line.found) == (State.FAIL, True)
