"""Rooms beyond Redis: the archive of their logs, and their snapshots."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        -- A room that was ever opened. `epoch` is the one history of it that may still be archived whole, and `opened`
        -- the rev with which that history began: what an older one has from there on never came to be.
        -- last_activity, listed and members are as of the last snapshot. Times are room time, ms since 1970.
        CREATE TABLE rooms (
            id            uuid PRIMARY KEY,
            code          text NOT NULL,
            epoch         bigint NOT NULL,
            opened        bigint NOT NULL,
            state         text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'asleep', 'closed')),
            last_activity double precision NOT NULL,
            listed        boolean NOT NULL DEFAULT false,
            members       text[] NOT NULL DEFAULT '{}'
        )
        """
    )
    op.execute("CREATE INDEX rooms_by_code ON rooms (code) WHERE state <> 'closed'")
    op.execute("CREATE INDEX rooms_by_activity ON rooms (state, last_activity, id)")
    op.execute(
        """
        -- The numbered logs, without gaps as far as they go. `body` is the commit as it was made, JSON.
        CREATE TABLE room_events (
            room  uuid NOT NULL,
            epoch bigint NOT NULL,
            rev   bigint NOT NULL,
            at    double precision NOT NULL,
            body  text NOT NULL,
            PRIMARY KEY (room, epoch, rev)
        )
        """
    )
    op.execute(
        """
        -- The newest snapshot of each room; body is as roomd/store/snapshots.py writes it.
        CREATE TABLE room_snapshots (
            room     uuid PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
            epoch    bigint NOT NULL,
            rev      bigint NOT NULL,
            taken_at double precision NOT NULL,
            body     bytea NOT NULL
        )
        """
    )
    op.execute("ALTER TABLE room_snapshots ALTER COLUMN body SET STORAGE EXTERNAL")
    _append()


def _append() -> None:
    """Append to logs, in one round trip. A function, because each of its statements sees what was committed before it.

    The lock is shared by all who append. Whoever begins a new epoch takes it alone, so that an older history has either
    been read with all its commits, or gets none any more.
    """
    op.execute(
        """
        CREATE FUNCTION roomd_append(
            rooms_ uuid[], epochs bigint[], revs bigint[], ats double precision[], bodies text[],
            openings integer[], codes text[], listings boolean[], owners text[], closings integer[]
        ) RETURNS integer[] LANGUAGE plpgsql AS $$
        DECLARE
            refused integer[];
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(491529);
            IF cardinality(openings) > 0 THEN
                INSERT INTO rooms AS r (id, code, epoch, opened, last_activity, listed, members)
                SELECT DISTINCT ON (rooms_[o.n]) rooms_[o.n], o.code, epochs[o.n], revs[o.n], ats[o.n], o.listed,
                       ARRAY[o.owner]
                FROM unnest(openings, codes, listings, owners) AS o(n, code, listed, owner)
                ORDER BY rooms_[o.n], epochs[o.n] DESC
                ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, opened = excluded.opened, state = 'live'
                WHERE r.epoch < excluded.epoch;
            END IF;
            INSERT INTO room_events (room, epoch, rev, at, body)
            SELECT u.room, u.epoch, u.rev, u.at, u.body
            FROM unnest(rooms_, epochs, revs, ats, bodies) AS u(room, epoch, rev, at, body)
            JOIN rooms r ON r.id = u.room AND (u.epoch = r.epoch OR (u.epoch < r.epoch AND u.rev < r.opened))
            ORDER BY u.room, u.epoch, u.rev
            ON CONFLICT DO NOTHING;
            IF cardinality(closings) > 0 THEN
                UPDATE rooms r SET state = 'closed', last_activity = ats[c.n]
                FROM unnest(closings) AS c(n) WHERE r.id = rooms_[c.n] AND r.epoch = epochs[c.n];
            END IF;
            SELECT array_agg(u.n::integer) INTO refused
            FROM unnest(rooms_, epochs, revs) WITH ORDINALITY AS u(room, epoch, rev, n)
            LEFT JOIN rooms r ON r.id = u.room AND (u.epoch = r.epoch OR (u.epoch < r.epoch AND u.rev < r.opened))
            WHERE r.id IS NULL;
            RETURN coalesce(refused, '{}');
        END $$
        """
    )
