"""What a search finds, in which order, and how fast."""

import time
from pathlib import Path
from random import Random

from roomd.catalogue.scan import Found, Item, make_id
from roomd.catalogue.search import Index
from roomd.catalogue.words import fold, words
from roomd.domain.track import Track

KEY = b"k" * 32


def item(title: str, artist: str = "", album: str = "", *, mtime: int = 0) -> Item:
    media_id = make_id(KEY, title, artist, album)
    track = Track(title=title, artist=artist, album=album, url=f"/media/{media_id}.mp3", source=f"local:{media_id}")
    return Item(
        id=media_id,
        found=Found(media_id, Path(media_id), 1, mtime, None),
        track=track,
        artist_id=make_id(KEY, "artist", fold(artist)) if artist else "",
        album_id=make_id(KEY, "album", fold(artist), fold(album)) if album else "",
        title_words=fold(title),
        artist_words=fold(artist),
        album_words=fold(album),
        order=(fold(artist), fold(album), 0, fold(title)),
    )


def index(*items: Item) -> Index:
    made = Index()
    for each in items:
        made.add(each)
    return made


def titles(made: Index, q: str, limit: int = 50) -> list[str]:
    return [found.track.title for found in made.search(q, limit).tracks]


def test_words_forget_case_accents_and_punctuation() -> None:
    assert words("Beyoncé – «Déjà Vu» (feat. JAŸ-Z)") == ["beyonce", "deja", "vu", "feat", "jay", "z"]
    assert words("Straße, Øre, Łódź, Don't") == ["strasse", "ore", "lodz", "dont"]
    assert words("Мир 音楽 42") == ["мир", "音楽", "42"]


def test_every_word_must_begin_one_in_title_artist_or_album() -> None:
    made = index(item("Deep Rain", "Alice", "Weather"), item("Rainbow", "Bob"), item("Terrain", "Carol"))
    assert titles(made, "rain") == ["Rainbow", "Deep Rain"]
    assert titles(made, "RÄIN ali") == ["Deep Rain"]
    assert titles(made, "weather rain alice deep") == ["Deep Rain"]
    assert titles(made, "rain dave") == []
    assert titles(made, "errain") == []
    assert titles(made, "!!!") == titles(made, "")


def test_the_order_is_title_start_title_word_artist_album() -> None:
    made = index(
        item("Fourth", "Bob", "Light Years"),
        item("Third", "Light Brigade"),
        item("Second Light", "Bob"),
        item("Light First", "Bob"),
    )
    assert titles(made, "light") == ["Light First", "Second Light", "Third", "Fourth"]
    assert titles(made, "light", 2) == ["Light First", "Second Light"]


def test_an_empty_search_gives_the_newest() -> None:
    made = index(item("Old", mtime=1), item("New", mtime=3), item("Middle", mtime=2))
    assert titles(made, "", 2) == ["New", "Middle"]


def test_artists_and_albums_are_counted_and_forgotten() -> None:
    one, two, three = item("A", "Alice", "Weather"), item("B", "ALICE", "Weather"), item("C", "Bob", "Weather")
    made = index(one, two, three)
    found = made.search("weather", 10)
    assert [(group.name, group.artist, group.count) for group in found.albums] == [
        ("Weather", "Alice", 2),
        ("Weather", "Bob", 1),
    ]
    assert [group.name for group in made.search("ali", 10).artists] == ["Alice"]
    made.add(one)
    assert made.search("ali", 10).artists[0].count == 2
    made.remove(one.id)
    made.remove(two.id)
    made.remove("unknown")
    assert made.search("ali", 10).artists == [] and len(made) == 1


def test_twenty_thousand_tracks_are_searched_in_time() -> None:
    """Measured: 2 to 15 ms. The best of five runs is asserted against twice the promise, as others use this machine."""
    dice = Random(1)
    syllables = ["ka", "lo", "mi", "ra", "te", "su", "no", "be", "shi", "dor", "an", "el"]

    def word() -> str:
        return "".join(dice.choice(syllables) for _ in range(dice.randint(1, 4))).title()

    artists = [f"{word()} {word()}" for _ in range(900)]
    made = index(
        *(
            item(f"{word()} {word()} {word()}", artist := dice.choice(artists), f"{artist} {n % 5}", mtime=n)
            for n in range(20_000)
        )
    )
    for q in ("", "a", "ka", "kalo mi", "no such thing", "be ra te"):
        costs = []
        for _ in range(5):
            begun = time.perf_counter()
            made.search(q, 50)
            costs.append(time.perf_counter() - begun)
        assert min(costs) < 0.04, (q, min(costs))
