"""A server that speaks S3, in a process of its own on a free port: moto's, which keeps everything in memory."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
from no_tls import NO_TLS
from obstore.store import S3Store

from roomd.settings import Settings

#: Seconds until it answers; it imports half of Amazon first.
READY_S = 60.0
BUCKET = "pictures"


class S3(NamedTuple):
    """Where it is; `process` may be stopped and continued."""

    url: str
    process: "subprocess.Popen[bytes]"

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "aws_access_key_id": "AKIAEXAMPLE",
            "aws_secret_access_key": "example-secret",
            "aws_storage_bucket_name": BUCKET,
            "aws_s3_region_name": "eu-central-1",
            "aws_s3_endpoint_url": self.url,
        } | more

    def objects(self) -> dict[str, str]:
        """The keys in the bucket, with the types that they are kept under."""
        store = S3Store(
            BUCKET,
            endpoint=self.url,
            region="eu-central-1",
            access_key_id="AKIAEXAMPLE",
            secret_access_key="example-secret",
            client_options={"allow_http": True},
        )
        keys = [str(found["path"]) for part in store.list() for found in part]
        return {key: str(store.get(key).attributes["Content-Type"]) for key in keys}

    def put(self, key: str, data: bytes) -> None:
        httpx.put(f"{self.url}/{BUCKET}/{key}", content=data, verify=NO_TLS, trust_env=False).raise_for_status()


@contextmanager
def speaking_s3() -> Iterator[S3]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **silent, env=dict(os.environ))  # type: ignore[call-overload]
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        made = httpx.put(f"{url}/{BUCKET}", content=_EUROPE, verify=NO_TLS, trust_env=False)
        assert made.status_code == 200, made.text
        yield S3(url, process)
    finally:
        process.kill()
        process.wait()


_EUROPE = b"""<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>"""


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_S
    while True:
        assert process.poll() is None, "moto's server ended; is moto[server] installed?"
        assert time.monotonic() < until, "moto's server does not answer"
        try:
            httpx.get(f"{url}/moto-api/", verify=NO_TLS, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def settings_with(data_dir: Any, **given: Any) -> Settings:
    return Settings(data_dir=data_dir, **given)
