"""A state and the events after it are the next state: for every command, whatever came before, for every client.

Whoever was told a room's state once, and hears what is told from then on, holds after each commit what a newcomer is
told. More than 10,000 commits for each client of the native contract, 4,000 for one of every other. A failure names the
first difference, the command, what was told of it, and the seed of the history.
"""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from state_audience import Audience, Follower, Hearer, difference_after_leap, report
from state_dialects import LISTENERS, Listener
from state_draws import KINDS
from state_page import page
from state_reducer import EVENTS, Client
from state_stories import STORIES, histories
from state_world import History, Step
from test_domain_properties import check_rules, check_whole

from roomd.dialects.dialect import View
from roomd.domain.room import RoomOpened
from roomd.domain.rules import EVENTS as DOMAIN_EVENTS


def follow(name: str, audience: Audience, share: float = 1.0) -> None:
    """Tell a story. Now and then another server has the room, or the client comes anew."""
    for history, count in histories(name, share):
        dice = Random(history.seed)
        audience.begin(history)
        for step in history.steps(count):
            watch(history, step)
            audience.take(history, step)
            if dice.random() < 0.03:
                history.move()
                audience.moved(history)
            if dice.random() < 0.02 and not step.after.closed:
                audience.begin(history)


def watch(history: History, step: Step) -> None:
    """Whatever is told of it, the room itself is to be whole."""
    try:
        check_whole(step.after)
        check_rules(step.after)
    except AssertionError as fault:
        raise AssertionError(f"the room is not whole\n{report(history, step)}") from fault


@pytest.mark.parametrize("name", STORIES)
def test_a_client_written_from_the_document(name: str) -> None:
    follow(name, Follower(Client()))


@pytest.mark.parametrize("name", STORIES)
def test_the_page(name: str) -> None:
    with page() as reducer:
        follow(name, Follower(reducer))


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("kind", LISTENERS)
def test_clients_of_the_other_contracts(kind: type[Listener], name: str) -> None:
    follow(name, Hearer(kind), share=0.4)


def leaps(name: str) -> Iterator[tuple[View, View, str]]:
    """From one state of a room to a later one and back, neither told of the commits between; and what leaps that is."""
    for history, count in histories(name, share=0.1):
        views = [history.view()]
        for number, step in enumerate(history.steps(count)):
            if number % 5 == 0 and not step.after.closed:
                views.append(history.view())
                for pair in (views[-2:], views[:-3:-1]):
                    before, after = (view._replace(now=history.now) for view in pair)
                    yield before, after, f"from rev {before.room.rev} to {after.room.rev}, seed {history.seed!r}"


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("kind", LISTENERS)
def test_a_room_that_was_brought_back(kind: type[Listener], name: str) -> None:
    """No commits lead there, so what is different is told."""
    for before, after, which in leaps(name):
        found = difference_after_leap(kind, before, after)
        assert not found, f"{found}\n{which}"


def test_histories_have_every_command_and_every_event() -> None:
    steps, commands, events = 0, set(), set()
    for name in STORIES:
        for history, count in histories(name):
            for step in history.steps(count):
                steps += 1
                commands.add(type(step.command))
                events |= {type(event) for event in step.commit.events}
    assert steps >= 10_000
    assert (commands, events) == (set(KINDS), set(DOMAIN_EVENTS) - {RoomOpened})


def noticed(audience: Callable[[], Audience]) -> None:
    """Assert that a story, at least, shows up a client that does not hear all that it should."""
    with pytest.raises(AssertionError, match="seed "):
        for name in STORIES:
            follow(name, audience())


@pytest.mark.parametrize("kind", [kind for kind in EVENTS if kind != "room_closed"])
def test_a_client_that_is_deaf_to_an_event_is_noticed(kind: str) -> None:
    noticed(lambda: Follower(Client(), deaf_to=kind))


def test_a_page_that_is_deaf_to_an_event_is_noticed() -> None:
    with page() as reducer:
        noticed(lambda: Follower(reducer, deaf_to="dj_changed"))


@pytest.mark.parametrize("kind", LISTENERS)
def test_a_client_that_is_told_nothing_of_what_is_different_is_noticed(kind: type[Listener]) -> None:
    silent = kind.dialect._replace(anew=lambda before, after: [])
    deaf = type("Deaf", (kind,), {"dialect": silent})
    told = [difference_after_leap(deaf, before, after) for before, after, _ in leaps("evening")]
    assert sum(map(bool, told)) > len(told) / 2


HEARD = [
    *((LISTENERS[0], kind) for kind in ("queue_updated", "song_started", "song_paused", "playback_synced")),
    *((LISTENERS[1], kind) for kind in ("playlist_update", "playback_state", "request_update")),
    *((LISTENERS[2], kind) for kind in ("user_joined", "user_left", "video_changed", "play", "pause", "seek")),
    *((LISTENERS[3], kind) for kind in ("USER_JOINED", "USER_LEFT", "CHAT_MESSAGE", "PLAY", "PAUSE", "SEEK")),
    *((LISTENERS[3], kind) for kind in ("ROOM_PARTICIPANTS", "CHAT_HISTORY")),
]


@pytest.mark.parametrize(("listener", "kind"), HEARD)
def test_a_client_that_is_deaf_to_a_message_is_noticed(listener: type[Listener], kind: str) -> None:
    noticed(lambda: Hearer(listener, deaf_to=kind))
