"""The library: songs that somebody keeps, playlists, favourites, what was heard, and each user's own room."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        -- What was known of a song when it was last seen (JSON, domain/song.py), so that lists are whole while its
        -- provider is away.
        CREATE TABLE songs (
            id        text PRIMARY KEY,
            provider  text NOT NULL,
            artist_id text NOT NULL DEFAULT '',
            genre     text NOT NULL DEFAULT '',
            facts     text NOT NULL,
            seen_at   timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX songs_by_artist ON songs (artist_id) WHERE artist_id <> ''")
    op.execute("CREATE INDEX songs_by_genre ON songs (genre) WHERE genre <> ''")
    op.execute(
        """
        -- kind: made by hand, from a genre, or the daily mood. An owner has one mood of each name. search is the name
        -- as it is searched by; tracks and duration_ms are what playlist_tracks adds up to.
        CREATE TABLE playlists (
            id          uuid PRIMARY KEY,
            owner       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            name        text NOT NULL,
            search      text NOT NULL,
            description text NOT NULL DEFAULT '',
            cover       text NOT NULL DEFAULT '',
            is_public   boolean NOT NULL DEFAULT false,
            kind        text NOT NULL DEFAULT 'own' CHECK (kind IN ('own', 'genre', 'mood')),
            genre       text NOT NULL DEFAULT '',
            tracks      integer NOT NULL DEFAULT 0,
            duration_ms bigint NOT NULL DEFAULT 0,
            created_at  timestamptz NOT NULL,
            updated_at  timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX playlists_of ON playlists (owner, updated_at DESC)")
    op.execute("CREATE INDEX playlists_public ON playlists (updated_at DESC) WHERE is_public")
    op.execute("CREATE UNIQUE INDEX playlists_mood ON playlists (owner, name) WHERE kind = 'mood'")
    op.execute(
        """
        -- Positions give the order and have gaps where songs were removed. duration_ms is what was added to the
        -- playlist's for this song. Moving one writes those that it passes, so positions are compared at the end.
        CREATE TABLE playlist_tracks (
            id          uuid PRIMARY KEY,
            playlist    uuid NOT NULL REFERENCES playlists ON DELETE CASCADE,
            song        text NOT NULL REFERENCES songs,
            position    integer NOT NULL,
            duration_ms bigint NOT NULL DEFAULT 0,
            added_at    timestamptz NOT NULL,
            UNIQUE (playlist, position) DEFERRABLE INITIALLY DEFERRED
        )
        """
    )
    op.execute("CREATE INDEX playlist_tracks_song ON playlist_tracks (song)")
    op.execute(
        """
        CREATE TABLE favourites (
            person   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            song     text NOT NULL REFERENCES songs,
            id       uuid NOT NULL,
            added_at timestamptz NOT NULL,
            PRIMARY KEY (person, song)
        )
        """
    )
    op.execute("CREATE INDEX favourites_of ON favourites (person, added_at DESC, id)")
    op.execute("CREATE INDEX favourites_song ON favourites (song)")
    op.execute(
        """
        -- What somebody heard: from when, for how long, and how that ended. `play` tells one run of a song in a room
        -- from the next, so that writing it again changes nothing.
        CREATE TABLE listens (
            id       uuid PRIMARY KEY,
            person   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            song     text NOT NULL REFERENCES songs,
            room     uuid NOT NULL,
            play     text NOT NULL,
            at       timestamptz NOT NULL,
            heard_ms double precision NOT NULL,
            ended    text NOT NULL CHECK (ended IN ('ended', 'skipped', 'stopped')),
            UNIQUE (person, room, play)
        )
        """
    )
    # Wide enough to be read alone: what goes together is 8 times as quick so, out of 400,000 listens.
    op.execute("CREATE INDEX listens_of ON listens (person, at DESC) INCLUDE (song, heard_ms, ended)")
    op.execute("CREATE INDEX listens_song ON listens (song, at DESC) INCLUDE (person, heard_ms, ended)")
    op.execute("CREATE INDEX listens_by_age ON listens USING brin (at) WITH (autosummarize = on)")
    # Up to where the stream of listens is in the table: written together with them, so that none counts twice.
    op.execute("CREATE TABLE listens_upto (one boolean PRIMARY KEY DEFAULT true CHECK (one), id text NOT NULL)")
    op.execute("INSERT INTO listens_upto (id) VALUES ('0-0')")
    op.execute(
        """
        -- The room that is a user's own queue.
        CREATE TABLE personal_rooms (
            person uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            room   uuid NOT NULL UNIQUE
        )
        """
    )
    op.execute(
        """
        -- The third level of the catalogue's cache: what providers answered, for when they do not.
        CREATE TABLE catalogue_answers (
            key        text PRIMARY KEY,
            body       bytea NOT NULL,
            fetched_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX catalogue_answers_by_age ON catalogue_answers (fetched_at)")
