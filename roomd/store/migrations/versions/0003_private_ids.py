"""Private ids beyond Redis, so that clients without a token are known again when it was emptied."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        -- What a client without a token is known by, as a digest; see roomd/store/capabilities.py.
        CREATE TABLE private_ids (
            digest     bytea PRIMARY KEY,
            actor      text NOT NULL,
            expires_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX private_ids_by_expiry ON private_ids (expires_at)")
