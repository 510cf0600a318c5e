"""Rooms beyond Redis: the archive of their logs, and their snapshots."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        -- A room that was ever opened. `epoch` is the one history of it that may still be archived whole.
        -- name, last_activity, listed, members and tracks are as of the last snapshot (of a closed room, last_activity
        -- is when it was closed). Times are room time, ms since 1970.
        CREATE TABLE rooms (
            id            uuid PRIMARY KEY,
            code          text NOT NULL,
            name          text NOT NULL,
            epoch         bigint NOT NULL,
            state         text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'asleep', 'closed')),
            last_activity double precision NOT NULL,
            listed        boolean NOT NULL DEFAULT false,
            members       text[] NOT NULL DEFAULT '{}',
            tracks        integer NOT NULL DEFAULT 0
        )
        """
    )
    op.execute("CREATE INDEX rooms_by_code ON rooms (code) WHERE state <> 'closed'")
    op.execute("CREATE INDEX rooms_by_activity ON rooms (last_activity, id) WHERE state <> 'closed'")
    op.execute("CREATE INDEX rooms_live ON rooms (id) WHERE state = 'live'")
    op.execute("CREATE INDEX rooms_closed ON rooms (last_activity) WHERE state = 'closed'")
    op.execute(
        """
        -- The histories of each room that are known. What one has at or beyond the rev with which any later one was
        -- opened never came to be. One opened at 0 was brought from elsewhere, and at -1 the room was closed while it
        -- slept: nothing before counts.
        CREATE TABLE room_epochs (
            room   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
            epoch  bigint NOT NULL,
            opened bigint NOT NULL,
            PRIMARY KEY (room, epoch)
        )
        """
    )
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
    # Logs come in the order of their time, so the old ones lie together; this index costs next to nothing to keep.
    op.execute("CREATE INDEX room_events_by_age ON room_events USING brin (at) WITH (autosummarize = on)")
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
    _take()


def _append() -> None:
    """Append to logs, in one round trip. A function, because each of its statements sees what was committed before it.

    The lock is shared by all who append. Whoever begins a new epoch takes it alone, so that an older history has either
    been read with all its commits, or gets none any more.
    """
    op.execute(
        """
        CREATE FUNCTION roomd_append(
            rooms_ uuid[], epochs bigint[], revs bigint[], ats double precision[], bodies text[],
            openings integer[], codes text[], names text[], listings boolean[], owners text[], closings integer[]
        ) RETURNS integer[] LANGUAGE plpgsql AS $$
        DECLARE
            refused integer[];
            done integer;
            o record;
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(491529);
            -- Nearly always all of it is new, and of the rooms' present histories. The general way below takes twice as
            -- long, 0.3 ms, and whoever waits for an acknowledgement waits for that too.
            IF cardinality(openings) = 0 AND cardinality(closings) = 0 THEN
                INSERT INTO room_events (room, epoch, rev, at, body)
                SELECT u.room, u.epoch, u.rev, u.at, u.body
                FROM unnest(rooms_, epochs, revs, ats, bodies) AS u(room, epoch, rev, at, body)
                JOIN rooms r ON r.id = u.room AND r.epoch = u.epoch ORDER BY 1, 2, 3
                ON CONFLICT DO NOTHING;
                GET DIAGNOSTICS done = ROW_COUNT;
                IF done = cardinality(rooms_) THEN
                    RETURN '{}';
                END IF;
            END IF;
            FOR o IN
                SELECT rooms_[u.n] AS id, epochs[u.n] AS epoch, revs[u.n] AS rev, ats[u.n] AS at, u.*
                FROM unnest(openings, codes, names, listings, owners) AS u(n, code, name, listed, owner)
                -- Always in one order, so that two who append do not wait for each other.
                ORDER BY rooms_[u.n], epochs[u.n]
            LOOP
                INSERT INTO rooms AS r (id, code, name, epoch, last_activity, listed, members)
                VALUES (o.id, o.code, o.name, o.epoch, o.at, o.listed, ARRAY[o.owner])
                ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, state = 'live' WHERE r.epoch < excluded.epoch;
                IF FOUND THEN
                    INSERT INTO room_epochs (room, epoch, opened) VALUES (o.id, o.epoch, o.rev) ON CONFLICT DO NOTHING;
                END IF;
            END LOOP;
            WITH given AS (
                SELECT u.*, r.id IS NOT NULL AND (u.epoch = r.epoch OR (
                    EXISTS (SELECT FROM room_epochs e WHERE e.room = u.room AND e.epoch = u.epoch)
                    AND u.rev < ALL (SELECT e.opened FROM room_epochs e WHERE e.room = u.room AND e.epoch > u.epoch)
                    AND u.epoch < r.epoch
                )) AS counts
                FROM unnest(rooms_, epochs, revs, ats, bodies) WITH ORDINALITY AS u(room, epoch, rev, at, body, n)
                LEFT JOIN rooms r ON r.id = u.room
            ), kept AS (
                INSERT INTO room_events (room, epoch, rev, at, body)
                SELECT g.room, g.epoch, g.rev, g.at, g.body FROM given g WHERE g.counts ORDER BY 1, 2, 3
                ON CONFLICT DO NOTHING
            )
            SELECT array_agg(g.n::integer) INTO refused FROM given g WHERE NOT g.counts;
            IF cardinality(closings) > 0 THEN
                UPDATE rooms r SET state = 'closed', last_activity = ats[c.n]
                FROM unnest(closings) AS c(n) WHERE r.id = rooms_[c.n] AND r.epoch = epochs[c.n];
            END IF;
            RETURN coalesce(refused, '{}');
        END $$
        """
    )


def _take() -> None:
    """Begin a new epoch of a room that is to be brought back, beyond all that is archived of it, in one round trip.

    `kind` is the room's state before; nothing changes when there is none, or it is closed.
    """
    op.execute(
        """
        CREATE FUNCTION roomd_take(
            room_ uuid, at_least bigint, OUT kind text, OUT head_epoch bigint, OUT head_rev bigint, OUT begun bigint
        ) LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(491529);
            SELECT state INTO kind FROM rooms WHERE id = room_;
            SELECT h.epoch, h.rev INTO head_epoch, head_rev FROM (
                (SELECT epoch, rev FROM room_events WHERE room = room_ ORDER BY epoch DESC, rev DESC LIMIT 1)
                UNION ALL SELECT epoch, rev FROM room_snapshots WHERE room = room_
            ) h ORDER BY h.epoch DESC, h.rev DESC LIMIT 1;
            IF kind IS NULL OR kind = 'closed' OR head_epoch IS NULL THEN
                RETURN;
            END IF;
            UPDATE rooms SET epoch = greatest(epoch + 1, at_least, head_epoch + 1), state = 'live'
            WHERE id = room_ AND state <> 'closed' RETURNING epoch INTO begun;
            IF begun IS NOT NULL THEN
                INSERT INTO room_epochs (room, epoch, opened) VALUES (room_, begun, head_rev + 1);
            END IF;
        END $$
        """
    )
