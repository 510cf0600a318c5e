"""Whether every promise was kept: the ledger, what clients were told and what servers show, against the archive."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from faults.ledger import Line
from faults.records import Record, begins, counting, fold, shown, supersedes
from faults.told import Told


class Snapshot(NamedTuple):
    """What a server showed to somebody who came anew."""

    server: str
    epoch: int
    rev: int
    state: bytes


class Evidence(NamedTuple):
    """Everything about one room. `wiped_while_away`: Redis lost its data while PostgreSQL was away."""

    room: str
    lines: Sequence[Line]
    stories: Mapping[str, Sequence[Told]]
    records: Sequence[Record]
    snapshots: Sequence[Snapshot]
    wiped_while_away: bool = False


@dataclass
class Verdict:
    """What was broken, in words, and in numbers. `given_up`: lost, and allowed to be."""

    acks: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    disagreed: int = 0
    given_up: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        for name in ("acks", "lost", "duplicated", "reordered", "disagreed", "given_up"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults


def check(evidence: Evidence) -> Verdict:
    """All checks on one room."""
    verdict = Verdict(acks=sum(bool(line.acks) for line in evidence.lines))
    _check_history(evidence, verdict)
    _check_lines(evidence, verdict)
    for name, story in evidence.stories.items():
        _check_story(name, story, verdict)
    _check_agreement(evidence, verdict)
    _check_snapshots(evidence, verdict)
    return verdict


def _check_history(evidence: Evidence, verdict: Verdict) -> None:
    """The history that counts is numbered without gaps, and each command is in it once."""
    records = counting(evidence.records)
    for before, after in pairwise(records):
        if after.commit.rev != before.commit.rev + 1:
            verdict.reordered += 1
            verdict.faults.append(f"archive of {evidence.room}: {_at(after)} follows on {_at(before)}")
    if records and records[0].commit.rev != 1:
        verdict.reordered += 1
        verdict.faults.append(f"archive of {evidence.room} begins with {_at(records[0])}")
    seen = Counter((each.commit.by, each.commit.command) for each in records if each.commit.command)
    for (by, command), times in seen.items():
        if times > 1:
            verdict.duplicated += 1
            verdict.faults.append(f"command {command} of {by} took effect {times} times in room {evidence.room}")


def _check_lines(evidence: Evidence, verdict: Verdict) -> None:
    """What was acknowledged is there, under the number that was said; what was refused is not."""
    done: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for each in counting(evidence.records):
        done[each.commit.by, each.commit.command].append(each.commit.rev)
    last = max((each.commit.rev for each in evidence.records), default=0)
    for line in evidence.lines:
        revs = done.get((line.by, line.id), [])
        said = {rev for _, _, rev in line.acks}
        if line.refused and revs:
            verdict.faults.append(f"{_name(line)} was refused ({line.refused}), and took effect at {revs}")
            verdict.duplicated += 1
        if line.must and line.acks and not revs:
            _missing(evidence, line, verdict)
        elif revs and line.acks and said != set(revs):
            verdict.faults.append(f"{_name(line)} took effect at {revs}, and was acknowledged as {sorted(said)}")
            verdict.disagreed += 1
        elif not line.must and not revs and any(rev > last for rev in said):
            _missing(evidence, line, verdict)


def _missing(evidence: Evidence, line: Line, verdict: Verdict) -> None:
    if evidence.wiped_while_away and not line.archived:
        verdict.given_up += 1
        return
    verdict.lost += 1
    verdict.faults.append(f"{_name(line)} was acknowledged as {line.acks}, and is lost from room {evidence.room}")


def _check_story(name: str, story: Sequence[Told], verdict: Verdict) -> None:
    """After a state at rev n come n + 1, n + 2, …; an epoch begins with a state."""
    at: tuple[int, int] | None = None
    for told in story:
        match told.kind:
            case "state":
                at = (told.epoch, told.rev)
            case "welcome":
                if at is None or at[0] != told.epoch or told.rev < at[1]:
                    verdict.reordered += 1
                    verdict.faults.append(f"{name} knew {at} and was welcomed back at {(told.epoch, told.rev)}")
            case _:
                if at is None or (told.epoch, told.rev) != (at[0], at[1] + 1):
                    verdict.reordered += 1
                    verdict.faults.append(f"{name} knew {at} and was told {(told.epoch, told.rev)}")
                at = (told.epoch, told.rev)


def _check_agreement(evidence: Evidence, verdict: Verdict) -> None:
    """One number means one commit, for whoever was told and in the archive; and what is told is archived."""
    starts = begins(evidence.records)
    texts = {(each.commit.epoch, each.commit.rev): each.digest for each in evidence.records}
    for name, story in evidence.stories.items():
        for told in story:
            if told.kind != "commit":
                continue
            number = (told.epoch, told.rev)
            known = texts.setdefault(number, told.digest)
            if known != told.digest:
                verdict.disagreed += 1
                verdict.faults.append(f"{name} was told another commit {number} of {evidence.room} than others")
    held = {(each.commit.epoch, each.commit.rev) for each in evidence.records}
    for epoch, rev in sorted(texts.keys() - held):
        if rev < supersedes(starts, epoch):
            verdict.lost += 1
            verdict.faults.append(f"commit {(epoch, rev)} of {evidence.room} was told, and is not in the archive")


def _check_snapshots(evidence: Evidence, verdict: Verdict) -> None:
    """What a server shows is what the commits make, and so all servers show the same."""
    expected = fold(counting(evidence.records), [each.rev for each in evidence.snapshots])
    for server, epoch, rev, state in evidence.snapshots:
        made = expected.get((epoch, rev))
        found = shown(state)
        if made is None:
            verdict.disagreed += 1
            verdict.faults.append(
                f"{server} shows {evidence.room} at {(epoch, rev)}, to which the archive does not lead"
            )
        elif made != found:
            verdict.disagreed += 1
            differing = _differences(made, found)
            verdict.faults.append(f"{server} shows {evidence.room} at {(epoch, rev)} with another {differing}")


def _differences(one: object, other: object) -> list[str]:
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    keys: Iterable[str] = sorted(one.keys() | other.keys())
    return [key for key in keys if one.get(key) != other.get(key)]


def _at(each: Record) -> tuple[int, int]:
    return each.commit.epoch, each.commit.rev


def _name(line: Line) -> str:
    return f"command {line.id} ({line.kind} of {line.by})"
