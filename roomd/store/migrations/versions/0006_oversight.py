"""Who runs the server: accounts that are shut out, what admins did, and figures of the last days."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN banned_at timestamptz, ADD COLUMN banned_why text NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX users_by_last_seen ON users (last_seen DESC, id)")
    op.execute("CREATE INDEX sessions_by_use ON sessions (last_used DESC)")
    op.execute(
        """
        -- What admins did, for ever. Names stand here as they were: accounts go, and rooms do.
        CREATE TABLE admin_acts (
            id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at    timestamptz NOT NULL,
            admin uuid,
            name  text NOT NULL,
            act   text NOT NULL,
            about text NOT NULL DEFAULT '',
            what  text NOT NULL DEFAULT '',
            why   text NOT NULL DEFAULT ''
        )
        """
    )
    op.execute(
        """
        -- A row a minute and process: names of metrics and their values then, JSON.
        CREATE TABLE vitals (
            at      timestamptz NOT NULL,
            process text NOT NULL,
            figures text NOT NULL,
            PRIMARY KEY (at, process)
        )
        """
    )
