"""The log on standard error, for the command line and for every process that it starts."""

import logging

from roomd.settings import Settings


def to_stderr(settings: Settings, speaker: str = "") -> None:
    """Begin to log. `speaker` stands before each name, for one of several processes."""
    logging.basicConfig(
        level=logging.DEBUG if settings.debug else logging.INFO,
        format=f"%(asctime)s %(levelname)-7s {speaker}%(name)s: %(message)s",
    )
    for noisy in ("httpx", "httpcore", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A traceback for each connection that an outage breaks; the outage itself is logged by who meets it.
    logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)
