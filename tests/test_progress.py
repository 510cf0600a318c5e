"""How far a command is: rewritten on a terminal, now and then a line elsewhere."""

import io

import pytest

from roomd.progress import ELSEWHERE_S, TERMINAL_S, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("total", "said"), [(10, "3 of 10 rooms written"), (0, "3 rooms written")])
def test_elsewhere_it_is_a_line_every_few_seconds(total: int, said: str) -> None:
    seconds, stream = [0.0], io.StringIO()
    progress = Progress("rooms written", total, stream, lambda: seconds[0])
    for done in range(1, 4):
        assert stream.getvalue() == ""
        seconds[0] += ELSEWHERE_S / 3 + 0.001
        progress.show(done)
    progress.show(4)
    progress.clear()
    assert stream.getvalue() == f"{said}\n"


def test_on_a_terminal_it_is_one_line_that_goes_away() -> None:
    seconds, stream = [0.0], Terminal()
    progress = Progress("rooms written", 2, stream, lambda: seconds[0])
    progress.clear()
    for done in (1, 2):
        seconds[0] += TERMINAL_S
        progress.show(done)
    progress.clear()
    progress.clear()
    assert stream.getvalue() == "\r\x1b[K1 of 2 rooms written \r\x1b[K2 of 2 rooms written \r\x1b[K"
