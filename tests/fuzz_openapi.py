"""Schemathesis over the whole API, as everybody: `make security`. Pytest passes it by otherwise, as it takes minutes.

Addresses are of what there is, so that bodies and words get as deep as they can; bodies, words and headers are made up,
half of them against their schemas. Nothing may be answered that is not described, no fault of the server's, and nothing
carried out for whoever may not.
"""

import asyncio
import contextlib
import json
import warnings
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from openapi_world import DOCUMENT, Call, calls
from schemathesis import Case, GenerationMode
from serving import Served
from test_openapi_roles import BY_ITSELF, ROLES, Stage, excused, order, staged

EXAMPLES = 8
#: A server that is asked so much says so.
BUSY = {429, 503}
#: Headers that are not made up: who asks is the point, and under one key a second change is the first one over again.
OUR_OWN = {"authorization", "idempotency-key"}
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    f"{each.method.upper()} {each.path}": each for each in (found.ok() for found in SCHEMA.get_all_operations())
}


def sent(stage: Stage, call: Call, case: Case) -> httpx.Response:
    """One made-up call, as whoever is on the stage."""
    made: dict[str, Any] = case.as_transport_kwargs(base_url=f"http://127.0.0.1:{stage.served.port}")
    headers = {name: value for name, value in made.pop("headers").items() if name.lower() not in OUR_OWN}
    headers |= {} if stage.role == "anonymous" else stage.who.headers
    plain = {
        name: value for name, value in made.items() if name in {"method", "url", "params", "json", "data", "files"}
    }
    if isinstance(plain.get("data"), bytes | str):
        plain["content"] = plain.pop("data")
    if plain.get("files"):
        files = plain["files"].items() if isinstance(plain["files"], dict) else plain["files"]
        plain["files"] = [(name, as_file(value)) for name, value in files]
    with httpx.Client(trust_env=False, timeout=30) as http:
        return http.request(headers=headers, **plain)


def as_file(value: Any) -> Any:
    """As httpx takes a file: what was made up may be a number, or anything else."""
    if isinstance(value, tuple):
        return tuple(as_file(each) for each in value)
    return value if value is None or isinstance(value, str | bytes) else json.dumps(value)


def faults(stage: Stage, call: Call, mode: GenerationMode) -> list[str]:
    """What is wrong with how such calls were answered."""
    found: list[str] = []
    place = {
        name: value for name, value in (stage.values | {"id": stage.id_for(call)}).items() if f"{{{name}}}" in call.path
    }

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(OPERATIONS[call.name].as_strategy(mode, path_parameters=place))
    def tried(case: Case) -> None:
        answer = sent(stage, call, case)
        shown = f"{call.name} as {stage.role} with {json.dumps(case.body, default=repr)[:200]} {case.query}"
        if answer.status_code == 405 or (answer.status_code in BUSY and "error" in answer.json()):
            return
        if fault := call.fault(answer):
            found.append(f"{shown}\n    {fault}")
        if answer.status_code < 300 and stage.barred(call) and not excused(stage, call):
            found.append(f"{shown}: {answer.status_code}, though not allowed")

    # What takes nothing cannot be given anything wrong.
    with warnings.catch_warnings(), contextlib.suppress(Unsatisfiable):
        warnings.simplefilter("ignore")
        tried()
    return found


@pytest.mark.logs(maybe="catalogue|provider|roomd|asyncio")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.gen_test(timeout=1_800)
async def test_made_up_calls(served: Served, role: str) -> None:
    stage = await staged(served, role)
    found = []
    for call in sorted(calls(), key=order):
        if call.name in BY_ITSELF:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            found += await asyncio.to_thread(faults, stage, call, mode)
    assert not found, "\n".join(found)
