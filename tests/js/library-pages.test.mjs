import assert from "node:assert/strict";
import { test } from "node:test";
import { Favourites } from "../../web/static/js/models/library/favourites.js";
import { lots, shuffled } from "../../web/static/js/models/library/load.js";
import { Paged } from "../../web/static/js/models/library/paged.js";
import { albumAt, routeOf, searchAt } from "../../web/static/js/models/library/routes.js";
import { caveat } from "../../web/static/js/models/library.js";
import { duration, heardAt, yearOf } from "../../web/static/js/models/library/say.js";
import { distinct, ofEntry, ofKept, ofTrack } from "../../web/static/js/models/library/song.js";
import { before, placeAt, seen } from "../../web/static/js/models/library/window.js";

test("addresses and views are told from each other", () => {
  assert.equal(routeOf("/library/").view, "home");
  assert.equal(routeOf("/library").view, "home");
  assert.deepEqual(routeOf("/library/search", "?q=long%20walk&provider=deezer"), { view: "search", id: "", q: "long walk", provider: "deezer" });
  assert.deepEqual(routeOf("/library/search", searchAt("a & b").replace(/^[^?]*/, "")).q, "a & b");
  assert.deepEqual([routeOf("/library/playlists").view, routeOf("/library/playlists/17/").view], ["playlists", "playlist"]);
  const id = "subsonic:al/1 ü?";
  assert.equal(routeOf(albumAt(id)).id, id);
  for (const path of ["/", "/me/", "/library/nothing", "/library/albums/1/2", "/library/history/1", "/library/albums/%E0%A4%A"]) assert.equal(routeOf(path), null, path);
});

test("a song has one shape wherever it was met", () => {
  const found = ofTrack({ id: "deezer:1", title: "Far", artist: { id: "deezer:2", name: "Dave" }, album: { id: "deezer:3", title: "Off", cover_medium: "/c" }, duration: 200, duration_ms: 30_000, url: "" }, { deezer: "Deezer" });
  assert.deepEqual([found.artistId, found.albumId, found.cover, found.ms, found.playable, found.from], ["deezer:2", "deezer:3", "/c", 30_000, false, "Deezer"]);
  const kept = ofKept({ id: 7, track_id: "local:1", track_title: "Brook", artist_name: "Carol", artist_id: "local:9", duration: 61, playable: false, why: "New here" });
  assert.deepEqual([kept.entry, kept.ms, kept.playable, kept.why, kept.album], ["7", 61_000, false, "New here", ""]);
  const queued = ofEntry({ id: "e1", track: { title: "Link", url: "/a.mp3" } });
  assert.deepEqual([queued.entry, queued.id, queued.ms], ["e1", "", null]);
  assert.deepEqual(distinct([found, kept, { ...found }]), [found, kept]);
});

test("of a long list the rows in sight are there, and some around them", () => {
  assert.deepEqual(seen({ top: 0, height: 640, row: 64, count: 40 }), [0, 40]);
  const [from, to] = seen({ top: 64_000, height: 640, row: 64, count: 10_000 });
  assert.ok(from <= 1_000 && from > 980 && to >= 1_010 && to < 1_030);
  assert.deepEqual(seen({ top: -5_000, height: 640, row: 64, count: 10_000 }), [0, 0]);
  assert.deepEqual(seen({ top: 64 * 10_000, height: 640, row: 64, count: 10_000 })[1], 10_000);
  assert.deepEqual([placeAt(-10, 64, 5), placeAt(130, 64, 5), placeAt(9_999, 64, 5)], [0, 2, 4]);
});

test("what a moved song goes before", () => {
  const ids = ["a", "b", "c", "d"];
  for (const [from, to, order] of [[0, 2, "bcad"], [3, 0, "dabc"], [1, 3, "acdb"], [2, 1, "acbd"]]) {
    const next = before(ids, from, to);
    const others = ids.filter((_, n) => n !== from);
    others.splice(next ? others.indexOf(next) : others.length, 0, ids[from]);
    assert.equal(others.join(""), order);
  }
});

/** A list at a server, and what was asked of it. */
function server(count) {
  const all = Array.from({ length: count }, (_, n) => `song ${n}`);
  const asked = [];
  const load = async (offset, limit) => {
    asked.push(offset);
    return { items: all.slice(offset, offset + limit), count: all.length };
  };
  return { all, asked, load };
}

test("a long list is fetched where it is looked at, once", async () => {
  const { asked, load } = server(10_000);
  const paged = new Paged({ load });
  await paged.need(0, 1);
  assert.equal(paged.count, 10_000);
  await Promise.all([paged.need(5_000, 5_030), paged.need(5_000, 5_030)]);
  assert.equal(paged.at(5_010), "song 5010");
  assert.equal(paged.at(4_000), undefined);
  await paged.need(5_020, 5_060);
  assert.deepEqual(asked, [0, 5_000]);
});

