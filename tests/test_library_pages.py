"""The library's pages as the server hands them out: their addresses, what each is called, and how heavy they are."""

import gzip
import re

import pytest
from serving import Served
from test_pages import headers_are_right

from roomd.app import web_folder
from roomd.handlers.packed import pack

#: Bytes, compressed: what the page needs of its own.
MOST = 100_000


@pytest.mark.gen_test(timeout=30)
async def test_each_view_has_an_address_and_a_name(served: Served) -> None:
    names = {
        "/library/": "Library",
        "/library": "Library",
        "/library/search?q=long+walk": "Search",
        "/library/playlists": "Playlists",
        "/library/playlists/17/": "Playlist",
        "/library/albums/deezer%3A302127": "Album",
        "/library/artists/subsonic%3Aar%2F1": "Artist",
        "/library/genres/132": "Genre",
        "/library/favourites/": "Favourites",
        "/library/history": "History",
        "/library/charts": "Charts",
    }
    for path, name in names.items():
        answer = await served.http.get(path)
        assert answer.status_code == 200, path
        headers_are_right(answer.headers)
        assert re.findall(r'<h1 tabindex="-1">([^<]*)</h1>', answer.text) == [name], path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text), path
    marked = (await served.http.get("/library/charts")).text
    assert re.findall(r'data-part="(\w+)" aria-current="page"', marked) == ["charts"]


@pytest.mark.gen_test(timeout=30)
async def test_other_addresses_are_not_there(served: Served) -> None:
    for path in ("/library/nothing", "/library/favourites/1", "/library/albums/1/2", "/library/albums/" + "x" * 301):
        answer = await served.http.get(path)
        assert (answer.status_code, "Nothing here" in answer.text) == (404, True), path


def test_it_is_light() -> None:
    root = web_folder() / "static"
    weights = {name: len(gzip.compress(pack(root, name).plain, 9)) for name in ("library.js", "library.css")}
    assert sum(weights.values()) < MOST, weights
