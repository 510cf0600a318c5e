"""What is counted, who may see it, and that nobody can be found in it."""

from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import Served, serving
from sync_reports import heard_all, inside, report

from roomd.address import is_near
from roomd.domain.sync import Report
from roomd.metrics import Metrics
from roomd.settings import SettingsError, load
from roomd.tally import Spans, Tally

TOKEN = "let-the-collector-in-please"


def values(text: str) -> dict[str, float]:
    """Every sample, by its name and labels."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_errors_are_counted_by_player() -> None:
    metrics = Metrics()
    for p95 in (0.1, 0.4, 3.0):
        metrics.heard(Report(state="playing", player="webaudio", p95=p95))
    metrics.heard(Report(state="playing", player="element", p95=4_000.0))
    metrics.heard(Report(state="playing", p95=2.0))
    metrics.heard(Report(state="loading", player="element"))
    found = values(metrics.text().decode())
    assert found["roomd_sync_reports_total"] == 6
    assert found["roomd_sync_error_ms_bucket{le=0.5,player=webaudio}"] == 2
    assert found["roomd_sync_error_ms_count{player=webaudio}"] == 3
    assert found["roomd_sync_error_ms_bucket{le=1000.0,player=element}"] == 0
    assert found["roomd_sync_error_ms_count{player=element}"] == 1
    assert found["roomd_sync_error_ms_count{player=unknown}"] == 1


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.1.7", True),
        ("10.1.2.3", True),
        ("fe80::1%eth0", True),
        ("fd00::7", True),
        ("::ffff:192.168.1.7", True),
        ("::ffff:8.8.8.8", False),
        ("8.8.8.8", False),
        ("2a00:1450::1", False),
        ("", False),
        ("nobody", False),
    ],
)
def test_near_is_this_machine_and_its_network(address: str, near: bool) -> None:
    assert is_near(address) is near


@pytest.mark.gen_test(timeout=40)
async def test_a_collector_beside_the_server_is_told_everything(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await inside(served, alice, code)
    await report(live, p95=1.5)
    await heard_all(live)
    answer = await served.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found = values(answer.text)
    assert found["roomd_sync_reports_total"] == 1
    assert found["roomd_sync_error_ms_bucket{le=2.0,player=webaudio}"] == 1
    assert (found["roomd_sockets"], found["roomd_rooms_waiting"]) == (1, 0)
    assert abs(found["roomd_clock_offset_ms"]) < 50
    assert 0 <= found["roomd_clock_uncertainty_ms"] < 50
    room = await served.services.engine.room(await served.services.engine.find(code))
    assert not [word for word in (code, room.id, alice.id, "Alice") if word in answer.text]


def test_spans_and_tallies_are_told_as_prometheus_has_them() -> None:
    metrics = Metrics()
    spans = metrics.show(Spans("roomd_example_seconds", "An example", "level", buckets=(0.1, 1.0)))
    tally = metrics.show(Tally("roomd_examples", "An example"))
    assert "roomd_examples_total 0.0" in metrics.text().decode()
    tally.add()
    for seconds in (0.1, 0.05, 0.5, 2.0):
        spans.add(seconds, "archived")
    found = values(metrics.text().decode())
    assert [found[f"roomd_example_seconds_bucket{{le={le},level=archived}}"] for le in ("0.1", "1.0", "+Inf")] == [
        2,
        3,
        4,
    ]
    assert found["roomd_example_seconds_sum{level=archived}"] == pytest.approx(2.65)
    merged = values(metrics.merged({2: msgspec.to_builtins(metrics.families())}, 2).decode())
    assert merged["roomd_example_seconds_bucket{le=1.0,level=archived,process=2}"] == 3
    assert merged["roomd_examples_total{process=2}"] == 1


@pytest.mark.gen_test(timeout=60)
async def test_what_happens_in_rooms_is_counted(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await inside(served, alice, code)
    assert (await live.do("say", text="hello"))["type"] == "ack"
    assert (await live.do("say", text=""))["type"] == "error"
    for _ in range(40):
        await live.say(type="seek", id="x", position=1)
    while (await live.until(type="error"))["code"] != "limited":
        pass
    epoch = (await served.services.engine.room(await served.services.engine.find(code))).epoch
    again = await served.enter(alice, code, {"epoch": epoch, "rev": 1})
    await again.until(type="welcome")
    stale = await served.enter(alice, code, {"epoch": epoch - 1, "rev": 1})
    await stale.until(type="welcome")
    gone = await served.enter(alice, "ZZZZZZ")
    assert await gone.closed() == 4504
    assert (await served.http.get("/api/rooms/ZZZZZZ/")).status_code == 404
    answer = await alice.call("GET", "/api/catalogue/search/?q=walk")
    assert answer.status_code == 200
    found = values((await served.http.get("/metrics")).text)
    assert found["roomd_commands_total{command=say,result=ok}"] == 1
    assert found["roomd_ack_seconds_count{level=archived}"] == 1
    assert found["roomd_fanout_seconds_count"] >= 1
    assert 0 < found["roomd_fanout_seconds_sum"] < 5
    assert found["roomd_limited_total{code=limited}"] >= 1
    assert (found["roomd_resumes_total{how=resumed}"], found["roomd_resumes_total{how=shown}"]) == (1, 1)
    assert found["roomd_socket_closes_total{code=4504}"] == 1
    assert found["roomd_http_seconds_count{status=404}"] == 1
    assert found["roomd_http_seconds_count{status=101}"] >= 4
    assert (found["roomd_rooms_live"], found["roomd_rooms_asleep"], found["roomd_rooms_followed"]) == (1, 0, 1)
    assert (found["roomd_archive_away"], found["roomd_gaps_total"]) == (0, 0)
    assert found["process_resident_memory_bytes"] > 10 << 20
    assert code not in str(found)


@pytest.mark.gen_test(timeout=40)
async def test_others_need_the_token_and_otherwise_there_is_nothing(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir, metrics_token=TOKEN) as served:
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            proxied = {header: "127.0.0.1"}
            refused = await served.http.get("/metrics", headers=proxied)
            assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
            for wrong in (f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}"):
                given = {header: "127.0.0.1", "Authorization": wrong}
                assert (await served.http.get("/metrics", headers=given)).status_code == 404
            given = {header: "127.0.0.1", "Authorization": f"Bearer {TOKEN}"}
            assert (await served.http.get("/metrics", headers=given)).status_code == 200
        assert (await served.http.post("/metrics")).status_code == 405


@pytest.mark.gen_test(timeout=40)
async def test_without_a_token_in_the_settings_none_is_good(served: Served) -> None:
    for sent in ("Bearer", "Bearer None", "Bearer x"):
        answer = await served.http.get("/metrics", headers={"X-Forwarded-For": "8.8.8.8", "Authorization": sent})
        assert answer.status_code == 404


def test_a_token_that_can_be_guessed_is_refused_at_the_start() -> None:
    assert load({"ROOMD_METRICS_TOKEN": TOKEN}).metrics_token == TOKEN
    with pytest.raises(SettingsError, match="ROOMD_METRICS_TOKEN"):
        load({"ROOMD_METRICS_TOKEN": "short"})
