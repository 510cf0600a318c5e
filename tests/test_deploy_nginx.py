"""deploy/nginx.conf in a real nginx, before two real servers."""

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from doctor_world import free_port
from serving import Live, Person, Served, serving
from tls_world import Certificate, self_signed
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from roomd.doctor import front as doctor
from roomd.doctor.lines import State
from roomd.handlers.uploads import HARD_MAX
from roomd.handlers.wire import PING_INTERVAL_S, Wire
from roomd.settings import Settings

CONFIG = Path(__file__).parent.parent / "deploy" / "nginx.conf"
#: What is before it where it stands: nginx's own file.
MAIN = """
daemon off;
master_process off;
pid {0}/nginx.pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {0}/body;
    proxy_temp_path {0}/proxy;
    fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi;
    scgi_temp_path {0}/scgi;
    # So that where nginx is differs from where clients are.
    proxy_bind 127.0.0.3;
    include {0}/roomd.conf;
}}
"""


class Front(NamedTuple):
    """`http` trusts the certificate that `url` has."""

    url: str
    plain: str
    http: httpx.AsyncClient
    access: Path
    tls: ssl.SSLContext

    async def socket(self, path: str) -> Live:
        """Of somebody who says that they are elsewhere."""
        spoofed = {"X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.8", "Forwarded": "for=203.0.113.9"}
        request = HTTPRequest(self.url.replace("https:", "wss:") + path, headers=spoofed, ssl_options=self.tls)
        return Live(await websocket_connect(request))


