import assert from "node:assert/strict";
import { test } from "node:test";

import { deviceName, when } from "../../web/static/js/models/devices.js";

test("a device is called by what its browser says, as far as it says anything", () => {
  assert.equal(deviceName({ browser: "Firefox", system: "Linux" }), "Firefox on Linux");
  assert.equal(deviceName({ browser: "curl", system: "" }), "curl");
  assert.equal(deviceName({ browser: "", system: "iPad" }), "iPad");
  assert.equal(deviceName({ browser: "", system: "" }), "Unknown device");
  assert.match(when("2026-11-22T05:00:00.000Z"), /2026/);
});
