"""Answers in which anything may be anything: a provider makes something of them, or refuses; it never falls over."""

import copy
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec
import pytest
from providers_world import Ask, Hands, over, radio_over
from standins.deezer import deezer_standin
from standins.radio import radio_standin
from standins.standin import Standin
from standins.subsonic import PASSWORD, USER, subsonic_standin
from test_deezer import EVERYTHING as OF_DEEZER
from test_radio_browser import EVERYTHING as OF_RADIO
from test_subsonic import EVERYTHING as OF_SUBSONIC

from roomd.catalogue.deezer import Deezer
from roomd.catalogue.line import Line, open_line
from roomd.catalogue.provider import Provider, Source
from roomd.catalogue.subsonic import Credentials, Subsonic
from roomd.domain.refusals import Refusal
from roomd.domain.song import Album, AlbumPage, Artist, ArtistPage, Found, Genre, Song, track_of
from roomd.domain.track import url_fault

ROUNDS = 40
JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 2**63 - 1, 2**70, -(2**63), 1e308, -1e-300, 0.5, "", " ", "0", "-5", "1e9", "null",
    "0000-00-00", "2004-13-45", "٣", "x" * 5_000, "\x00\x1b[2J", "\u202egeese", "\ud83e\udd86", "\ud800",
    "../../etc/passwd",
    "http://169.254.169.254/", "javascript:alert(1)", "https://[::1", "{}", [], {}, [[]], [None], [{}], {"data": None},
    {"id": None}, {"id": {}}, {"error": {}}, {"name": []}, [1, "2", None],
]  # fmt: skip


CODES = {"provider_down", "provider_busy", "no_such_track", "no_such_album", "no_such_artist", "not_playable"}


def twisted(dice: Random) -> Callable[[Any], Any]:
    """Puts junk in one to four places of an answer, or leaves something out."""

    def twist(body: Any) -> Any:
        body = copy.deepcopy(body)
        for _ in range(dice.randint(1, 4)):
            places = list(_places(body))
            if not places:
                return copy.deepcopy(dice.choice(JUNK))
            holder, key = dice.choice(places)
            if dice.random() < 0.2:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(dice.choice(JUNK))
        return body

    return twist


def _places(value: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def check(answer: Any, name: str) -> None:
    """What an answer has to be whatever it was made of: ids of the provider, text that can be shown, honest numbers."""
    msgspec.json.encode(answer)
    match answer:
        case Song() | Artist() | Album():
            assert answer.id.startswith(f"{name}:") and len(answer.id) > len(name) + 1
            if isinstance(answer, Song):
                check_song(answer, name)
        case Genre():
            assert answer.id > 0 and answer.name
        case Source():
            assert not url_fault(answer.url)
        case list():
            for each in answer:
                check(each, name)
        case Found() | ArtistPage() | AlbumPage():
            for each in msgspec.structs.astuple(answer):
                check(each, name)
        case _:
            raise AssertionError(answer)


def check_song(song: Song, name: str) -> None:
    assert song.title and song.url in {"", f"/media/{name}/{song.id.partition(':')[2]}"}
    assert not song.cover or not url_fault(song.cover)
    assert song.number >= 0
    if song.url:
        track_of(song)


async def ask_all(standin: Standin, asks: Mapping[str, Ask], make: Callable[[Line], Provider], seed: int) -> int:
    """How many were answered; each question goes to a provider of its own, lest a breaker answer it."""
    dice, answered = Random(seed), 0
    async with open_line() as line:
        for _ in range(ROUNDS):
            for ask in asks.values():
                standin.twist = twisted(dice)
                provider = make(line)
                try:
                    check(await ask(provider), provider.name)
                    answered += 1
                except Refusal as refusal:
                    assert refusal.code in CODES
    return answered


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.gen_test(timeout=90)
async def test_deezer(seed: int) -> None:
    hands = Hands()
    async with deezer_standin() as standin:
        answered = await ask_all(
            standin, OF_DEEZER, lambda line: Deezer(over(line, standin.url, "Deezer", hands), hands.now), seed
        )
    assert ROUNDS < answered < ROUNDS * len(OF_DEEZER)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.gen_test(timeout=90)
async def test_subsonic(seed: int) -> None:
    credentials = Credentials(user=USER, password=PASSWORD)
    async with subsonic_standin() as standin:
        answered = await ask_all(
            standin,
            OF_SUBSONIC,
            lambda line: Subsonic(over(line, standin.url, "Our music", Hands()), credentials),
            seed,
        )
    assert ROUNDS < answered < ROUNDS * len(OF_SUBSONIC)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.gen_test(timeout=90)
async def test_radio_browser(seed: int) -> None:
    async with radio_standin() as standin:
        answered = await ask_all(standin, OF_RADIO, lambda line: radio_over(line, standin.url, hands=Hands()), seed)
    assert ROUNDS < answered < ROUNDS * len(OF_RADIO)


@pytest.mark.parametrize("q", ["\ud800", "\x00", "\u202e", "%", "&limit=9999", "#", "a" * 10_000, "\n\n"])
@pytest.mark.gen_test(timeout=30)
async def test_any_words_can_be_searched_for(q: str) -> None:
    credentials = Credentials(user=USER, password=PASSWORD)
    async with (
        open_line() as line,
        deezer_standin() as deezer,
        subsonic_standin() as subsonic,
        radio_standin() as radio,
    ):
        hands = Hands()
        for provider in (
            Deezer(over(line, deezer.url, "Deezer", hands), hands.now),
            Subsonic(over(line, subsonic.url, "Our music", hands), credentials),
            radio_over(line, radio.url, hands=hands),
        ):
            assert await provider.search(q, 5) == Found()
