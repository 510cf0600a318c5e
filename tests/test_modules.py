"""Everything that a page's script leads to is named in the page, so it is fetched at once."""

import re
from pathlib import Path

import httpx
import pytest
from serving import Served

from roomd.app import web_folder
from roomd.handlers.modules import modules_of

STATIC = web_folder() / "static"


def test_imports_are_followed_and_each_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "js" / "deep").mkdir(parents=True)
    files = {
        "js/a.js": 'import { b } from "./b.js";\nimport "./deep/c.js";\n// import "./not.js"\n',
        "js/b.js": 'import {\n  a,\n  c,\n} from "./deep/c.js";\nimport { a as again } from "./a.js";\n',
        "js/deep/c.js": 'export { d } from "../d.js";\n/** @type {import("../types.js").T} */\n',
        "js/d.js": "export const d = 1;\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert sorted(modules_of(tmp_path, "js/a.js")) == ["js/b.js", "js/d.js", "js/deep/c.js"]


@pytest.mark.parametrize("entry", ["js/room.js", "js/home.js"])
def test_the_pages_own_modules_are_all_there(entry: str) -> None:
    found = modules_of(STATIC, entry)
    assert "js/helpers/dom.js" in found
    assert all((STATIC / path).is_file() for path in found)


@pytest.mark.gen_test(timeout=20)
async def test_the_room_page_names_them_as_the_browser_asks_for_them(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    page = (await served.http.get(f"/r/{code}")).text
    named = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
    assert sorted(named) == sorted(f"/static/{path}" for path in modules_of(STATIC, "js/room.js"))
    answer: httpx.Response = await served.http.get(named[0])
    assert (answer.status_code, "javascript" in answer.headers["Content-Type"]) == (200, True)
