"""Where uploaded pictures are kept: a folder, a bucket of any service that speaks S3, or, for want of both, nowhere."""

import asyncio
import contextlib
import logging
import os
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import obstore
from msgspec import Struct
from obstore.exceptions import BaseError
from obstore.store import S3Store

from roomd.domain.refusals import Unavailable
from roomd.settings import Settings

#: Seconds for one question to a bucket, with the repetitions within.
PATIENCE_S = 8.0
#: Files that may come out of it; what we put in is far smaller.
MAX_STORED = 4 << 20
DEFAULT_REGION = "us-east-1"
#: Where uploads lie in a bucket that may hold other things too.
PREFIX = "uploads"
_TYPES = {"webp": "image/webp"}
_KEY = re.compile(r"[0-9a-f]{32}\.(webp)")
_LOG = logging.getLogger(__name__)


class Stored(Struct, frozen=True):
    data: bytes
    mime: str


class Storage(Protocol):
    """Keys come from `new_key`, and a key is put once: what it stands for never changes. Raises Unavailable."""

    async def put(self, key: str, data: bytes, mime: str) -> None: ...

    async def get(self, key: str) -> Stored | None: ...

    async def delete(self, key: str) -> None:
        """Nothing happens where there is none."""
        ...


def new_key() -> str:
    """A name that cannot be guessed and is never used again."""
    return f"{secrets.token_hex(16)}.webp"


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


class Folder:
    """Files in a folder that belongs to them; written beside, made durable, then moved into place."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, data: bytes, mime: str) -> None:
        try:
            await asyncio.to_thread(self._write, self._path(key), data)
        except OSError as fault:
            _LOG.warning("an upload could not be kept: %s", fault.strerror or fault)
            raise Unavailable("uploads cannot be kept at the moment", "storage_down") from None

    async def get(self, key: str) -> Stored | None:
        try:
            data = await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise Unavailable(f"uploads cannot be read: {fault.strerror}", "storage_down") from None
        return Stored(data, _TYPES[key.rpartition(".")[2]])

    async def delete(self, key: str) -> None:
        try:
            await asyncio.to_thread(self._path(key).unlink, missing_ok=True)
        except OSError as fault:
            raise Unavailable(f"uploads cannot be removed: {fault.strerror}", "storage_down") from None

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise ValueError(key)
        return self._root / key

    def _write(self, path: Path, data: bytes) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            with fresh.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise


class Bucket:
    """A bucket; it may be private, as this server hands out what is in it."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def put(self, key: str, data: bytes, mime: str) -> None:
        with _bucket_needed():
            async with asyncio.timeout(PATIENCE_S):
                await obstore.put_async(self._store, _path(key), data, attributes={"Content-Type": mime})

    async def get(self, key: str) -> Stored | None:
        with _bucket_needed():
            async with asyncio.timeout(PATIENCE_S):
                try:
                    found = await obstore.get_async(self._store, _path(key))
                except FileNotFoundError:
                    return None
                if found.meta["size"] > MAX_STORED:
                    return None
                return Stored(bytes(await found.bytes_async()), _TYPES[key.rpartition(".")[2]])

    async def delete(self, key: str) -> None:
        with _bucket_needed(), contextlib.suppress(FileNotFoundError):
            async with asyncio.timeout(PATIENCE_S):
                await obstore.delete_async(self._store, _path(key))


class NoStorage:
    """On a dyno without a bucket: the disk is wiped at each restart, so nothing is taken that would then be lost."""

    async def put(self, key: str, data: bytes, mime: str) -> None:
        raise Unavailable("this server keeps no uploads: its operator has not given it a bucket", "no_storage")

    async def get(self, key: str) -> Stored | None:
        return None

    async def delete(self, key: str) -> None:
        pass


def open_storage(settings: Settings) -> Storage:
    """The bucket if one is named, otherwise a folder; on a dyno, whose disk does not last, nothing."""
    if settings.aws_storage_bucket_name:
        return Bucket(open_bucket(settings, settings.aws_storage_bucket_name))
    return NoStorage() if settings.dyno else Folder(settings.data_dir / "uploads")


def open_bucket(settings: Settings, bucket: str) -> S3Store:
    """Nothing is asked of it yet."""
    endpoint = settings.aws_s3_endpoint_url
    return S3Store(
        bucket,
        endpoint=endpoint,
        region=settings.aws_s3_region_name or DEFAULT_REGION,
        access_key_id=settings.aws_access_key_id,
        secret_access_key=settings.aws_secret_access_key,
        # Services beside Amazon's seldom have a host name for each bucket.
        virtual_hosted_style_request=endpoint is None,
        client_options={
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=2),
            "timeout": timedelta(seconds=4),
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=PATIENCE_S)},
    )


def _path(key: str) -> str:
    if not is_key(key):
        raise ValueError(key)
    return f"{PREFIX}/{key}"


@contextlib.contextmanager
def _bucket_needed() -> Iterator[None]:
    try:
        yield
    except (BaseError, TimeoutError, OSError) as fault:
        # The text of the service's answer may name hosts and keys: it is for the operator alone.
        _LOG.warning("the bucket does not answer: %s", str(fault)[:300] or type(fault).__name__)
        raise Unavailable("the place where uploads are kept does not answer", "storage_down") from None
