"""A page asks for one script and one style sheet; they hold all that its modules and sheets hold."""

import gzip
import subprocess
from pathlib import Path

import httpx
import playwright
import pytest
from serving import Served

from roomd.app import web_folder
from roomd.handlers.packed import address, pack
from roomd.handlers.packing import UnpackableError, script, sheet

STATIC = web_folder() / "static"
NODE = Path(playwright.__file__).parent / "driver" / "node"
#: What a room page may weigh compressed is 100 KB, of which its HTML takes 11 beside the style sheet that stands in it.
MOST_BYTES = 89_000


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(code: str) -> str:
    told = subprocess.run([NODE, "--input-type=module"], input=code, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def test_modules_run_once_each_in_the_order_that_modules_run(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        {
            "js/a.js": 'import { b as two } from "./b.js";\nimport "./deep/c.js";\n'
            'import * as d from "./d.js";\nconsole.log("a", two(), d.ONE, new d.Kind().name);\n',
            "js/b.js": 'import {\n  c,\n} from "./deep/c.js";\nexport function b() {\n  return c + hidden;\n}\n'
            'const hidden = 1;\nconsole.log("b");\n',
            "js/deep/c.js": 'export const c = 41;\nexport {};\n/** @type {import("../types.js").T} */\n'
            'console.log("c");\n',
            "js/d.js": "/** A note\n * of two lines. */\nexport const ONE = 1;\n\nexport class Kind {\n"
            "  // And one.\n  name = `it ${ONE} ${ONE} is /* not */ // gone`;\n}\n"
            "const hidden = 2;\nexport async function later() {\n  return hidden;\n}\n",
        },
    )
    assert run(script(root, "js/a.js")) == "c\nb\na 42 1 it 1 1 is /* not */ // gone"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("export let a = 1;\n", "export let a = 1;"),
        ("export default 1;\n", "export default 1;"),
        ("import a from './b.js';\n", "import a from './b.js';"),
        ('import "./a.js";\n', "a.js imports itself"),
        ('import "./b.js";\n', "a.js imports itself, through b.js"),
        ("const a = `\n  b`;\n", "a template over several lines"),
    ],
)
def test_what_cannot_be_joined_is_named(tmp_path: Path, text: str, named: str) -> None:
    root = written(tmp_path, {"a.js": text, "b.js": 'import "./a.js";\n'})
    with pytest.raises(UnpackableError, match=named.replace(".", r"\.")):
        script(root, "a.js")


def test_sheets_take_the_places_of_their_imports(tmp_path: Path) -> None:
    root = written(
        tmp_path, {"p/a.css": '@import "../b.css";\na {}\n', "b.css": '@import "./c.css";\nb {}\n', "c.css": "c {}"}
    )
    assert sheet(root, "p/a.css") == "c{}\nb{}\na{}"


def test_a_sheet_says_the_same_without_the_spaces_that_nobody_needs(tmp_path: Path) -> None:
    css = """
        a:hover > b, :is(c, d) e {
          margin: 0 calc(1px + 2px); content: "a ; b , { c: d } ";
        }
        @media (width < 10px) and (hover: none) { f::after { --g: 'h: i'; } }
    """
    root = written(tmp_path, {"a.css": css})
    assert sheet(root, "a.css").strip() == (
        'a:hover > b,:is(c,d) e{margin:0 calc(1px + 2px);content:"a ; b , { c: d } "}'
        "@media (width < 10px) and (hover:none){f::after{--g:'h: i'}}"
    )


@pytest.mark.parametrize("page", ["room", "home"])
def test_the_pages_own_can_be_parsed_and_are_light(page: str, tmp_path: Path) -> None:
    made = tmp_path / "made.mjs"
    made.write_bytes(pack(STATIC, f"{page}.js").plain)
    subprocess.run([NODE, "--check", made], check=True)
    assert sum(len(pack(STATIC, f"{page}.{kind}").gzipped) for kind in ("js", "css")) < MOST_BYTES
    assert b"@import" not in pack(STATIC, f"{page}.css").plain


@pytest.mark.gen_test(timeout=20)
async def test_a_page_names_its_two_files_and_they_may_be_kept(served: Served) -> None:
    code = await served.room(await served.person("Alice"))
    named = {
        "room.js": (f"/r/{code}", "text/javascript"),
        "home.js": ("/", "text/javascript"),
        "home.css": ("/", "text/css"),
    }
    for name, (page, kind) in named.items():
        where = address(STATIC, name)
        assert where in (await served.http.get(page)).text
        plain: httpx.Response = await served.http.get(where, headers={"Accept-Encoding": "identity"})
        assert plain.headers["Content-Type"].startswith(kind) and "immutable" in plain.headers["Cache-Control"]
        async with served.http.stream("GET", where, headers={"Accept-Encoding": "gzip"}) as packed:
            raw = b"".join([part async for part in packed.aiter_raw()])
        assert (gzip.decompress(raw), packed.headers["Vary"]) == (plain.content, "Accept-Encoding")


@pytest.mark.gen_test(timeout=20)
async def test_another_version_is_answered_and_not_kept(served: Served) -> None:
    answer = await served.http.get("/packed/room.js?v=older")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    again = await served.http.get("/packed/room.js", headers={"If-None-Match": answer.headers["Etag"]})
    assert again.status_code == 304
    assert (await served.http.get("/packed/other.js")).status_code == 404
