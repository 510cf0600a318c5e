"""Users, their sessions, and the refresh tokens of each session."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        -- A guest is a user with no password, and then has neither username nor email.
        -- username_key is the username with case and compatibility forms folded away; PostgreSQL's own lower()
        -- folds only ASCII in the C locale. Emails are stored folded.
        CREATE TABLE users (
            id            uuid PRIMARY KEY,
            username      text,
            username_key  text CONSTRAINT users_username_taken UNIQUE,
            email         text CONSTRAINT users_email_taken UNIQUE,
            password_hash text,
            name          text NOT NULL,
            bio           text NOT NULL DEFAULT '',
            avatar        text NOT NULL DEFAULT '',
            is_admin      boolean NOT NULL DEFAULT false,
            created_at    timestamptz NOT NULL,
            last_seen     timestamptz NOT NULL,
            CONSTRAINT users_guest_or_account CHECK (
                num_nulls(username, username_key, email, password_hash) IN (0, 4)
                AND NOT (is_admin AND password_hash IS NULL)
            )
        )
        """
    )
    op.execute(
        """
        -- One sign-in on one device. `generation` is that of the newest refresh token given out in it.
        CREATE TABLE sessions (
            family     uuid PRIMARY KEY,
            user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            generation integer NOT NULL DEFAULT 0,
            user_agent text NOT NULL DEFAULT '',
            created_at timestamptz NOT NULL,
            last_used  timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX sessions_by_user ON sessions (user_id)")
    op.execute("CREATE INDEX sessions_by_expiry ON sessions (expires_at)")
    op.execute(
        """
        -- Spent tokens stay until they expire, so that one presented again is known for what it is.
        CREATE TABLE refresh_tokens (
            hash       bytea PRIMARY KEY,
            family     uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
            generation integer NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            UNIQUE (family, generation)
        )
        """
    )
