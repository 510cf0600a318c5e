"""Where uploads are kept: a folder, and a bucket on a server that really speaks S3."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_world import S3, settings_with, speaking_s3

from roomd import storage
from roomd.domain.refusals import Unavailable
from roomd.storage import Bucket, Folder, NoStorage, Storage, Stored, is_key, new_key, open_storage

WEBP = "image/webp"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with speaking_s3() as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    more = request.getfixturevalue("s3").settings() if request.param == "bucket" else {}
    made = open_storage(settings_with(tmp_path, **more))
    assert isinstance(made, Bucket if more else Folder)
    return made


@pytest.mark.gen_test(timeout=90)
async def test_put_get_delete(place: Storage) -> None:
    one, other, data = new_key(), new_key(), os.urandom(300_000)
    assert await place.get(one) is None
    await place.put(one, data, WEBP)
    await place.put(other, b"other", WEBP)
    assert await place.get(one) == Stored(data, WEBP)
    await place.delete(one)
    await place.delete(one)
    assert await place.get(one) is None
    assert await place.get(other) == Stored(b"other", WEBP)
    await place.delete(other)


@pytest.mark.gen_test(timeout=90)
async def test_many_at_once(place: Storage) -> None:
    keys = {new_key(): os.urandom(1_000) for _ in range(20)}
    await asyncio.gather(*(place.put(key, data, WEBP) for key, data in keys.items()))
    found = await asyncio.gather(*(place.get(key) for key in keys))
    assert [each.data if each else None for each in found] == list(keys.values())
    await asyncio.gather(*(place.delete(key) for key in keys))


@pytest.mark.gen_test(timeout=90)
@pytest.mark.parametrize("key", ["", "../secret", "a/b.webp", "x" * 32 + ".webp", "0" * 32 + ".html", "0" * 32])
async def test_only_keys_of_ours_are_keys(place: Storage, key: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not for you")
    assert not is_key(key)
    for work in (place.put(key, b"", WEBP), place.get(key), place.delete(key)):
        with pytest.raises(ValueError):
            await work


@pytest.mark.gen_test(timeout=90)
async def test_what_is_in_the_bucket_says_what_it_is_and_lies_apart(s3: S3, tmp_path: Path) -> None:
    bucket, key = open_storage(settings_with(tmp_path, **s3.settings())), new_key()
    await bucket.put(key, b"picture", WEBP)
    assert s3.objects() == {f"uploads/{key}": WEBP}
    await bucket.delete(key)
    assert s3.objects() == {}
    huge = new_key()
    s3.put(f"uploads/{huge}", bytes(storage.MAX_STORED + 1))
    assert await bucket.get(huge) is None
    await bucket.delete(huge)


@pytest.mark.logs("the bucket does not answer")
@pytest.mark.gen_test(timeout=90)
async def test_a_bucket_that_is_not_there_is_an_outage_and_no_absence(s3: S3, tmp_path: Path) -> None:
    elsewhere = open_storage(settings_with(tmp_path, **s3.settings(aws_storage_bucket_name="nobodys")))
    with pytest.raises(Unavailable) as caught:
        await elsewhere.put(new_key(), b"", WEBP)
    assert caught.value.code == "storage_down"
    assert "nobodys" not in caught.value.message and s3.url not in caught.value.message


@pytest.mark.logs("the bucket does not answer")
@pytest.mark.gen_test(timeout=90)
async def test_outages_of_the_bucket_are_waited_for_and_then_told(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "PATIENCE_S", 1.0)
    bucket, key = open_storage(settings_with(tmp_path, **s3.settings())), new_key()
    s3.process.send_signal(signal.SIGSTOP)
    try:
        for work in (bucket.put(key, b"x", WEBP), bucket.get(key), bucket.delete(key)):
            async with asyncio.timeout(5):
                with pytest.raises(Unavailable) as caught:
                    await work
            assert caught.value.code == "storage_down"
    finally:
        s3.process.send_signal(signal.SIGCONT)
    monkeypatch.setattr(storage, "PATIENCE_S", 30.0)
    # What was given up may still be done, so the picture has a name of its own.
    key = new_key()
    await bucket.put(key, b"back", WEBP)
    assert await bucket.get(key) == Stored(b"back", WEBP)
    await bucket.delete(key)
    nobody = open_storage(settings_with(tmp_path, **s3.settings(aws_s3_endpoint_url="http://127.0.0.1:9")))
    with pytest.raises(Unavailable):
        await nobody.put(key, b"x", WEBP)


@pytest.mark.logs("an upload could not be kept")
@pytest.mark.gen_test(timeout=30)
async def test_a_folder_holds_whole_files_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, key = Folder(tmp_path / "uploads"), new_key()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Unavailable) as caught:
            await folder.put(key, b"half", WEBP)
    assert caught.value.code == "storage_down"
    assert list((tmp_path / "uploads").iterdir()) == []
    assert await folder.get(key) is None
    await folder.put(key, b"whole", WEBP)
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [key]
    assert (tmp_path / "uploads").stat().st_mode & 0o077 == 0


@pytest.mark.gen_test(timeout=30)
async def test_a_dyno_without_a_bucket_keeps_nothing(tmp_path: Path, s3: S3) -> None:
    none = open_storage(settings_with(tmp_path, dyno="web.1"))
    assert isinstance(none, NoStorage)
    with pytest.raises(Unavailable) as caught:
        await none.put(new_key(), b"", WEBP)
    assert caught.value.code == "no_storage"
    assert await none.get(new_key()) is None
    await none.delete(new_key())
    assert isinstance(open_storage(settings_with(tmp_path, dyno="web.1", **s3.settings())), Bucket)
