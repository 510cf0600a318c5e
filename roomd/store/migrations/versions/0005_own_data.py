"""Where sign-ins come from, and what is left to do of people who deleted their accounts."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE sessions ADD COLUMN address text NOT NULL DEFAULT ''")
    op.execute(
        """
        -- Sign-ins of people who are gone: their access tokens may outlive them by a day.
        CREATE TABLE ended_sessions (family uuid PRIMARY KEY, ended_at timestamptz NOT NULL)
        """
    )
    op.execute("CREATE INDEX ended_sessions_by_age ON ended_sessions (ended_at)")
    op.execute(
        """
        -- People who deleted their accounts, until they have left their rooms and their names are gone from what is
        -- kept of those. rooms: those that they were known to be in; pictures: addresses of what they uploaded.
        CREATE TABLE deleted_people (
            person     uuid PRIMARY KEY,
            rooms      uuid[] NOT NULL,
            pictures   text[] NOT NULL,
            deleted_at timestamptz NOT NULL
        )
        """
    )
