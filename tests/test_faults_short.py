"""The fault suite, short tier: what `make faults` does at length, once over and with small figures.

Nothing here depends on how quick the machine is: what is counted must be zero, and limits of time are generous. The
same scenario with the seed that a failure names: `scripts/faults.py --short --only NAME --seed SEED`.
"""

import secrets
import sys
from collections.abc import Callable

import pytest
from faults.run import Run
from faults.suite import SHORT_SLACK, perform, short_names

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found and frozen by way of /proc")


@pytest.mark.parametrize("name", short_names())
@pytest.mark.gen_test(timeout=120)
async def test_promises_are_kept(name: str, record_property: Callable[[str, object], None]) -> None:
    run = Run(name, secrets.randbits(32), SHORT_SLACK)
    record_property("seed", run.seed)
    await perform(run, short=True)
    assert run.good
    assert run.verdict.acks > 0
