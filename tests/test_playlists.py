"""Playlists and favourites in PostgreSQL: order, sums, ownership, bounds, and two who change one at the same time."""

import asyncio
from random import Random

import pytest
from archive_world import locked
from playlists_world import shelf, song, songs

from roomd.domain.ids import UserId
from roomd.domain.playlist import (
    MAX_FAVOURITES,
    MAX_PLAYLISTS,
    MAX_SONGS,
    PlaylistChanges,
    play_order,
    search_key,
)
from roomd.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from roomd.store.postgres import DatabaseAway

NOBODY = UserId("00000000-0000-4000-8000-000000000000")


@pytest.mark.gen_test(timeout=30)
async def test_songs_keep_their_order_and_the_sums_hold(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice = world.playlists, await world.person("Alice")
        made = await lists.add(alice, " Friday ", description="a\r\nb", songs=songs("One Two"))
        assert (made.name, made.description, made.owner_name, made.kind) == ("Friday", "a\nb", "Alice", "own")
        assert (made.tracks, made.duration_ms, made.is_public) == (2, 3_000, False)
        added = await lists.append(made.id, alice, songs("A B C D E"))
        assert ([entry.position for entry in added.entries], added.tracks) == ([2, 3, 4, 5, 6], 7)
        assert await lists.songs(made.id, 2, 2) == added.entries[:2]
        assert await lists.remove(made.id, alice, song="local:b") == (1, 6)
        assert await world.titles(made.id) == "One Two A C D E"
        first = (await lists.songs(made.id))[0].id
        assert await lists.remove(made.id, alice, entry=first) == (1, 5)
        assert await world.titles(made.id) == "Two A C D E"
        now = await lists.get(made.id, alice)
        assert (now.tracks, now.duration_ms) == (5, 2_000 + 1_000 + 3_000 + 4_000 + 5_000)
        for entry, wrong in ((first, "local:b"), ("nonsense", "local:none"), ("", "")):
            with pytest.raises(NotFound, match="not in the playlist"):
                await lists.remove(made.id, alice, entry=entry, song=wrong)


@pytest.mark.gen_test(timeout=60)
async def test_moving_is_what_a_list_does(database_url: str) -> None:
    """Against Python's own lists, over gaps that removing has left."""
    async with shelf(database_url) as world:
        lists, alice, dice = world.playlists, await world.person("Alice"), Random(7)
        made = await lists.add(alice, "Friday", songs=songs("A B C D E F G H I J"))
        for gone in ("local:c", "local:d", "local:j"):
            await lists.remove(made.id, alice, song=gone)
        expected = ["A", "B", "E", "F", "G", "H", "I"]
        for _ in range(40):
            entries = await lists.songs(made.id)
            old, new = dice.randrange(7), dice.randrange(7)
            assert await lists.move(made.id, alice, entries[old].id, new) == 7
            expected.insert(new, expected.pop(old))
            assert await world.titles(made.id) == " ".join(expected)
        for position in (-1, 7):
            with pytest.raises(Invalid, match="position must be 0 to 6"):
                await lists.move(made.id, alice, entries[0].id, position)
        for nowhere in (made.id, "nonsense"):
            with pytest.raises(NotFound, match="not in the playlist"):
                await lists.move(made.id, alice, nowhere, 0)


@pytest.mark.gen_test(timeout=30)
async def test_one_song_twice(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice = world.playlists, await world.person("Alice")
        made = await lists.add(alice, "Friday", songs=[*songs("A B"), *songs("A B")])
        entries = await lists.songs(made.id)
        assert await lists.remove(made.id, alice, entry=entries[2].id.upper()) == (1, 3)
        assert await world.titles(made.id) == "A B B"
        assert await lists.remove(made.id, alice, song="local:b") == (2, 1)
        assert await world.titles(made.id) == "A"


@pytest.mark.gen_test(timeout=30)
async def test_what_others_may(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice, bob = world.playlists, await world.person("Alice"), await world.person("Bob")
        private = await lists.add(alice, "Mine", songs=songs("A"))
        public = await lists.add(alice, "Everybody's", public=True, songs=songs("A"))
        entry = (await lists.songs(public.id))[0].id
        assert (await lists.get(public.id, bob)).owner_name == "Alice"
        for absent in (private.id, NOBODY, "nonsense", ""):
            with pytest.raises(NotFound) as unknown:
                await lists.get(absent, bob)
            assert unknown.value.code == "no_such_playlist"
        for wanted, fault in ((private.id, NotFound), (public.id, Forbidden)):
            for change in (
                lists.update(wanted, bob, PlaylistChanges(name="Bob's")),
                lists.delete(wanted, bob),
                lists.set_cover(wanted, bob, "/uploads/x"),
                lists.append(wanted, bob, songs("B")),
                lists.remove(wanted, bob, song="local:a"),
                lists.move(wanted, bob, entry, 0),
            ):
                with pytest.raises(fault):
                    await change
        assert await lists.get(public.id, alice) == public
        assert await world.titles(public.id) == "A"
        with pytest.raises(Unauthenticated):
            await lists.add(NOBODY, "Nobody's")


@pytest.mark.gen_test(timeout=30)
async def test_what_is_listed(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice, bob = world.playlists, await world.person("Alice"), await world.person("Bob")
        made = []
        for owner, name, public in (
            (alice, "Café del Mar", False),
            (bob, "Bob's own", False),
            (bob, "CAFE at night", True),
            (alice, "Straße", True),
        ):
            world.clock.pass_s(1)
            made.append(await lists.add(owner, name, public=public))

        async def shown(**how: object) -> list[str]:
            return [each.name for each in await lists.shown_to(alice, **how)]  # type: ignore[arg-type]

        assert await shown() == ["Straße", "CAFE at night", "Café del Mar"]
        assert await shown(mine=True) == ["Straße", "Café del Mar"]
        assert await shown(q=" cafe ") == ["CAFE at night", "Café del Mar"]
        assert await shown(q="STRASSE") == ["Straße"]
        assert await shown(q="%") == []
        assert await shown(q="café", mine=True) == ["Café del Mar"]
        pages = [await shown(limit=1, offset=offset) for offset in range(4)]
        assert pages == [["Straße"], ["CAFE at night"], ["Café del Mar"], []]
        world.clock.pass_s(1)
        await lists.append(made[0].id, alice, songs("A"))
        assert await shown(limit=1) == ["Café del Mar"]


@pytest.mark.gen_test(timeout=30)
async def test_covers_are_the_first_songs_until_there_is_one(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice = world.playlists, await world.person("Alice")
        pictures = ["", "a", "a", "b", "c", "d", "e"]
        made = await lists.add(
            alice,
            "Friday",
            songs=[song(f"S{n}", cover=f"/media/{each}" if each else "") for n, each in enumerate(pictures)],
        )
        assert (made.cover, made.covers) == ("", ("/media/a", "/media/b", "/media/c", "/media/d"))
        assert await lists.set_cover(made.id, alice, "/uploads/one.jpg") == ""
        assert await lists.set_cover(made.id, alice, "/uploads/two.jpg") == "/uploads/one.jpg"
        assert (await lists.get(made.id, alice)).cover == "/uploads/two.jpg"
        assert await lists.delete(made.id, alice) == "/uploads/two.jpg"
        with pytest.raises(NotFound):
            await lists.get(made.id, alice)
        assert await lists.songs(made.id) == []


@pytest.mark.gen_test(timeout=30)
async def test_changes(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice = world.playlists, await world.person("Alice")
        made = await lists.add(alice, "Friday", description="old")
        world.clock.pass_s(60)
        assert await lists.update(made.id, alice, PlaylistChanges()) == made
        changed = await lists.update(made.id, alice, PlaylistChanges(description="", is_public=True))
        assert (changed.name, changed.description, changed.is_public) == ("Friday", "", True)
        assert (changed.created_at, changed.updated_at - made.updated_at) == (made.created_at, 60_000)
        for changes, field in (
            (PlaylistChanges(name=" "), "name"),
            (PlaylistChanges(name="x" * 101), "name"),
            (PlaylistChanges(name="a\nb"), "name"),
            (PlaylistChanges(description="x" * 501), "description"),
        ):
            with pytest.raises(Invalid) as wrong:
                await lists.update(made.id, alice, changes)
            assert wrong.value.fields.keys() == {field}
        assert await lists.get(made.id, alice) == changed


@pytest.mark.gen_test(timeout=30)
async def test_a_mood_is_made_once_and_exchanged(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice, bob = world.playlists, await world.person("Alice"), await world.person("Bob")
        first, same = await asyncio.gather(
            *(lists.replace_mood(alice, "Your Daily Mood", "Monday", songs("A B C")) for _ in range(2))
        )
        assert first.id == same.id
        again = await lists.replace_mood(alice, "Your Daily Mood", "Tuesday", songs("D C"))
        assert (again.id, again.description, again.tracks, again.duration_ms) == (first.id, "Tuesday", 2, 3_000)
        assert (again.kind, again.is_public, await world.titles(first.id)) == ("mood", False, "D C")
        assert (await lists.replace_mood(bob, "Your Daily Mood", "", songs("A"))).id != first.id
        kept = await lists.update(first.id, alice, PlaylistChanges(name="A good Tuesday"))
        assert kept.kind == "own"
        assert (await lists.replace_mood(alice, "Your Daily Mood", "", [])).id != first.id
        assert await world.titles(first.id) == "D C"


@pytest.mark.gen_test(timeout=60)
async def test_bounds(database_url: str) -> None:
    async with shelf(database_url) as world:
        lists, alice = world.playlists, await world.person("Alice")
        many = [song(f"S{n}", 1) for n in range(MAX_SONGS)]
        full = await lists.add(alice, "Full", songs=many)
        assert (full.tracks, full.duration_ms) == (MAX_SONGS, 1_000 * MAX_SONGS)
        with pytest.raises(Conflict) as refusal:
            await lists.append(full.id, alice, songs("More"))
        assert refusal.value.code == "playlist_full"
        for over in (
            lists.add(alice, "Fuller", songs=[*many, *many[:1]]),
            lists.replace_mood(alice, "M", "", many * 2),
        ):
            with pytest.raises(Conflict, match="10,000 songs"):
                await over
        await world.pool.execute(
            "INSERT INTO playlists (id, owner, name, search, created_at, updated_at) "
            "SELECT gen_random_uuid(), $1, 'x', 'x', now(), now() FROM generate_series(2, $2)",
            *(alice, MAX_PLAYLISTS),
        )
        with pytest.raises(Conflict) as refusal:
            await lists.add(alice, "One too many")
        assert refusal.value.code == "too_many_playlists"
        assert (await lists.replace_mood(alice, "Mood", "", [])).kind == "mood"
        await world.pool.execute(
            "INSERT INTO favourites SELECT $1, id, gen_random_uuid(), now() FROM songs "
            "WHERE id NOT IN ('local:s0', 'local:more')",
            alice,
        )
        assert len((await world.favourites.ids([alice]))[alice]) == MAX_FAVOURITES - 1
        assert await world.favourites.add(alice, song("S0"))
        with pytest.raises(Conflict) as refusal:
            await world.favourites.add(alice, song("More"))
        assert refusal.value.code == "too_many_favourites"
        assert not await world.favourites.add(alice, song("S0"))
        assert len((await world.favourites.ids([alice]))[alice]) == MAX_FAVOURITES


@pytest.mark.gen_test(timeout=60)
async def test_two_who_add_at_the_same_time(database_url: str) -> None:
    """Two processes, several connections each: every song has a position of its own, and the sums are right."""
    async with shelf(database_url) as here, shelf(database_url) as there:
        alice = await here.person("Alice")
        made = await here.playlists.add(alice, "Friday")
        await asyncio.gather(
            *(
                each.playlists.append(made.id, alice, songs(f"{name}{n} {name}{n}x"))
                for n in range(10)
                for name, each in (("a", here), ("b", there))
            )
        )
        entries = await there.playlists.songs(made.id)
        positions = await here.pool.fetch("SELECT position FROM playlist_tracks ORDER BY position")
        assert [row["position"] for row in positions] == list(range(40))
        pairs = [entry.song.title for entry in entries]
        # What was added together stands together.
        assert [f"{title}x" for title in pairs[::2]] == pairs[1::2]
        now = await here.playlists.get(made.id, alice)
        assert (now.tracks, now.duration_ms) == (40, 20 * 3_000)
        await asyncio.gather(
            *(each.playlists.move(made.id, alice, entry.id, 0) for entry in entries[:20] for each in (here, there))
        )
        assert sorted((await here.titles(made.id)).split()) == sorted(pairs)


@pytest.mark.gen_test(timeout=60)
async def test_the_last_place_is_given_once(database_url: str) -> None:
    async with shelf(database_url) as here, shelf(database_url) as there:
        alice = await here.person("Alice")
        await here.pool.execute(
            "INSERT INTO playlists (id, owner, name, search, created_at, updated_at) "
            "SELECT gen_random_uuid(), $1, 'x', 'x', now(), now() FROM generate_series(2, $2)",
            *(alice, MAX_PLAYLISTS),
        )
        done = await asyncio.gather(
            *(each.playlists.add(alice, "Last") for each in (here, there) for _ in range(3)), return_exceptions=True
        )
        assert sum(isinstance(each, Conflict) for each in done) == 5
        counted = await here.pool.fetchval("SELECT count(*) FROM playlists")
        assert counted == MAX_PLAYLISTS


@pytest.mark.gen_test(timeout=30)
async def test_favourites(database_url: str) -> None:
    async with shelf(database_url) as world:
        likes, alice, bob = world.favourites, await world.person("Alice"), await world.person("Bob")
        for title in ("A", "B", "C"):
            world.clock.pass_s(1)
            assert await likes.add(alice, song(title))
        assert not await likes.add(alice, song("A"))
        assert await likes.add(bob, song("A"))
        assert [each.song.title for each in await likes.songs(alice, 10)] == ["C", "B", "A"]
        assert [each.song.title for each in await likes.songs(alice, 1, 1)] == ["B"]
        await likes.remove(alice, "local:b")
        with pytest.raises(NotFound) as unknown:
            await likes.remove(alice, "local:b")
        assert unknown.value.code == "no_such_favourite"
        assert await likes.ids([alice, bob, NOBODY]) == {alice: {"local:a", "local:c"}, bob: {"local:a"}}
        with pytest.raises(Unauthenticated):
            await likes.add(NOBODY, song("A"))
        done = await asyncio.gather(*(likes.add(bob, song("D")) for _ in range(5)))
        assert sorted(done) == [False] * 4 + [True]


@pytest.mark.gen_test(timeout=30)
async def test_a_database_that_hangs_is_given_up(database_url: str) -> None:
    async with shelf(database_url) as world:
        alice = await world.person("Alice")
        made = await world.playlists.add(alice, "Friday")
        async with locked(database_url, "playlist_tracks"):
            with pytest.raises(DatabaseAway):
                await world.playlists.append(made.id, alice, songs("A"))
        assert await world.titles(made.id) == ""
        assert (await world.playlists.get(made.id, alice)).tracks == 0


def test_in_which_order_a_playlist_is_played() -> None:
    assert list(play_order(4, None, None)) == [0, 1, 2, 3]
    assert list(play_order(4, 2, None)) == [2, 3]
    shuffled = list(play_order(20, None, Random(1)))
    assert sorted(shuffled) == list(range(20)) != shuffled
    chosen = list(play_order(20, 7, Random(1)))
    assert (chosen[0], sorted(chosen)) == (7, list(range(20)))
    for position in (-1, 4):
        with pytest.raises(Invalid) as wrong:
            play_order(4, position, None)
        assert wrong.value.fields.keys() == {"position"}
    with pytest.raises(Invalid) as empty:
        play_order(0, None, None)
    assert empty.value.code == "empty_playlist"


def test_names_are_searched_as_people_type_them() -> None:
    assert search_key("  CAFÉ\tdel  Mar ") == "cafe del mar"
    assert search_key("Straße") == search_key("STRASSE")
