import assert from "node:assert/strict";
import { test } from "node:test";
import { dotted, language, t, tn } from "../../web/static/js/models/words.js";

test("without another language a sentence stands as it was written, with its values", () => {
  assert.equal(language, "en");
  assert.equal(t("Hello {name}, {missing}", { name: "{x}" }), "Hello {x}, {missing}");
  assert.equal(t("toString"), "toString");
});

test("counts are written as the language writes them", () => {
  assert.equal(tn("{n} song", "{n} songs", 1), "1 song");
  assert.equal(tn("{n} song by {who}", "{n} songs by {who}", 1200, { who: "Ada" }), "1,200 songs by Ada");
});

test("a name that runs the other way moves nothing of the sentence around it", () => {
  assert.equal(t("{who} added {what}", { who: "Ada", what: "سلام!" }), "Ada added \u2068سلام!\u2069");
  assert.equal(dotted(["سلام", "", undefined, "Ada"]), "\u2068سلام\u2069 · Ada");
});
