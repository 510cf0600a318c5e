"""How a person, or a program, is told of the lines."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import click
import msgspec

from roomd.doctor.examination import examine
from roomd.doctor.lines import Line, Lines, State
from roomd.doctor.running import Threads

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}
_INDENT = " " * 8


def doctor(*, as_json: bool) -> int:
    """Look, and say what was found; the exit code: 1 where something fails."""
    # The lines say it all; the log would say some of it twice.
    logging.getLogger().addHandler(logging.NullHandler())
    lines = asyncio.run(_examine())
    for text in _objects(lines) if as_json else _page(lines):
        click.echo(text)
    return 1 if any(line.state is State.FAIL for line in lines) else 0


async def _examine() -> Lines:
    asyncio.get_running_loop().set_default_executor(Threads())
    return await examine()


def _objects(lines: Lines) -> Iterator[str]:
    return (msgspec.json.encode(line._asdict()).decode() for line in lines)


def _page(lines: Lines) -> Iterator[str]:
    for group, of_group in groupby(lines, key=lambda line: line.group):
        yield click.style(group, bold=True)
        for line in of_group:
            yield from _said(line)
    yield ""
    yield summary(lines)


def _said(line: Line) -> Iterator[str]:
    state = click.style(f"{line.state:<4}", fg=_COLOURS[line.state])
    yield f"  {state}  {line.check}: {line.found}"
    if line.fix:
        yield f"{_INDENT}{line.fix}"


def summary(lines: Lines) -> str:
    count = Counter(line.state for line in lines)
    bad, doubtful = count[State.FAIL], count[State.WARN]
    if not bad and not doubtful:
        return f"All is well: {len(lines)} of {len(lines)} checks are ok."
    warnings = f"{doubtful} warning{'' if doubtful == 1 else 's'}"
    if not bad:
        return f"Nothing fails: {count[State.OK]} of {len(lines)} checks are ok, with {warnings}."
    return f"{bad} of {len(lines)} checks fail{'s' if bad == 1 else ''}, with {warnings}: mend what fails first."
