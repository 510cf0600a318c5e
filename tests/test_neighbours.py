"""What processes of one server ask and tell each other, over a real channel whose other end the test holds."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from hub_world import until
from prometheus_client.parser import text_string_to_metric_families
from serving import make_wav

from roomd import neighbours as module
from roomd.channel import MOST_WAITING, Answer, Ask, Channel, Handed, Message, News
from roomd.domain.sync import Report
from roomd.embedded import Stores
from roomd.metrics import Metrics
from roomd.music import MUSIC, open_music
from roomd.neighbours import Neighbours
from roomd.settings import Settings


@asynccontextmanager
async def channels() -> AsyncIterator[tuple[Channel, Channel]]:
    ours, theirs = [await Channel.over(end) for end in socket.socketpair()]
    try:
        yield ours, theirs
    finally:
        await ours.close()
        await theirs.close()


@asynccontextmanager
async def first_of_two() -> AsyncIterator[tuple[Neighbours, Channel]]:
    """Process 1 of 2, and the supervisor's end of its channel."""
    async with channels() as (ours, theirs):
        first = Neighbours(ours, 1, 2)
        listening = asyncio.create_task(first.listen())
        yield first, theirs
        await first.stop()
        listening.cancel()


async def said(channel: Channel) -> Message:
    async with asyncio.timeout(15):
        return await anext(channel.messages())


@pytest.mark.gen_test(timeout=30)
async def test_a_server_by_itself_answers_for_itself() -> None:
    alone = Neighbours()
    alone.answer("health", lambda: {"sockets": 3})
    alone.tell(MUSIC)
    assert (alone.of, await alone.gather("health")) == (1, {1: {"sockets": 3}})


@pytest.mark.gen_test(timeout=30)
async def test_answers_of_all_are_gathered() -> None:
    async with first_of_two() as (first, supervisor):
        first.answer("health", lambda: {"sockets": 3})
        gathering = asyncio.create_task(first.gather("health"))
        asked = await said(supervisor)
        assert isinstance(asked, Ask) and asked.about == "health"
        supervisor.send(Answer(asked.number + 1, {2: msgspec.Raw(b'"of another question"')}))
        supervisor.send(Answer(asked.number, {2: msgspec.Raw(b'{"sockets":4}')}))
        assert await gathering == {1: {"sockets": 3}, 2: {"sockets": 4}}
        supervisor.send(Ask(7, "health"))
        assert await said(supervisor) == Answer(7, {1: msgspec.Raw(b'{"sockets":3}')})


@pytest.mark.logs("the other processes were not heard of")
@pytest.mark.gen_test(timeout=30)
async def test_who_does_not_answer_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    async with first_of_two() as (first, supervisor):
        first.answer("health", lambda: {"sockets": 3})
        assert await first.gather("health") == {1: {"sockets": 3}}
        late = await said(supervisor)
        assert isinstance(late, Ask)
        supervisor.send(Answer(late.number, {2: msgspec.Raw(b"1")}))
        supervisor.send(Ask(8, "health"))
        assert await said(supervisor) == Answer(8, {1: msgspec.Raw(b'{"sockets":3}')})


@pytest.mark.gen_test(timeout=30)
async def test_nothing_more_is_said_to_somebody_who_does_not_read() -> None:
    async with channels() as (ours, _):
        count = 0
        while ours.send(News("x" * 1_000)):
            count += 1
            assert count < 100 * MOST_WAITING


@pytest.mark.gen_test(timeout=30)
async def test_what_is_handed_over_arrives_as_it_was(tmp_path: Path) -> None:
    given = Settings(data_dir=tmp_path, music_dir=Path("/srv/mü"), fetch_allow=("nas.local",), sleep_hours=0.5)
    handed = Handed(2, 3, given, Stores("unix:///r.sock", "postgresql://x"))
    async with channels() as (ours, theirs):
        ours.send(handed)
        assert await theirs.handed() == handed


@pytest.mark.gen_test(timeout=60)
async def test_music_that_one_process_finds_all_others_look_for(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", music_dir=tmp_path / "music")
    (tmp_path / "music").mkdir()
    async with first_of_two() as (first, supervisor), AsyncExitStack() as stack:
        folder = await open_music(settings, "s" * 32, first, stack)
        await until(lambda: folder.done)
        make_wav(tmp_path / "music" / "Carol - Long Walk.wav", 0.1)
        supervisor.send(News(MUSIC))
        await until(lambda: folder.found == 1)
        assert await said(supervisor) == News(MUSIC)
        # The others were told in turn. Where nothing is new nobody is, and that is the end of it.
        await folder.rescan()
        first.tell("the end")
        assert await said(supervisor) == News("the end")


@pytest.mark.gen_test(timeout=60)
async def test_questions_that_come_together_are_asked_once() -> None:
    async with first_of_two() as (first, supervisor):
        first.answer("health", lambda: {"sockets": 3})
        several = [asyncio.create_task(first.gather("health")) for _ in range(5)]
        asked = await said(supervisor)
        assert isinstance(asked, Ask)
        first.tell("the end")
        assert await said(supervisor) == News("the end")
        supervisor.send(Answer(asked.number, {}))
        assert await asyncio.gather(*several) == [{1: {"sockets": 3}}] * 5


def test_metrics_of_several_processes_are_told_apart() -> None:
    here, there = Metrics(), Metrics()
    here.gauge("roomd_sockets", "WebSockets", lambda: 3.0)
    there.gauge("roomd_sockets", "WebSockets", lambda: float("nan"))
    there.heard(Report(state="playing", player="element", p95=3.0))
    of = {1: msgspec.to_builtins(here.families()), 3: msgspec.json.decode(msgspec.json.encode(there.families()))}
    text = here.merged(of, 3).decode()
    assert text.count("# TYPE roomd_sockets gauge") == 1
    found = {
        (sample.name, sample.labels["process"], sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert [found["roomd_process_answers", str(n), ""] for n in (1, 2, 3)] == [1.0, 0.0, 1.0]
    assert found["roomd_sockets", "1", ""] == 3.0
    assert found["roomd_sockets", "3", ""] != found["roomd_sockets", "3", ""]
    assert found["roomd_sync_reports_total", "1", ""] == 0.0
    assert found["roomd_sync_reports_total", "3", ""] == 1.0
    assert found["roomd_sync_error_ms_bucket", "3", "5.0"] == 1.0
