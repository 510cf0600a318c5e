import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, levelled } from "../../web/static/js/models/level.js";
import { caveat, lineOf } from "../../web/static/js/models/library.js";
import { ofKept, ofTrack } from "../../web/static/js/models/library/song.js";
import { makeShelves } from "../../web/static/js/controllers/shelves.js";

const LABELS = { local: "Music folder", deezer: "Deezer" };

test("a song that was found, with where it comes from unless that is the own folder", () => {
  const brook = ofTrack(
    { id: "local:1", title: "Brook", artist: { name: "Carol" }, album: { title: "Walks" }, duration: 61, url: "/media/1.mp3" },
    LABELS,
  );
  assert.equal(lineOf(brook), "Carol · Walks");
  assert.equal(brook.ms, 61_000);
  const far = ofTrack({ id: "deezer:2", title: "Far", artist: { name: "Dave" }, duration: 200, duration_ms: 30_000, url: "" }, LABELS);
  assert.equal(lineOf(far), "Dave · Deezer");
  assert.equal(far.ms, 30_000);
  assert.equal(far.playable, false);
});

test("a song that is kept says why it is offered", () => {
  const song = ofKept({ track_id: "local:1", track_title: "Brook", artist_name: "Carol", album_title: "Walks", why: "because you liked Far" });
  assert.equal(lineOf(song), "Carol · because you liked Far");
});

test("what did not answer is named", () => {
  assert.equal(caveat({}), "");
  assert.equal(caveat({ left_out: ["deezer"] }, LABELS), "Deezer does not answer right now.");
  assert.equal(caveat({ left_out: ["deezer", "mine"] }, LABELS), "Deezer and mine do not answer right now.");
  assert.match(caveat({ stale: true }), /said before/);
});

/** A server that answers what it is told to, by the beginning of the path. */
function server(answers) {
  return async (method, path) => answers[Object.keys(answers).find((start) => path.startsWith(start))];
}

test("the shelves: playlists without songs are left out, and what was typed narrows favourites", async () => {
  const kept = [
    { track_id: "local:1", track_title: "Brook", artist_name: "Carol" },
    { track_id: "local:2", track_title: "Lake", artist_name: "Dave" },
  ];
  const shelves = makeShelves(
    server({
      "/api/playlists/favorites/": kept,
      "/api/playlists/playlists/p1/": { tracks: kept },
      "/api/playlists/playlists/": [
        { id: "p1", name: "Evening", track_count: 2, owner_name: "Alice" },
        { id: "p2", name: "Empty", track_count: 0 },
      ],
    }),
  );
  assert.deepEqual((await shelves.favourites("car bro")).songs.map(({ id }) => id), ["local:1"]);
  assert.match((await shelves.favourites("nothing")).note, /No favourite/);
  const { playlists } = await shelves.playlists("");
  assert.deepEqual(playlists.map(({ name, line }) => [name, line]), [["Evening", "2 songs · by Alice"]]);
  const opened = await playlists[0].open("");
  assert.equal(opened.back, "Evening");
  assert.equal(opened.songs.length, 2);
});

test("a loud track is turned down, a quiet one up as far as there is room", () => {
  assert.equal(levelled(0.8, null), 0.8);
  assert.ok(Math.abs(levelled(0.8, -6) - 0.401) < 0.001);
  assert.ok(Math.abs(levelled(0.4, 6) - 0.798) < 0.001);
  assert.equal(levelled(0.9, 12), 1);
});

test("peaks become as many bars as there is room for, and a peak is never lost", () => {
  const peaks = Array.from({ length: 1_000 }, (_, n) => (n === 503 ? 200 : 100));
  const shape = bars(peaks, 70);
  assert.equal(shape.length, 70);
  assert.equal(Math.max(...shape), 1);
  assert.equal(shape.filter((level) => level === 1).length, 1);
  assert.deepEqual(bars([0, 0], 10), [0, 0]);
  assert.deepEqual(bars([], 10), []);
});

test("a full page of what was found is followed by the next, and one that is not full by nothing", async () => {
  const asked = [];
  const shelves = makeShelves(async (method, path) => {
    asked.push(path.split("?")[1]);
    const count = asked.length === 1 ? 50 : 3;
    return { tracks: Array.from({ length: count }, (_, n) => ({ id: `local:${asked.length}-${n}`, title: "Brook", duration: 1, url: "/m" })) };
  });
  const first = await shelves.found("bro");
  const second = await first.next();
  assert.deepEqual(asked, ["q=bro&limit=50&offset=0", "q=bro&limit=50&offset=50"]);
  assert.deepEqual([first.songs.length, second.songs.length, second.next], [50, 3, null]);
});
