"""Requests made of the OpenAPI document, and answers held against it."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from roomd.app import API_ROUTES
from roomd.openapi.document import document

JSON = "application/json"
DOCUMENT = document(API_ROUTES, "1.2.3")


#: What takes more than the least to be carried out: test_openapi_answers.py does it.
BY_HAND = {
    "POST /api/accounts/register/",
    "POST /api/accounts/token/",
    "POST /api/accounts/token/refresh/",
    "POST /api/auth/login/",
    "POST /api/accounts/upgrade/",
    "POST /api/accounts/password/",
    "POST /api/accounts/delete/",
    "DELETE /api/accounts/sessions/{session}/",
    "PATCH /api/admin/people/{user}/",
    "DELETE /api/admin/people/{user}/sessions/{session}/",
    "GET /api/catalogue/artists/{id}/",
    "GET /api/catalogue/albums/{id}/",
    "GET /api/charts/genre/{genre}/",
    "POST /api/playlists/generate/",
    "POST /api/playlists/import/",
    "POST /api/playlists/playlists/{id}/move_track/",
    "POST /api/playlists/playlists/{id}/play/",
    "PATCH /api/playlists/queue/",
    "PATCH /api/playlists/queue/tracks/{entry}/",
    "DELETE /api/playlists/queue/tracks/{entry}/",
    "PATCH /api/rooms/{room}/",
    "POST /api/rooms/approve/",
    "POST /api/rooms/{room}/change-video/",
    "POST /api/rooms/{room}/requests/{request}/approve/",
    "POST /api/rooms/{room}/requests/{request}/reject/",
    "POST /api/rooms/{room}/requests/{request}/withdraw/",
    "POST /api/rooms/{room}/members/{user}/ban/",
    "DELETE /api/rooms/{room}/bans/{user}/",
    "POST /api/rooms/{room}/host/",
    "DELETE /api/rooms/{room}/leave/",
    "POST /rooms/api/rooms/{room}/leave/",
    "GET /metrics/",
}
#: Pictures and waveforms take other processes: test_uploads.py and test_sound_http.py wait for those.
ELSEWHERE = {
    "GET /uploads/{key}",
    "GET /api/catalogue/sound/{id}/peaks/",
    "POST /api/accounts/upload-avatar/",
    "POST /api/playlists/playlists/{id}/upload-cover/",
}


def closed(schema: Any) -> Any:
    """The same, where objects have no fields but those that are named: what is told and not described is a fault."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(each) for name, each in schema.items()}
    return shut | ({"additionalProperties": False} if "properties" in shut else {})


COMPONENTS = {"schemas": closed(DOCUMENT["components"]["schemas"])}


def validator(schema: dict[str, Any], components: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": components})


@dataclass(frozen=True)
class Call:
    """One operation of the document."""

    method: str
    path: str
    told: Mapping[str, Any] = field(compare=False)

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def who(self) -> str:
        return str(self.told["x-who"])

    @property
    def needs(self) -> str:
        return str(self.told.get("x-needs", ""))

    def body(self) -> Any:
        """The least that it takes; None where it takes nothing."""
        content = self.told.get("requestBody", {}).get("content", {})
        return example(content[JSON]["schema"]) if JSON in content else None

    def fault(self, answer: httpx.Response) -> str:
        """What is wrong with an answer, by the document; nothing where it is well."""
        shown = f"{self.name}: {answer.status_code} {answer.text[:300]}"
        told = self.told["responses"].get(str(answer.status_code))
        if told is None:
            return f"{shown} is not described"
        if answer.status_code >= 400 and "x-codes" in told:
            fault = answer.json()["error"]
            code = fault if isinstance(fault, str) else fault["code"]
            if code not in told["x-codes"]:
                return f"{shown}: {code} is not described"
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        content = told.get("content", {})
        if not content:
            return f"{shown}: has a body" if answer.content else ""
        if kind not in content and not any(each.endswith("/*") and kind.startswith(each[:-1]) for each in content):
            return f"{shown}: {kind} is not described"
        if kind != JSON:
            return ""
        schema = copy.deepcopy(content[kind]["schema"])
        found = validator(schema, COMPONENTS).iter_errors(answer.json())
        return "\n".join(f"{shown}: {each.json_path}: {each.message}" for each in found)


def calls() -> Iterator[Call]:
    for path, item in DOCUMENT["paths"].items():
        for method, told in item.items():
            yield Call(method, path, told)


def example(schema: Mapping[str, Any]) -> Any:
    """The least that fits a schema."""
    if "$ref" in schema:
        return example(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    kind = schema.get("type")
    if kind == "object":
        return {name: example(schema["properties"][name]) for name in schema.get("required", ())}
    if kind == "array":
        return [example(schema["items"])] * schema.get("minItems", 0)
    return schema["enum"][0] if "enum" in schema else _plain(schema)


def _plain(schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "string":
        return "cohost" if "cohost" in schema.get("pattern", "") else "x" * max(1, schema.get("minLength", 1))
    return True if schema.get("type") == "boolean" else schema.get("minimum", 0)
