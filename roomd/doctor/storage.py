"""Where uploaded pictures are kept. A bucket is asked for one name; nothing is put there."""

import asyncio
import re

import obstore
from obstore.exceptions import BaseError

from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.settings import Settings
from roomd.storage import PREFIX, open_bucket

GROUP, _CHECK = "storage", "uploads"
_PATIENCE_S = 3.0
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_NOT_US = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


async def look(settings: Settings) -> Lines:
    name = settings.aws_storage_bucket_name
    if name:
        return [await _bucket(settings, name)]
    if settings.dyno:
        fix = "Set AWS_STORAGE_BUCKET_NAME and the keys to it."
        return [warn(GROUP, _CHECK, "none: a dyno's disk is wiped, so no pictures are taken", fix)]
    folder = settings.data_dir / "uploads"
    return [ok(GROUP, _CHECK, f"the folder {folder}")]


async def _bucket(settings: Settings, name: str) -> Line:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            async for _ in obstore.list(open_bucket(settings, name), PREFIX, chunk_size=1):
                break
    except (BaseError, TimeoutError, OSError) as fault:
        return _refused(name, fault)
    return ok(GROUP, _CHECK, f"the bucket {name} answers")


def _refused(name: str, fault: BaseException) -> Line:
    """The client tells refusals of listings apart only in its words, which quote the service's answer."""
    said = str(fault)
    code = (_CODE.search(said) or ("", ""))[1]
    if code == "NoSuchBucket":
        return fail(GROUP, _CHECK, f"there is no bucket {name}", "Make it, or correct AWS_STORAGE_BUCKET_NAME.")
    if code in _NOT_US or "403 Forbidden" in said or "401 Unauthorized" in said:
        found = f"the bucket {name} may not be listed with these keys{f' ({code})' if code else ''}"
        fix = "Correct the AWS keys, or allow them s3:ListBucket: missing pictures look like forbidden ones otherwise."
        return fail(GROUP, _CHECK, found, fix)
    fix = "Correct AWS_S3_ENDPOINT_URL and AWS_S3_REGION_NAME, or look whether the service is down."
    return fail(GROUP, _CHECK, f"the bucket {name} does not answer ({code or type(fault).__name__})", fix)
