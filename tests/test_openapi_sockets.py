"""The AsyncAPI document is what the dialects say and hear: by their tables, docs/*.md, and random histories' frames."""

import json
import re
from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_world import closed
from rooms_world import ALICE
from state_stories import STORIES, histories
from state_world import History, Step

from roomd.dialects import native
from roomd.dialects.collab import COLLAB
from roomd.dialects.dialect import Dialect
from roomd.dialects.musicroom import MUSICROOM
from roomd.dialects.native import NATIVE
from roomd.dialects.streamit import STREAMIT
from roomd.dialects.syncplay import SYNCPLAY
from roomd.domain.refusals import Forbidden, Invalid
from roomd.domain.sync import Pulse, Shown
from roomd.handlers import frames, wire
from roomd.openapi.asyncapi import asyncapi
from roomd.openapi.channels import CHANNELS, CLOSINGS, Channel, events_told, tag_of

DOCS = Path(__file__).parent.parent / "docs"
#: From npm, as the checks of the pages (package.json).
PUBLISHED = Path(__file__).parent.parent / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"
DOCUMENT = asyncapi("1.2.3")
COMPONENTS = {"schemas": closed(DOCUMENT["components"]["schemas"])}
DIALECTS = {each.name: each for each in (NATIVE, MUSICROOM, COLLAB, SYNCPLAY, STREAMIT)}
#: Told to one socket, and not by a commit: looked at below, one by one.
TO_ONE = {"token", "welcome", "waiting", "pong", "pulse", "ack", "error", "ERROR"}
#: Whole greetings are looked at after so many commits.
GREETED_EACH = 40


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": COMPONENTS})


class Ear:
    """Holds what is told in one contract against the document, and notes which messages there were."""

    def __init__(self, channel: Channel) -> None:
        messages = DOCUMENT["components"]["messages"]
        self.schemas = {
            tag_of(kind): validator(messages[f"{channel.name}.told.{tag_of(kind)}"]["payload"])
            for kind in channel.tells
        }
        shapes = DOCUMENT["components"]["schemas"]["Event"]["oneOf"]
        self.events = {tag: validator(shape) for tag, shape in zip(events_told(), shapes, strict=True)}
        self.heard: set[str] = set()

    def take(self, text: str) -> None:
        frame = json.loads(text)
        self.heard.add(frame["type"])
        for event in frame.pop("events", ()):
            self.heard.add(event["type"])
            self.events[event["type"]].validate(event)
        if frame["type"] == "commit":
            frame["events"] = []
        self.schemas[frame["type"]].validate(frame)


def told(dialect: Dialect, share: float) -> Iterator[str]:
    """Frames of every story: of commits, of greetings, and of rooms that were brought back."""
    for name in STORIES:
        for history, count in histories(name, share):
            for number, step in enumerate(history.steps(count)):
                yield from dialect.tell(step.before, step.commit, step.after)
                if number % GREETED_EACH == 0:
                    yield from greeted(dialect, history, step)


def greeted(dialect: Dialect, history: History, step: Step) -> Iterator[str]:
    view = history.view()
    yield from dialect.greet(view, ALICE)
    yield from dialect.anew(view._replace(room=step.before), view)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_whatever_is_told_is_described_and_nothing_else(channel: Channel) -> None:
    ear = Ear(channel)
    for frame in told(DIALECTS[channel.name], share=0.12 if channel.name == "native" else 0.05):
        ear.take(frame)
    described = {tag_of(kind) for kind in channel.tells} | (set(events_told()) if channel.name == "native" else set())
    assert ear.heard == described - TO_ONE


def test_what_one_socket_is_told() -> None:
    ear = Ear(CHANNELS[0])
    history, _ = next(histories("evening"))
    assert list(history.steps(5))
    view = history.view()
    ear.take(native.welcome(view, ALICE, resumed=False, clock="a1", heartbeat_ms=10_000, rev=3, token_ms=900_000))
    ear.take(native.token(899_000))
    ear.take(native.waiting(view.room))
    ear.take(native.pong(native.Ping(c0=1.5, id=7), 2.0, 3.0, "a1"))
    shown = Shown(state="playing", player="element", error=-0.3, p95=8.9, uncertainty=None, at=4.0)
    ear.take(native.pulse(Pulse(at=5.0, listeners=1, p50=1.0, p95=None, members={ALICE.id: shown})))
    ear.take(native.ack("c-1", 1, 2, "archived"))
    ear.take(native.error(Invalid("no", fields={"position": "must be a number"}), "c-1"))
    assert ear.heard == TO_ONE - {"ERROR"}
    for channel in CHANNELS[1:]:
        refuse = DIALECTS[channel.name].refuse
        assert refuse is not None
        for refusal in (Invalid("no", fields={"position": "is needed"}), Forbidden("no", "chat_disabled")):
            Ear(channel).take(refuse(refusal) or "")


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_examples_of_what_clients_say_are_understood(channel: Channel) -> None:
    for kind in channel.hears:
        payload = DOCUMENT["components"]["messages"][f"{channel.name}.says.{tag_of(kind)}"]["payload"]
        said = least(payload)
        assert said["type"] == tag_of(kind)
        Draft202012Validator(payload | {"components": DOCUMENT["components"]}).validate(said)
        if channel.name == "native":
            heard = native.hear(json.dumps(said))
            assert isinstance(heard.command if isinstance(heard, native.Asked) else heard, kind)
        else:
            assert isinstance(msgspec.json.decode(json.dumps(said), type=reduce(or_, channel.hears)), kind)


def least(schema: Any) -> Any:
    """The least that fits a schema."""
    if "$ref" in schema:
        return least(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "allOf" in schema:
        return reduce(or_, (least(each) for each in schema["allOf"]))
    if "properties" in schema:
        return {name: least(schema["properties"][name]) for name in schema.get("required", ())}
    if "enum" in schema:
        return schema["enum"][0]
    plain = {"string": "1" * schema.get("minLength", 1), "boolean": True, "array": []}
    if schema.get("type") == "array" and schema.get("minItems"):
        return [least(schema["items"])] * schema["minItems"]
    return plain.get(schema["type"], schema.get("minimum", 1))


@pytest.mark.parametrize("name", ["musicroom", "collab", "syncplay", "streamit"])
def test_messages_are_those_of_the_documents(name: str) -> None:
    (channel,) = [each for each in CHANNELS if each.name == name]
    described = {tag_of(kind) for kind in (*channel.hears, *channel.tells)}
    documented = set()
    for line in (DOCS / f"{name}.md").read_text(encoding="utf-8").splitlines():
        if re.match(r"\| `\w+`", line):
            documented |= set(re.findall(r"`(\w+)`", line.split("|")[1]))
    assert documented == described


def test_it_is_what_asyncapi_says_such_a_document_is() -> None:
    """By the schema that the AsyncAPI project publishes, in Rust: 0.1 s, where jsonschema's Python takes 3."""
    published = jsonschema_rs.Draft7Validator(json.loads(PUBLISHED.read_text(encoding="utf-8")))
    assert [each.message for each in published.iter_errors(DOCUMENT)] == []
    broken = DOCUMENT | {"channels": {"native": {"adress": "/ws/v1/{room}/"}}}
    assert not published.is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    for ref in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT))):
        reduce(lambda place, part: place[part.replace("~1", "/")], ref.split("/"), DOCUMENT)


def test_close_codes_are_those_of_the_server() -> None:
    named = vars(wire) | vars(frames)
    assert set(CLOSINGS) == {code for name, code in named.items() if name.startswith("CLOSE_")} | {1000}
