import assert from "node:assert/strict";
import test from "node:test";

import { kindOf, mayKeep, outdated } from "../../web/static/js/models/shell.js";

const HERE = "https://party.example";
const kind = (path, more = {}) => kindOf({ method: "GET", mode: "no-cors", url: path.startsWith("http") ? path : HERE + path, ...more }, HERE);

test("the worker answers for pages and for files of a version, and for nothing else", () => {
  assert.equal(kind("/r/Q7K2MX", { mode: "navigate" }), "page");
  assert.equal(kind("/share", { mode: "navigate", method: "POST" }), null);
  assert.equal(kind("/packed/room.de.js?v=0123456789ab"), "file");
  assert.equal(kind("/static/img/icon.svg?v=0123456789ab"), "file");
  for (const path of ["/packed/room.js", "/api/rooms/?v=1", "/media/a.mp3?v=1", "/sw.js", "https://media.example/static/a.js?v=1"]) {
    assert.equal(kind(path), null, path);
  }
});

test("what a server says is of another version is not kept", () => {
  assert.equal(mayKeep({ ok: true, cached: "public, max-age=31536000, immutable" }), true);
  assert.equal(mayKeep({ ok: true, cached: "max-age=315360000" }), true);
  assert.equal(mayKeep({ ok: false, cached: "max-age=315360000" }), false);
  for (const cached of ["no-cache", "no-store, max-age=9", "max-age=0", null]) assert.equal(mayKeep({ ok: true, cached }), false, String(cached));
});

test("caches of earlier versions go, others' stay", () => {
  assert.deepEqual(outdated(["roomd-1", "roomd-2", "pictures"], "roomd-2"), ["roomd-1"]);
});