def written(folder: Path, certificate: Certificate, ports: list[int], listen: tuple[int, int]) -> Path:
    """The file as it is, but for where things are here; and nginx's own around it."""
    text = CONFIG.read_text(encoding="utf-8")
    places = {
        "roomd-1:8000": f"127.0.0.1:{ports[0]}",
        "roomd-2:8000": f"127.0.0.1:{ports[1]}",
        "listen 80;": f"listen 127.0.0.1:{listen[0]};",
        "listen 443 ssl;": f"listen 127.0.0.1:{listen[1]} ssl;",
        "/etc/nginx/tls/roomd.crt": str(certificate.certificate),
        "/etc/nginx/tls/roomd.key": str(certificate.key),
        "/var/log/nginx/access.log": f"{folder}/access.log",
    }
    for there, here in places.items():
        assert there in text
        text = text.replace(there, here)
    text = re.sub(r"listen \[::\].*;", "", text)
    (folder / "roomd.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder))
    return folder / "nginx.conf"


@asynccontextmanager
async def front(folder: Path, *ports: int) -> AsyncIterator[Front]:
    certificate, listen = self_signed(folder), (free_port(), free_port())
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", str(folder), "-c", str(written(folder, certificate, list(ports), listen))]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=30, check=False)  # noqa: ASYNC221
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr
    running = await asyncio.create_subprocess_exec(*command)
    url, tls = f"https://localhost:{listen[1]}", ssl.create_default_context(cafile=str(certificate.certificate))
    try:
        async with httpx.AsyncClient(base_url=url, verify=tls, trust_env=False, timeout=20) as http:
            await _answers(http)
            yield Front(url, f"http://127.0.0.1:{listen[0]}", http, folder / "access.log", tls)
    finally:
        running.terminate()
        await running.wait()


async def _answers(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            with suppress(httpx.TransportError):
                if (await http.get("/api/health/live/")).status_code == 200:
                    return
            await asyncio.sleep(0.02)


@pytest.mark.gen_test(timeout=90)
async def test_two_servers_behind_nginx(
    redis_url: str, database_url: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [data_dir / "one", data_dir / "two"]
    for folder in folders:
        folder.mkdir()
    # As on a dyno: one proxy is before them, whose word counts for where requests come from.
    async with (
        serving(redis_url, database_url, folders[0], dyno="web.1") as one,
        serving(redis_url, database_url, folders[1], dyno="web.2") as two,
        front(tmp_path, one.port, two.port) as nginx,
    ):
        await _as_doctor_sees_it(nginx, monkeypatch)
        alice, code = await _sockets_on_both(nginx, one, two)
        await _large_bodies(nginx, alice)
        await _what_is_not_passed_on(nginx, code)
        await _one_goes_away(nginx, two)


async def _as_doctor_sees_it(nginx: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Settings(public_url=nginx.url)
    (refused,) = await doctor.look(here)
    assert (refused.check, refused.state) == ("certificate", State.FAIL), refused
    monkeypatch.setenv("SSL_CERT_FILE", str(nginx.access.with_name("roomd.crt")))
    certificate, sockets = await doctor.look(here)
    assert (certificate.state, sockets.state) == (State.OK, State.OK), (certificate, sockets)
    # The plain port sends everybody to the other one, sockets too; and nobody listens on the last.
    (plain,) = await doctor.look(Settings(public_url=nginx.plain))
    assert (plain.check, plain.state, "308" in plain.found) == ("WebSocket", State.FAIL, True), plain
    (silent,) = await doctor.look(Settings(public_url=f"http://127.0.0.1:{free_port()}"))
    assert (silent.check, silent.state) == ("WebSocket", State.WARN), silent


async def _sockets_on_both(nginx: Front, one: Served, two: Served) -> tuple[Person, str]:
    """Nothing sticks: a room's people are on both, with one token, and hear each other."""
    named = (await nginx.http.post("/api/auth/guest/", json={"name": "Alice"})).json()
    alice = Person(named["user"]["id"], "Alice", named["access_token"], nginx.http)
    made = await alice.call("POST", "/api/rooms/create/", {"name": "Friday"})
    code = made.json()["code"]
    lives = []
    while not (one.services.hub.socket_count and two.services.hub.socket_count):
        assert len(lives) < 8
        live = await nginx.socket(f"/ws/v1/{code}/")
        one.opened.append(live)
        await live.say(type="hello", token=alice.token)
        await live.until(type="state")
        lives.append(live)
    # Whoever asks is who nginx says it is, whatever they say of themselves.
    sockets = [*one.services.hub.sockets(), *two.services.hub.sockets()]
    assert {socket.visit.address for socket in sockets if isinstance(socket, Wire)} == {"127.0.0.1"}
    answer = await lives[0].do("say", text="do you hear me?")
    assert answer["type"] == "ack"
    for live in lives[1:]:
        assert (await live.until_event("said"))["message"]["text"] == "do you hear me?"
    return alice, code


async def _large_bodies(nginx: Front, alice: Person) -> None:
    """They are for roomd to refuse, in its words."""
    files = {"avatar": ("a.png", b"\0" * (HARD_MAX - (1 << 20)), "image/png")}
    answer = await nginx.http.post("/api/accounts/upload-avatar/", files=files, headers=alice.headers)
    assert answer.json()["error"]["code"] in {"too_large", "no_storage"}


async def _what_is_not_passed_on(nginx: Front, code: str) -> None:
    assert (await nginx.http.get("/metrics")).status_code == 404
    assert (await nginx.http.get(f"/r/{code}?token=canary-in-the-query")).status_code == 200
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{nginx.plain}/r/{code}?x=1", headers={"Host": "party.example"})
        assert (answer.status_code, answer.headers["Location"]) == (308, f"https://party.example/r/{code}?x=1")
    said = nginx.access.read_text()
    assert f'"GET /r/{code}" 200' in said
    assert "canary" not in said


async def _one_goes_away(nginx: Front, two: Served) -> None:
    """Its connections are refused from now on: nobody notices."""
    two.services.presence.leave()
    await two.services.drain.send_away()
    for _ in range(4):
        assert (await nginx.http.get("/api/health/live/")).status_code == 200


def test_sockets_and_uploads_have_their_limits_in_it() -> None:
    said = CONFIG.read_text(encoding="utf-8")
    (patience,) = re.findall(r"proxy_read_timeout\s+(\d+)s;", said)
    assert int(patience) > 2 * PING_INTERVAL_S
    (most,) = re.findall(r"client_max_body_size (\d+)m;", said)
    assert int(most) << 20 > HARD_MAX
