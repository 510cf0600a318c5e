"""A connection of ours, by itself: in order and whole, bounded, and ended as the protocol has it."""

import asyncio
import socket
import tracemalloc
from itertools import pairwise

import pytest
from hub_world import until
from raw_socket import BINARY, CLOSE, PING, PONG, TEXT
from socket_world import paired
from test_frames import framed

from roomd.fanout import frame
from roomd.handlers import socket as socket_module
from roomd.handlers.socket import FRAMES


@pytest.mark.gen_test(timeout=20)
async def test_what_is_sent_and_what_comes_is_in_order() -> None:
    async with paired(early=framed(TEXT, b"early")) as pair:
        pair.ours.write(frame("one") + frame("zwei ü"))
        pair.ours.write(frame("x" * 70_000))
        pair.ours.ping()
        await pair.client.send(b"late")
        await pair.client.send(b"\0\1", BINARY)
        await pair.client.send(b"?", PING)
        got = [await pair.client.frame() for _ in range(5)]
        assert got == [(TEXT, b"one"), (TEXT, "zwei ü".encode()), (TEXT, b"x" * 70_000), (PING, b""), (PONG, b"?")]
        assert pair.owner.messages == ["early", "late", b"\0\1"]
        assert (pair.owner.heard_of, pair.ours.waiting) == (4, 0)


@pytest.mark.gen_test(timeout=30)
async def test_what_a_client_does_not_take_waits_and_nothing_is_cut_or_mixed() -> None:
    async with paired(receive_buffer=4_096) as pair:
        texts = [f"{n} " + "x" * 40_000 for n in range(100)]
        for text in texts:
            pair.ours.write(frame(text))
        sent = sum(map(len, map(frame, texts)))
        # The system holds no more than it is let: twice the buffer for its bookkeeping, and what the other end takes.
        assert sent - 4 * socket_module.SEND_BUFFER < pair.ours.waiting < sent
        # Pings are not answered to whoever does not read the answers.
        await pair.client.send(b"?", PING)
        await until(lambda: pair.owner.heard_of)
        waiting = pair.ours.waiting
        pair.ours.ping()
        assert pair.ours.waiting == waiting
        assert [(await pair.client.frame())[1].decode() for _ in texts] == texts
        await until(lambda: not pair.ours.waiting)
        pair.ours.write(frame("after"))
        assert await pair.client.frame() == (TEXT, b"after")


@pytest.mark.gen_test(timeout=30)
async def test_what_waits_for_many_is_there_once_however_small_its_pieces_are() -> None:
    async with paired(receive_buffer=4_096) as first, paired(receive_buffer=4_096) as second:
        big, small = frame("x" * 4_000_000), [frame(f"{n} " + "y" * 1_000) for n in range(1_000)]
        tracemalloc.start()
        try:
            for frames in (big, *small):
                assert first.ours.write(frames) == first.ours.waiting
                assert second.ours.write(frames) == second.ours.waiting
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert min(first.ours.waiting, second.ours.waiting) > 4_000_000
        assert grown < 100_000
        for pair in (first, second):
            assert len((await pair.client.frame())[1]) == 4_000_000
            for n, frames in enumerate(small):
                assert frame((await pair.client.frame())[1].decode()) == frames, n
            await until(lambda ours=pair.ours: not ours.waiting)  # type: ignore[misc]


@pytest.mark.gen_test(timeout=20)
async def test_a_client_that_sends_very_much_at_once_leaves_others_their_turn() -> None:
    async with paired() as pair:
        loop, count = asyncio.get_running_loop(), 40 * FRAMES
        taken: list[int] = [0]

        def others() -> None:
            taken.append(len(pair.owner.messages))
            if taken[-1] < count:
                loop.call_soon(others)

        loop.call_soon(others)
        pair.plain.send(b"".join(framed(TEXT, str(n).encode()) for n in range(count)))
        await until(lambda: taken[-1] == count)
        assert pair.owner.messages == [str(n) for n in range(count)]
        assert max(after - before for before, after in pairwise(taken)) <= FRAMES


