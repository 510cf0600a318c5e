/** The models of the API's page: schemas in words and examples, calls as addresses and curl. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, curlOf, headersOf, matches, missingIn, setOut, socketAddress, wrongIn } from "../../web/static/js/models/docs/call.js";
import { exampleOf, fieldsOf, limitsOf, typeOf } from "../../web/static/js/models/docs/schema.js";

const document = {
  components: {
    schemas: {
      Song: {
        type: "object",
        properties: { title: { type: "string" }, duration: { anyOf: [{ type: "number" }, { type: "null" }] }, next: { $ref: "#/components/schemas/Song" } },
        required: ["title", "duration"],
      },
      Add: {
        type: "object",
        properties: {
          tracks: { type: "array", items: { $ref: "#/components/schemas/Song" }, minItems: 1, maxItems: 100 },
          at: { enum: ["end", "next"], default: "end" },
          type: { enum: ["add"] },
        },
        required: ["tracks", "type"],
      },
    },
  },
};
const add = { $ref: "#/components/schemas/Add" };

test("fields are told level by level, and what holds itself only once", () => {
  const fields = fieldsOf(add, document);
  assert.deepEqual(fields.map(({ name, type, required, depth }) => [name, type, required, depth]), [
    ["tracks", "Song[]", true, 0],
    ["title", "string", true, 1],
    ["duration", "number | null", true, 1],
    ["next", "Song", false, 1],
    ["at", '"end" | "next"', false, 0],
    ["type", '"add"', true, 0],
  ]);
});

test("bounds and usual values are told shortly", () => {
  assert.equal(limitsOf({ minItems: 1, maxItems: 100 }), "1–100");
  assert.equal(limitsOf({ maxLength: 64, default: "" }), "≤ 64");
  assert.equal(limitsOf({ minimum: 0, default: false }), "≥ 0, = false");
  assert.equal(typeOf({ type: "object", additionalProperties: { type: "string" } }, document), "{…: string}");
});

test("an example has what is required, and makes sense", () => {
  assert.deepEqual(exampleOf(add, document), { tracks: [{ title: "Long Walk", duration: null }], type: "add" });
  const acknowledged = { allOf: [add, { type: "object", properties: { id: { type: "string" } }, required: ["id"] }] };
  assert.equal(exampleOf(acknowledged, document).id, "c-1");
  assert.deepEqual(exampleOf({ type: "object", properties: { name: { type: "string" }, theme: { type: "string" } }, required: [] }, document), { name: "Friday" });
});

test("an address is filled in, and says what is missing", () => {
  const call = { path: "/api/rooms/{room}/members/{user}/", values: { room: "Q7/K" }, query: { limit: "5", q: "" } };
  assert.equal(addressOf(call), "/api/rooms/Q7%2FK/members/{user}/?limit=5");
  assert.deepEqual(missingIn(call), ["user"]);
});

test("curl says the same, and keeps the token to itself", () => {
  const call = { method: "POST", path: "/api/rooms/{room}/control/", values: { room: "Q7K2MX" }, body: '{\n "action": "it\'s"}', token: "secret" };
  assert.equal(
    curlOf(call, "https://roomd.example"),
    [
      "curl -X POST 'https://roomd.example/api/rooms/Q7K2MX/control/' \\",
      "  -H 'Content-Type: application/json' \\",
      '  -H "Authorization: Bearer $TOKEN" \\',
      String.raw`  -d '{"action":"it'\''s"}'`,
    ].join("\n"),
  );
  assert.equal(headersOf(call).Authorization, "Bearer secret");
  assert.equal(headersOf({ token: "", body: "", headers: { "Idempotency-Key": "" } })["Idempotency-Key"], undefined);
});

test("bodies are looked at before they are sent, answers are set out", () => {
  assert.equal(wrongIn(""), "");
  assert.equal(wrongIn('{"a": 1}'), "");
  assert.match(wrongIn("{a"), /JSON/);
  assert.equal(setOut('{"a":1}'), '{\n  "a": 1\n}');
  assert.equal(setOut("plain"), "plain");
});

test("a search finds all its words, however they are written", () => {
  assert.ok(matches("Queue  MOVE", "POST /api/rooms/{room}/queue/move/ Move an entry"));
  assert.ok(!matches("queue ban", "POST /api/rooms/{room}/queue/move/"));
  assert.ok(matches("", "anything"));
});

test("a socket is opened where its contract is spoken", () => {
  assert.equal(socketAddress("https://roomd.example", "/ws/v1/{room}/", "Q7K2MX", "a b"), "wss://roomd.example/ws/v1/Q7K2MX/?token=a%20b");
  assert.equal(socketAddress("http://localhost:8000", "/ws/room/{room}/", "Q7K2MX", ""), "ws://localhost:8000/ws/room/Q7K2MX/");
});
