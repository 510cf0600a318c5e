"""scripts/audit with the real pip-audit, and a stand-in for OSV with its documented answers: `make security`.

Pytest passes it by otherwise, as pip-audit takes 3 s to start.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "audit"
#: What the stand-in knows of every package called so.
KNOWN = {
    "id": "OSV-2026-1",
    "published": "2026-01-01T00:00:00Z",
    "summary": "made up",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
            "versions": ["3.1.6"],
        }
    ],
}


class Osv(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = [KNOWN] if asked["package"]["name"] == "jinja2" else []
        body = json.dumps({"vulns": known} if known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def osv() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        running.join()


@pytest.mark.parametrize(
    ("installed", "code", "said"), [("tornado", 0, "of 1 packages, says osv."), ("jinja2", 1, "OSV-2026-1")]
)
def test_what_is_known_of_an_installed_package_fails_it(
    tmp_path: Path, osv: str, installed: str, code: int, said: str
) -> None:
    pip = tmp_path / "pip"
    pip.write_text(f"#!/bin/sh\necho {installed}==3.1.6\n")
    pip.chmod(0o700)
    (tmp_path / "pip-audit").symlink_to(Path(sys.executable).parent / "pip-audit")
    environment = os.environ | {"AUDIT_OSV_URL": osv, "NO_PROXY": "127.0.0.1"}
    ran = subprocess.run([SCRIPT, tmp_path], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, said in ran.stdout + ran.stderr) == (code, True), ran
