"""Whether every promise was kept: the ledger, what clients were told and what servers show, against the archive."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from faults.ledger import Line
from faults.records import Record, Shelved, begins, counting, fold, shown, supersedes
from faults.told import Told


class Snapshot(NamedTuple):
    """What a server showed to somebody who came anew."""

    server: str
    epoch: int
    rev: int
    state: bytes


class Evidence(NamedTuple):
    """Everything about one room.

    `chat` is how often each command's line is in the chat that people are shown, where all of it still is; `shelf` the
    newest snapshot. `wiped_while_away`: Redis lost its data while PostgreSQL was away.
    """

    room: str
    lines: Sequence[Line]
    stories: Mapping[str, Sequence[Told]]
    records: Sequence[Record]
    snapshots: Sequence[Snapshot]
    chat: Mapping[str, int] | None = None
    shelf: Shelved | None = None
    wiped_while_away: bool = False


@dataclass
class Verdict:
    """What was broken, in words, and in numbers.

    `given_up`: lost, and allowed to be. `holes`: commits that the archive's log lacks; they may be in a snapshot.
    `unshown`: what is archived, and yet not there for people to see.
    """

    acks: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    disagreed: int = 0
    holes: int = 0
    unshown: int = 0
    given_up: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        for name in ("acks", "lost", "duplicated", "reordered", "disagreed", "holes", "unshown", "given_up"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults


def check(evidence: Evidence) -> Verdict:
    """All checks on one room."""
    verdict = Verdict(acks=sum(bool(line.acks) for line in evidence.lines))
    history = counting(evidence.records)
    holes = _check_history(evidence, history, verdict)
    _check_lines(evidence, history, holes, verdict)
    for name, story in evidence.stories.items():
        _check_story(name, story, verdict)
    _check_agreement(evidence, holes, verdict)
    _check_snapshots(evidence, history, holes, verdict)
    return verdict


def _check_history(evidence: Evidence, history: Sequence[Record], verdict: Verdict) -> set[int]:
    """The history that counts is numbered without gaps, and each command is in it once. Answers which revs are not."""
    holes: set[int] = set()
    before = 0
    for after in history:
        missing = range(before + 1, after.commit.rev)
        if missing:
            holes |= set(missing)
            verdict.faults.append(
                f"the archive of {evidence.room} has no commits {missing[0]} to {missing[-1]}, before {_at(after)}"
            )
        before = after.commit.rev
    verdict.holes += len(holes)
    seen = Counter((each.commit.by, each.commit.command) for each in history if each.commit.command)
    for (by, command), times in seen.items():
        if times > 1:
            verdict.duplicated += 1
            verdict.faults.append(f"command {command} of {by} took effect {times} times in room {evidence.room}")
    return holes


def _check_lines(evidence: Evidence, history: Sequence[Record], holes: set[int], verdict: Verdict) -> None:
    """What was acknowledged is there, under the number that was said; what was refused is not."""
    done: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for each in history:
        done[each.commit.by, each.commit.command].append(each.commit.rev)
    last = max((each.commit.rev for each in history), default=0)
    for line in evidence.lines:
        revs = done.get((line.by, line.id), [])
        said = {rev for _, _, rev in line.acks}
        if line.refused and revs:
            verdict.faults.append(f"{_name(line)} was refused ({line.refused}), and took effect at {revs}")
            verdict.duplicated += 1
        elif revs and line.acks and said != set(revs):
            verdict.faults.append(f"{_name(line)} took effect at {revs}, and was acknowledged as {sorted(said)}")
            verdict.disagreed += 1
        if line.acks and not revs and not said <= holes and (line.must or max(said) > last):
            _missing(evidence, line, verdict, "archive")
        elif line.kind == "say" and evidence.chat is not None:
            _check_chat(evidence, line, evidence.chat.get(line.id, 0), verdict, archived=bool(revs))


def _check_chat(evidence: Evidence, line: Line, times: int, verdict: Verdict, *, archived: bool) -> None:
    """A line is shown once if it was acknowledged, at most once if nobody knows, and never if it was refused."""
    if line.acks and not times and archived:
        verdict.unshown += 1
        verdict.faults.append(f"{_name(line)} is archived, and is not shown in the chat of {evidence.room}")
    elif line.acks and not times:
        _missing(evidence, line, verdict, "chat")
    elif times > (line.outcome != "fail"):
        verdict.duplicated += 1
        verdict.faults.append(f"{_name(line)} ({line.outcome}) is {times} times in the chat of {evidence.room}")


def _missing(evidence: Evidence, line: Line, verdict: Verdict, where: str) -> None:
    if evidence.wiped_while_away and not line.archived:
        verdict.given_up += 1
        return
    verdict.lost += 1
    verdict.faults.append(
        f"{_name(line)} was acknowledged as {line.acks}, and is lost from the {where} of {evidence.room}"
    )


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


def _check_agreement(evidence: Evidence, holes: set[int], verdict: Verdict) -> None:
    """One number means one commit, for whoever was told and in the archive; and what is told is archived."""
    starts = begins(evidence.records)
    texts = {_at(each): each.digest for each in evidence.records}
    for name, story in evidence.stories.items():
        for told in story:
            if told.kind != "commit":
                continue
            number = (told.epoch, told.rev)
            known = texts.setdefault(number, told.digest)
            if known != told.digest:
                verdict.disagreed += 1
                verdict.faults.append(f"{name} was told another commit {number} of {evidence.room} than others")
    held = {_at(each) for each in evidence.records}
    for epoch, rev in sorted(texts.keys() - held):
        if rev < supersedes(starts, epoch) and rev not in holes:
            verdict.lost += 1
            verdict.faults.append(f"commit {(epoch, rev)} of {evidence.room} was told, and is not in the archive")


def _check_snapshots(evidence: Evidence, history: Sequence[Record], holes: set[int], verdict: Verdict) -> None:
    """What servers show, and the snapshot, is what the commits make; so all servers show the same."""
    shelf, wanted = evidence.shelf, [each.rev for each in evidence.snapshots]
    base = shelf if shelf is not None and holes and max(holes) <= shelf.rev else None
    made = fold(history, [*wanted, *([shelf.rev] if shelf else [])], base)
    found = [(f"{server} shows", epoch, rev, shown(state)) for server, epoch, rev, state in evidence.snapshots]
    if shelf is not None and base is None:
        alone = fold([], [shelf.rev], shelf)
        found.append(("the snapshot has", shelf.epoch, shelf.rev, alone[shelf.epoch, shelf.rev]))
    for who, epoch, rev, state in found:
        expected = made.get((epoch, rev))
        if expected is None:
            verdict.disagreed += 1
            verdict.faults.append(f"{who} {evidence.room} at {(epoch, rev)}, to which the archive does not lead")
        elif expected != state:
            verdict.disagreed += 1
            differing = _differences(expected, state)
            verdict.faults.append(f"{who} {evidence.room} at {(epoch, rev)} with another {differing}")


def _differences(one: object, other: object) -> list[str]:
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    keys: Iterable[str] = sorted(one.keys() | other.keys())
    return [key for key in keys if one.get(key) != other.get(key)]


def _at(each: Record) -> tuple[int, int]:
    return each.commit.epoch, each.commit.rev


def _name(line: Line) -> str:
    return f"command {line.id} ({line.kind} of {line.by})"