@pytest.mark.gen_test(timeout=20)
async def test_a_client_that_is_reset_takes_nothing_and_nothing_is_raised() -> None:
    async with paired() as pair:
        pair.plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        pair.client.writer.transport.abort()
        for _ in range(20):
            pair.ours.write(frame("x" * 100_000))
            await asyncio.sleep(0)
        await until(lambda: pair.owner.closed)
        pair.ours.write(frame("x"))
        pair.ours.close(1000, "gone")
        assert (pair.ours.open, pair.ours.waiting, pair.owner.closed) == (False, 0, 1)


@pytest.mark.gen_test(timeout=20)
async def test_the_server_closes_the_connection_once_both_have_said_goodbye() -> None:
    async with paired() as pair:
        pair.ours.close(4001, "silent")
        pair.ours.write(frame("nothing goes out behind it"))
        assert await pair.client.frame() == (CLOSE, b"\x0f\xa1silent")
        await pair.client.send(b"too late")
        await asyncio.sleep(0)
        assert pair.ours.open
        await pair.client.send(b"\x0f\xa1", CLOSE)
        assert await pair.client.reader.read() == b""
        assert (pair.owner.messages, pair.owner.closed) == ([], 1)


@pytest.mark.parametrize(("said", "answered"), [(b"\x03\xe8bye", b"\x03\xe8"), (b"", b"")])
@pytest.mark.gen_test(timeout=20)
async def test_a_goodbye_is_answered_and_what_comes_behind_it_is_nothing(said: bytes, answered: bytes) -> None:
    async with paired() as pair:
        pair.plain.send(framed(CLOSE, said) + framed(TEXT, b"behind it"))
        assert await pair.client.frame() == (CLOSE, answered)
        assert await pair.client.reader.read() == b""
        assert (pair.owner.messages, pair.owner.closed) == ([], 1)


@pytest.mark.gen_test(timeout=20)
async def test_a_goodbye_of_whoever_is_behind_is_answered_after_the_rest() -> None:
    async with paired(receive_buffer=4_096) as pair:
        for _ in range(50):
            pair.ours.write(frame("x" * 40_000))
        assert pair.ours.waiting
        await pair.client.send(b"", CLOSE)
        await until(lambda: pair.owner.left)
        assert [len((await pair.client.frame())[1]) for _ in range(51)] == [*[40_000] * 50, 0]
        assert await pair.client.reader.read() == b""


@pytest.mark.gen_test(timeout=20)
async def test_garbage_is_told_so_and_then_poured_away() -> None:
    async with paired() as pair:
        pair.plain.send(framed(TEXT, b"before") + b"\x81\x01a")
        kind, why = await pair.client.frame()
        assert (kind, why[:2]) == (CLOSE, (1002).to_bytes(2, "big"))
        # The server's side is at its end; the client's is read on, so that what it is told is not lost to a reset.
        assert await pair.client.reader.read() == b""
        for _ in range(20):
            pair.client.writer.write(bytes(50_000))
            await pair.client.writer.drain()
        assert (pair.owner.messages, pair.owner.faults, pair.ours.open) == (["before"], [1002], True)
        pair.client.writer.close()
        await until(lambda: pair.owner.closed)


@pytest.mark.logs("Exception in callback Socket")
@pytest.mark.gen_test(timeout=20)
async def test_a_fault_of_ours_ends_the_connection() -> None:
    async with paired() as pair:
        pair.owner.fails = KeyError
        await pair.client.send(b"one")
        await pair.client.send(b"two")
        assert await pair.client.reader.read() == b""
        assert pair.owner.closed == 1


@pytest.mark.gen_test(timeout=20)
async def test_at_the_end_of_the_process_nobody_is_told() -> None:
    async with paired() as pair:
        pair.ours.drop()
        assert await pair.client.reader.read() == b""
        assert pair.owner.closed == 0
