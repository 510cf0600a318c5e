"""How many sockets may be open at the same time, of each address and each user, over all processes."""

import pytest
from providers_world import Hands
from test_docs import rows

from roomd.bounds import Bounds
from roomd.crowd import BACK_S, MOST_OPEN, UNTOLD, Crowd
from roomd.domain.membership import MAX_SOCKETS
from roomd.domain.refusals import Conflict, Limited
from roomd.limiting import Limiter
from roomd.store import redis as redis_store
from roomd.store.crowds import VALID_MS, Crowds
from roomd.store.gcra import Gcra
from roomd.store.keys import crowd_of

KITCHEN = "192.0.2.7"


def test_a_party_fits_and_the_document_says_how_many() -> None:
    assert MOST_OPEN["address"] >= 60 * MAX_SOCKETS
    assert MOST_OPEN["address"] > MOST_OPEN["user"] > MAX_SOCKETS
    written = {row[1]: row[2] for row in rows("security.md") if row[0] == "`open`"}
    assert written == {per: f"{most:,}" for per, most in MOST_OPEN.items()}


def test_so_many_and_no_more_until_one_goes() -> None:
    crowd = Crowd(0.002)
    crowd.demand_place(KITCHEN)
    crowd.came("address", KITCHEN)
    crowd.came("address", KITCHEN)
    with pytest.raises(Limited) as refused:
        crowd.demand_place(KITCHEN)
    assert refused.value.retry_after_s == BACK_S
    crowd.demand_place("192.0.2.8")
    crowd.went("address", KITCHEN)
    crowd.demand_place(KITCHEN)
    # One at least, and who is not let in does not count.
    with pytest.raises(RuntimeError), crowd.coming("alice"):
        raise RuntimeError
    with crowd.coming("alice"):
        pass
    with pytest.raises(Conflict, match="1 connections open already"), crowd.coming("alice"):
        pass
    crowd.went("user", "alice")
    crowd.went("address", KITCHEN)
    assert crowd.open("user", "alice") == crowd.open("address", KITCHEN) == 0
    # Nothing is kept of those who have gone.
    assert not crowd._here


def test_without_bounds_nothing_is_counted() -> None:
    crowd = Crowd()
    for _ in range(3 * MOST_OPEN["address"]):
        crowd.came("address", KITCHEN)
        crowd.demand_place(KITCHEN)
    assert (crowd.open("address", KITCHEN), crowd.much()) == (0, {})


@pytest.mark.redis("single", "cluster")
@pytest.mark.gen_test(timeout=30)
async def test_processes_tell_each_other_of_whom_much_is_open(redis_url: str) -> None:
    hands, client = Hands(), redis_store.connect(redis_url)
    one, two, three = (
        Bounds(Limiter(Gcra(client, hands.now), 1, hands.now), Crowd(1), Crowds(client, name, hands.now))
        for name in ("one", "two", "three")
    )
    most, few = MOST_OPEN["address"], MOST_OPEN["address"] // UNTOLD
    for bounds, count in ((one, most - few - 2), (two, few + 1), (three, few)):
        for _ in range(count):
            bounds.crowd.came("address", KITCHEN)
    for bounds in (one, two, three, one):
        await bounds.tell()
    assert [each.crowd.open("address", KITCHEN) for each in (one, two)] == [most - 1] * 2
    # So few is nobody's business, and nothing is asked for it.
    assert three.crowd.open("address", KITCHEN) == few
    two.crowd.came("address", KITCHEN)
    with pytest.raises(Limited):
        two.crowd.demand_place(KITCHEN)
    one.crowd.demand_place(KITCHEN)
    await two.tell()
    await one.tell()
    with pytest.raises(Limited):
        one.crowd.demand_place(KITCHEN)
    # What a process had that died is forgotten once it has said nothing for a while, and nothing stays behind.
    hands.ms += VALID_MS + 1
    await one.tell()
    one.crowd.demand_place(KITCHEN)
    assert 0 < await client.pttl(crowd_of(f"address:{KITCHEN}")) <= VALID_MS
    await client.aclose(close_connection_pool=True)
