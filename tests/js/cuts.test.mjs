import assert from "node:assert/strict";
import test from "node:test";

import { cut } from "../../web/static/js/models/cuts/cut.js";
import { dice } from "./support.mjs";

const letters = (text) => [...text].map((letter) => letter.charCodeAt(0));
const u32 = (value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];

/** A WAV of so many samples of 16 bits at 1 kHz, with other chunks around. */
function wav({ samples = 10_000, format = 1, before = [], says = samples * 2 } = {}) {
  const fmt = [...letters("fmt "), ...u32(16), format, 0, 1, 0, ...u32(1_000), ...u32(2_000), 2, 0, 16, 0];
  const data = Array.from({ length: samples }, (_, n) => [n & 255, n >> 8]).flat();
  const body = [...letters("WAVE"), ...before, ...fmt, ...letters("data"), ...u32(says), ...data];
  return new Uint8Array([...letters("RIFF"), ...u32(body.length), ...body]);
}

/** Frames of MPEG 1 layer III, 128 kbit/s, 44.1 kHz. */
function mp3(frames) {
  const bytes = new Uint8Array(frames * 417);
  for (let at = 0; at < bytes.length; at += 417) bytes.set([0xff, 0xfb, 0x90, 0x00], at);
  return bytes;
}

test("a WAV is cut at the sample, whatever stands around its data", () => {
  for (const file of [wav(), wav({ before: [...letters("LIST"), ...u32(3), 1, 2, 3, 0] }), wav({ says: 0xffffffff })]) {
    const { bytes, from } = cut(file, 2_500.4, 1_000);
    const view = new DataView(bytes);
    assert.equal(from, 2_500);
    assert.equal(view.getUint32(4, true), bytes.byteLength - 8);
    assert.equal(view.getUint32(bytes.byteLength - 2_004, true), 2_000);
    assert.deepEqual([view.getUint16(bytes.byteLength - 2_000, true), view.getUint16(bytes.byteLength - 2, true)], [2_500, 3_499]);
  }
});

test("an MP3 is cut at its frames, and a dozen before are taken along", () => {
  const { bytes, from } = cut(mp3(2_000), 20_000, 5_000);
  assert.ok(Math.abs(from - ((Math.floor((20 * 44_100) / 1_152) - 12) * 1_152) / 44.1) < 1e-6);
  assert.equal(bytes.byteLength % 417, 0);
  assert.ok(bytes.byteLength / 417 >= 5 * 38 + 12);
  assert.ok(cut(mp3(2_000), 51_000, 5_000).bytes.byteLength < 417 * 80, "it ends where the file ends");
});

test("what looks odd is not cut", () => {
  const broken = mp3(2_000);
  broken[417 * 500] = 0;
  const vbri = mp3(2_000);
  vbri.set(letters("VBRI"), 36);
  for (const [what, file] of Object.entries({
    "nothing": new Uint8Array(0),
    "a few letters": new Uint8Array(letters("RIFF")),
    "a WAV of compressed sound": wav({ format: 85 }),
    "a WAV without data": wav().subarray(0, 40),
    "a frame that is none": broken,
    "a table of another kind": vbri,
    "one frame": mp3(1),
    "Ogg": new Uint8Array([...letters("OggS"), ...Array(500).fill(0)]),
    "a FLAC of which only the head is there": new Uint8Array([...letters("fLaC"), 0x80, 0, 0, 34, ...Array(34).fill(1)]),
  })) assert.equal(cut(file, 20_000, 5_000), null, what);
  assert.equal(cut(wav(), 60_000, 5_000), null, "beyond its end");
});

test("noise of any kind neither fails nor takes long", () => {
  const random = dice(3);
  for (const begin of ["RIFF", "fLaC", "ID3", "\xff\xfb\x90", ""]) {
    for (let round = 0; round < 50; round += 1) {
      const bytes = Uint8Array.from({ length: 4_000 }, () => Math.floor(random() * 256));
      bytes.set(letters(begin));
      if (begin === "RIFF") bytes.set(letters("WAVE"), 8);
      if (begin === "fLaC") bytes[4] = 0x80;
      const made = cut(bytes, random() * 300_000, 20_000);
      assert.ok(made === null || made.bytes.byteLength <= bytes.length + 50);
    }
  }
});
