/**
 * MP3 (MPEG 1, layer III): frames of 1,152 samples. A frame may need what the ones before it left over (at most 511 bytes),
 * so some are taken along whose sound is not used.
 *
 * How decoders count: a first frame that holds no sound but a table (Xing, Info) is left out; where that also names the
 * encoder, its delay is cut off, and the decoder's own 529 samples with it.
 */

const FRAME = 1_152;
const DECODER = 529;
/** Frames that are decoded for what they leave over. */
const BEFORE = 12;
const KBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
const RATES = [44_100, 48_000, 32_000, 0];
const SAYS_DELAY = new Set(["LAME", "Lavf", "Lavc"]);

/** @param {Uint8Array} bytes @param {number} from @param {number} lasts ms @returns {import("./cut.js").Cut | null} */
export function cutMp3(bytes, from, lasts) {
  const begin = behindTags(bytes);
  const first = frame(bytes, begin);
  if (!first || !frame(bytes, begin + first.size)) return null;
  const table = tableIn(bytes, begin, first);
  if (table === null) return null;
  const { rate } = first;
  const wanted = Math.floor(((from / 1_000) * rate + table.skip) / FRAME);
  const start = Math.max(0, wanted - BEFORE);
  const count = Math.ceil(((lasts / 1_000) * rate) / FRAME) + (wanted - start) + 1;
  const [at, end] = span(bytes, begin + table.size, rate, start, count);
  if (end <= at) return null;
  return { bytes: bytes.slice(at, end).buffer, from: ((start * FRAME - table.skip) / rate) * 1_000 };
}

/** Where so many frames begin and end, so many frames from there; nowhere when the file is not one frame after the other. */
function span(bytes, begin, rate, start, count) {
  let at = begin;
  let from = begin;
  for (let number = 0; number < start + count; number += 1) {
    if (number === start) from = at;
    const found = frame(bytes, at);
    if (!found || found.rate !== rate || at + found.size > bytes.length) return number > start && isEnd(bytes, at) ? [from, at] : [0, 0];
    at += found.size;
  }
  return [from, at];
}

/** Whether there is nothing more but tags, or a last frame that was cut off. */
function isEnd(bytes, at) {
  return at + 128 >= bytes.length || letters(bytes, at, 3) === "TAG" || letters(bytes, at, 4) === "APET";
}

function behindTags(bytes) {
  if (letters(bytes, 0, 3) !== "ID3") return 0;
  const size = (bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9];
  return 10 + size + (bytes[5] & 0x10 ? 10 : 0);
}

/** The frame that begins there. */
function frame(bytes, at) {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xfe) !== 0xfa) return null;
  const kbits = KBITS[bytes[at + 2] >> 4];
  const rate = RATES[(bytes[at + 2] >> 2) & 3];
  if (!kbits || !rate) return null;
  const size = Math.floor((144_000 * kbits) / rate) + ((bytes[at + 2] >> 1) & 1);
  return { size, rate, guarded: (bytes[at + 1] & 1) === 0, mono: bytes[at + 3] >> 6 === 3 };
}

/** How long the table at the beginning is, and how many samples are cut off; null where it is of a kind not known here. */
function tableIn(bytes, begin, first) {
  const at = begin + 4 + (first.guarded ? 2 : 0) + (first.mono ? 17 : 32);
  if (letters(bytes, begin + 36, 4) === "VBRI") return null;
  const kind = letters(bytes, at, 4);
  if (kind !== "Xing" && kind !== "Info") return { size: 0, skip: 0 };
  const flags = bytes[at + 7];
  const encoder = at + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  if (!SAYS_DELAY.has(letters(bytes, encoder, 4))) return { size: first.size, skip: 0 };
  return { size: first.size, skip: ((bytes[encoder + 21] << 4) | (bytes[encoder + 22] >> 4)) + DECODER };
}

function letters(bytes, at, count) {
  return String.fromCharCode(...bytes.subarray(at, at + count));
}