test("moving, taking out and putting in keep the places of what is not known yet", async () => {
  const { all, load } = server(400);
  const paged = new Paged({ load });
  await paged.need(0, 1);
  await paged.need(300, 301);
  const edit = (run) => {
    run(paged, "paged");
    run({ move: (from, to) => all.splice(to, 0, ...all.splice(from, 1)), remove: (at) => all.splice(at, 1), insert: (at, item) => all.splice(at, 0, item) });
  };
  edit((list) => list.move(310, 5));
  edit((list) => list.remove(50));
  edit((list) => list.insert(2, "new"));
  await paged.need(0, 400);
  assert.deepEqual(Array.from({ length: 400 }, (_, n) => paged.at(n)), all);
});

test("what was on its way while the list changed is asked for again", async () => {
  const { all, load } = server(200);
  let release = null;
  const slow = async (offset, limit) => {
    const found = await load(offset, limit);
    if (offset > 0 && release === null) await new Promise((resolve) => (release = resolve));
    return found;
  };
  const paged = new Paged({ load: slow });
  await paged.need(0, 1);
  const coming = paged.need(100, 101);
  await new Promise((resolve) => setImmediate(resolve));
  paged.remove(0);
  all.shift();
  release();
  await coming;
  assert.equal(paged.at(100), "song 101");
});

test("a part that cannot be had is left alone for a while", async () => {
  const later = [];
  const faults = [];
  let tries = 0;
  const load = async () => {
    tries += 1;
    throw new Error("down");
  };
  const paged = new Paged({ load, failed: (fault) => faults.push(fault.message), later: (run) => later.push(run) });
  await paged.need(0, 1);
  await paged.need(0, 1);
  assert.deepEqual([tries, faults], [1, ["down"]]);
  later[0]();
  await paged.need(0, 1);
  assert.equal(tries, 2);
});

test("a list that proves shorter than it said is not asked for its rest", async () => {
  const paged = new Paged({ load: async () => ({ items: ["a", "b"], count: 90 }) });
  await paged.need(0, 50);
  assert.equal(paged.count, 2);
});

test("many songs go into the queue in lots, and the chosen one leads", () => {
  const ids = Array.from({ length: 730 }, (_, n) => `s${n}`);
  assert.deepEqual(lots(ids.slice(0, 5), 3), { lots: [ids.slice(0, 5)], lead: 3 });
  const long = lots(ids, 120);
  assert.deepEqual([long.lots.length, long.lots[0][0], long.lots.flat().length, long.lead], [5, "s120", 500, 0]);
  const random = () => 0.999;
  assert.deepEqual(shuffled([1, 2, 3], random), [1, 2, 3]);
  assert.deepEqual(shuffled([1, 2, 3], () => 0).toSorted(), [1, 2, 3]);
});

test("a favourite shows at once, and back again where the server refuses", async () => {
  const asked = [];
  let refuses = null;
  const api = async (method, path) => {
    asked.push(`${method} ${path}`);
    if (path.endsWith("ids/")) return { track_ids: ["local:1"] };
    if (refuses) throw refuses;
    return {};
  };
  const favourites = new Favourites({ api });
  let told = 0;
  favourites.listen(() => (told += 1));
  await Promise.all([favourites.load(), favourites.load()]);
  assert.equal(favourites.has("local:1"), true);
  const adding = favourites.set("local:2", true);
  assert.equal(favourites.has("local:2"), true);
  await adding;
  refuses = Object.assign(new Error("full"), { code: "too_many_favourites" });
  await assert.rejects(favourites.set("local:3", true), /full/);
  assert.equal(favourites.has("local:3"), false);
  refuses = Object.assign(new Error("none"), { code: "no_such_favourite" });
  await favourites.set("local:1", false);
  assert.equal(favourites.has("local:1"), false);
  assert.equal(asked.filter((each) => each.endsWith("ids/")).length, 1);
  assert.ok(told >= 5);
});

test("how things are said", () => {
  assert.equal(duration(59 * 60), "59 minutes");
  assert.equal(duration(3_600), "1 hour");
  assert.equal(duration(2 * 3_600 + 60), "2 hours 1 minute");
  assert.deepEqual([yearOf("1999-04-01"), yearOf("1999"), yearOf(""), yearOf(undefined)], ["1999", "1999", "", ""]);
  assert.equal(caveat({ left_out: ["deezer", "mine"] }, { deezer: "Deezer" }), "Deezer and mine do not answer right now.");
  assert.equal(caveat({}), "");
  const now = new Date(2026, 10, 22, 12);
  assert.doesNotMatch(heardAt(new Date(2026, 10, 22, 9, 5).toISOString(), now), /Nov/);
  assert.match(heardAt(new Date(2026, 10, 20, 9, 5).toISOString(), now), /Nov/);
});
