"""A request's body as a typed value, or an Invalid that says which field is wrong and what was expected."""

import re
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from roomd.domain.refusals import Invalid

M = TypeVar("M", bound=Struct)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_MOST_FORM_FIELDS = 100

_WHERE = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"missing required field `(.*?)`")
_BOUND = re.compile(r"Expected `(\w+)`( of length)? (<=|>=|<|>) (\S+)")
_UNITS = {"array": "items", "object": "fields"}
_SIDES = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}
_MISMATCH = re.compile(r"Expected `(.*)`, got `(.*)`")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def decode_body(content_type: str, body: bytes, model: type[M]) -> M:
    """Nothing at all reads as an empty object. Raises Invalid; its code tells the media type from the JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body.strip():
        return _convert({}, model)
    if kind == FORM:
        return _convert(_parse_form(body), model)
    if kind != JSON:
        # Anything but these two a browser may send for another site without asking first, so it is not guessed at.
        raise Invalid(f"the body must be {JSON} or {FORM}", "unsupported_media_type")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("the body is not valid JSON", "invalid_json") from None
    if not isinstance(value, dict):
        raise Invalid("the body must be a JSON object", "invalid_json")
    return _convert(value, model)


def _parse_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FORM_FIELDS)
    except ValueError:
        raise Invalid("the form cannot be read", "invalid_form") from None
    return dict(pairs)


def _convert(value: dict[str, object] | dict[str, str], model: type[M]) -> M:
    try:
        return msgspec.convert(value, model, strict=False)
    except msgspec.ValidationError as fault:
        raise _explain(str(fault), value, model) from None


def _explain(fault: str, value: dict[str, object] | dict[str, str], model: type[Struct]) -> Invalid:
    text, where = _WHERE.sub("", fault), _WHERE.search(fault)
    path = where.group(1) if where else ""
    missing = _MISSING.search(text)
    if missing and not path:
        # The decoder stops at the first; a person would rather hear of all of them.
        wanted = [field.encode_name for field in msgspec.structs.fields(model) if field.required]
        fields = {name: "is required" for name in wanted if name not in value}
    elif missing:
        fields = {f"{path}.{missing.group(1)}": "is required"}
    else:
        fields = {path or "body": _say(text)}
    return Invalid("; ".join(f"{name} {problem}" for name, problem in fields.items()), fields=fields)


def _say(text: str) -> str:
    bound = _BOUND.search(text)
    if bound:
        kind, of_length, side, limit = bound.groups()
        unit = f" {_UNITS.get(kind, 'characters')}" if of_length else ""
        return f"must {'have' if unit else 'be'} {_SIDES[side]} {limit}{unit}"
    mismatch = _MISMATCH.search(text)
    if not mismatch:
        return text[:1].lower() + text[1:].replace("`", "")
    wanted, got = (" or ".join(_WORDS.get(word, word) for word in part.split(" | ")) for part in mismatch.groups())
    return f"must be {wanted}, not {got}"
