"""A port that several processes of one server share, and nobody else."""

import socket
from pathlib import Path

import pytest

from roomd.binding import ServeError, bind, reserved
from roomd.embedded import postgres
from roomd.embedded.folder import opened
from roomd.embedded.spawn import best_tie
from roomd.settings import Settings, processes_of
from roomd.store.postgres import MOST_CONNECTIONS


def test_a_reserved_port_is_shared_by_ours_and_refused_to_others() -> None:
    with reserved(Settings(host="127.0.0.1", port=0)) as port:
        settings = Settings(host="127.0.0.1", port=port)
        ours = [bind(settings, shared=True) for _ in range(2)]
        with (
            pytest.raises(ServeError, match=f"cannot listen on 127.0.0.1:{port} .*set PORT to a free one"),
            reserved(settings),
        ):
            pass
        assert not _is_free(port)
        for listening in ours:
            listening[0].close()
        # Nobody listens any more: it is still kept, and what comes is refused, not left to wait.
        assert not _is_free(port)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    assert _is_free(port)


def _is_free(port: int) -> bool:
    """As `bind` of a server by itself would find."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_a_port_that_others_have_is_not_reserved() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ServeError), reserved(Settings(host="127.0.0.1", port=taken.getsockname()[1])):
            pass


def test_connections_are_dealt_out_to_all_who_share() -> None:
    with reserved(Settings(host="127.0.0.1", port=0)) as port:
        ours = [bind(Settings(host="127.0.0.1", port=port), shared=True)[0] for _ in range(2)]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        counts = [_accept_all(each) for each in ours]
        for each in (*ours, *clients):
            each.close()
    assert sum(counts) == 200
    # Fair coins leave these bounds once in ten million times.
    assert all(62 < count < 138 for count in counts), counts


def _accept_all(listening: socket.socket) -> int:
    count = 0
    while True:
        try:
            listening.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_every_address_of_a_name_is_reserved() -> None:
    with reserved(Settings(host="localhost", port=0)) as port:
        for listening in bind(Settings(host="localhost", port=port), shared=True):
            listening.close()


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (Settings(), 1),
        (Settings(processes=3), 3),
        (Settings(web_concurrency=2), 2),
        (Settings(processes=1, web_concurrency=2), 1),
    ],
)
def test_how_many_processes(settings: Settings, wanted: int) -> None:
    assert processes_of(settings) == wanted


def test_a_postgresql_of_ours_has_room_for_all_of_them(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir, processes=5)
    with opened(settings) as folder:
        assert "max_connections=80" in postgres.plan(settings, folder, best_tie(), durable=False).command
    assert MOST_CONNECTIONS == 10


def test_none_is_one_for_each_core() -> None:
    assert processes_of(Settings(processes=0)) == processes_of(Settings(web_concurrency=0)) >= 1
