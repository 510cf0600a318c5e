"""Figures of the last days in PostgreSQL: a row a minute and process."""

from collections.abc import Mapping

import msgspec

from roomd.domain.vitals import Sample
from roomd.store.accounts import timestamp
from roomd.store.postgres import PostgresPool, acquired


class VitalsStore:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def note(self, at_ms: float, process: str, figures: Mapping[str, float], forget_before_ms: float) -> None:
        text = msgspec.json.encode(figures).decode()
        add = "INSERT INTO vitals (at, process, figures) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        async with acquired(self._pool) as connection:
            await connection.execute(add, timestamp(at_ms), process, text)
            await connection.execute("DELETE FROM vitals WHERE at < $1", timestamp(forget_before_ms))

    async def since(self, at_ms: float) -> list[Sample]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT at, process, figures FROM vitals WHERE at >= $1 ORDER BY at", timestamp(at_ms)
            )
        return [
            Sample(row["at"].timestamp(), row["process"], msgspec.json.decode(row["figures"], type=dict[str, float]))
            for row in rows
        ]
