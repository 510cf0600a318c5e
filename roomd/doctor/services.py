"""The catalogues elsewhere: each that is set is asked one cheap question, by the code that asks it in earnest."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.line import open_line
from roomd.catalogue.provider import Provider
from roomd.clock import Clock
from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.doctor.running import Check, run
from roomd.domain.refusals import Refusal
from roomd.providers import Outside
from roomd.settings import Settings, variable

GROUP = "providers"
#: Seconds for all of them, and what comes before and after.
LIMIT_S = 6.0
_FIELDS = {"deezer": "deezer_base_url", "subsonic": "subsonic_url", "radio": "radio_browser_url"}


async def look(settings: Settings) -> Lines:
    unset = [ok(GROUP, name, "not set") for name, field in _FIELDS.items() if not getattr(settings, field)]
    try:
        fetcher = Fetcher(settings.fetch_allow)
    except ValueError as fault:
        return [fail(GROUP, "ROOMD_FETCH_ALLOW", str(fault), "List private hosts, addresses and networks."), *unset]
    async with open_line() as line:
        # Without a Redis: the questions are few, and the quota's key would be a change.
        providers = Outside(line, None, Clock()).of(settings, fetcher)
        return [*await run([Check(GROUP, each.name, partial(_ask, each)) for each in providers]), *unset]


async def _ask(provider: Provider) -> Lines:
    """For its genres: one request, to most of them."""
    began = time.perf_counter()
    with _overheard(provider.label) as complaints:
        try:
            genres = await provider.genres()
        except Refusal as refusal:
            return [_refused(provider, refusal, complaints)]
    ms = (time.perf_counter() - began) * 1_000
    return [ok(GROUP, provider.name, f"answers in {ms:.0f} ms, {len(genres)} genres")]


def _refused(provider: Provider, refusal: Refusal, complaints: list[str]) -> Line:
    field = _FIELDS[provider.name]
    if complaints:
        fix = "Correct ROOMD_SUBSONIC_USER and ROOMD_SUBSONIC_PASSWORD, or ROOMD_SUBSONIC_API_KEY."
        return fail(GROUP, provider.name, complaints[0], fix)
    if refusal.code == "provider_busy":
        return warn(GROUP, provider.name, "says that it is asked too much", "Wait a minute, and look who else asks it.")
    fix = f"Look whether it is up, and whether {variable(field)} is right; meanwhile what was found before is shown."
    return fail(GROUP, provider.name, f"{provider.label} does not answer, or not as it should", fix)


@contextmanager
def _overheard(label: str) -> Iterator[list[str]]:
    """What the log is told about one provider meanwhile: why it refuses us is for the operator alone, as this is."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if (said := record.getMessage()).startswith(label):
                heard.append(said)

    log, ear = logging.getLogger("roomd.catalogue"), Ear(logging.WARNING)
    log.addHandler(ear)
    try:
        yield heard
    finally:
        log.removeHandler(ear)
