"""What PostgreSQL is asked about playlists, and what its rows mean."""

import asyncpg
import msgspec
from msgspec import Struct

from roomd.domain.ids import UserId
from roomd.domain.playlist import COVERS, Playlist, PlaylistEntry
from roomd.store.songs import song_of

#: First songs that are looked at for covers: those of one album have the same.
_LOOKED_AT = 12
_COLUMNS = f"""
    SELECT p.id::text, p.owner::text, u.name AS owner_name, p.name, p.description, p.cover, p.is_public, p.kind,
           p.genre, p.tracks, p.duration_ms, p.created_at, p.updated_at, ARRAY(
               SELECT s.facts FROM playlist_tracks t JOIN songs s ON s.id = t.song
               WHERE t.playlist = p.id ORDER BY t.position LIMIT {_LOOKED_AT}
           ) AS first
"""  # noqa: S608 - a number of ours
CARD = f"{_COLUMNS} FROM playlists p JOIN users u ON u.id = p.owner WHERE p.id = $1"
#: Two lists that are in order already, each read only as far as the page goes.
SHOWN = f"""
    WITH shown AS (
        (SELECT id, updated_at FROM playlists WHERE owner = $1 AND strpos(search, $2) > 0
         ORDER BY updated_at DESC, id LIMIT $4)
        UNION ALL
        (SELECT id, updated_at FROM playlists WHERE $3 AND is_public AND owner <> $1 AND strpos(search, $2) > 0
         ORDER BY updated_at DESC, id LIMIT $4)
        ORDER BY updated_at DESC, id OFFSET $5 LIMIT $6
    )
    {_COLUMNS} FROM shown JOIN playlists p USING (id) JOIN users u ON u.id = p.owner ORDER BY p.updated_at DESC, p.id
"""  # noqa: S608 - nothing in it comes from elsewhere
SONGS = """
    SELECT t.id::text, s.facts, t.added_at FROM playlist_tracks t JOIN songs s ON s.id = t.song
    WHERE t.playlist = $1 ORDER BY t.position LIMIT $2 OFFSET $3
"""
#: Making playlists does not change the user's key, so whoever refers to the user does not wait.
PERSON = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE"
HOLD = "SELECT id::text, owner::text, is_public, cover, tracks FROM playlists WHERE id = $1 FOR UPDATE"
ADD = """
    INSERT INTO playlists (id, owner, name, search, description, is_public, kind, genre, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
"""
#: Its songs are exchanged next, so it counts none.
MOOD = """
    INSERT INTO playlists (id, owner, name, search, description, kind, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, 'mood', $6, $6)
    ON CONFLICT (owner, name) WHERE kind = 'mood' DO UPDATE
    SET description = excluded.description, updated_at = excluded.updated_at, tracks = 0, duration_ms = 0
    RETURNING id::text
"""
UPDATE = """
    UPDATE playlists SET
        name = coalesce($2, name), search = coalesce($3, search), description = coalesce($4, description),
        is_public = coalesce($5, is_public), updated_at = $6,
        kind = CASE WHEN kind = 'mood' AND $2 <> name THEN 'own' ELSE kind END
    WHERE id = $1
"""
APPEND = """
    WITH added AS (
        INSERT INTO playlist_tracks (id, playlist, song, position, duration_ms, added_at)
        SELECT u.id, $1::uuid, u.song, l.position + u.n, u.duration_ms, $5
        FROM unnest($2::uuid[], $3::text[], $4::bigint[]) WITH ORDINALITY AS u(id, song, duration_ms, n),
             (SELECT coalesce(max(position), -1) AS position FROM playlist_tracks WHERE playlist = $1) l
        RETURNING duration_ms
    )
    UPDATE playlists SET tracks = tracks + a.many, duration_ms = duration_ms + a.sum, updated_at = $5
    FROM (SELECT count(*) AS many, coalesce(sum(duration_ms), 0) AS sum FROM added) a WHERE id = $1
"""
REMOVE = """
    WITH gone AS (
        DELETE FROM playlist_tracks WHERE playlist = $1 AND (song = $2 OR id = $3) RETURNING duration_ms
    ), sums AS (
        SELECT count(*)::integer AS many, coalesce(sum(duration_ms), 0) AS sum FROM gone
    ), less AS (
        UPDATE playlists SET tracks = tracks - s.many, duration_ms = playlists.duration_ms - s.sum, updated_at = $4
        FROM sums s WHERE id = $1 AND s.many > 0
    )
    SELECT many FROM sums
"""
POSITION_OF = "SELECT position FROM playlist_tracks WHERE playlist = $1 AND id = $2"
POSITION_AT = "SELECT position FROM playlist_tracks WHERE playlist = $1 ORDER BY position LIMIT 1 OFFSET $2"
#: The one at $2 goes to $3; those between step aside by one. Gaps stay where they are.
MOVE = """
    WITH moved AS (
        UPDATE playlist_tracks SET position = CASE
            WHEN position = $2::integer THEN $3::integer ELSE position + sign($2::integer - $3::integer)::integer
        END WHERE playlist = $1 AND position BETWEEN least($2::integer, $3::integer)
            AND greatest($2::integer, $3::integer)
    )
    UPDATE playlists SET updated_at = $4 WHERE id = $1
"""


class _Cover(Struct):
    cover: str = ""


_cover = msgspec.json.Decoder(_Cover).decode


def playlist(row: asyncpg.Record) -> Playlist:
    values = dict(row)
    first = values.pop("first")
    covers = dict.fromkeys(cover for facts in first if (cover := _cover(facts).cover))
    for moment in ("created_at", "updated_at"):
        values[moment] = 1_000 * values[moment].timestamp()
    values["owner"] = UserId(values["owner"])
    return Playlist(**values, covers=tuple(covers)[:COVERS])


def entry(row: asyncpg.Record, position: int) -> PlaylistEntry:
    added_at = 1_000 * row["added_at"].timestamp()
    return PlaylistEntry(id=row["id"], song=song_of(row["facts"]), position=position, added_at=added_at)
