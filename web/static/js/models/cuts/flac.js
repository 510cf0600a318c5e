/** FLAC: every frame says at its head which sample it begins with, and a checksum says that it is a head. */

const INFO = 34;
/** Bytes that are looked through for the next head. */
const FAR = 1 << 20;

/** @param {Uint8Array} bytes @param {number} from @param {number} lasts ms @returns {import("./cut.js").Cut | null} */
export function cutFlac(bytes, from, lasts) {
  const file = opened(bytes);
  if (!file) return null;
  const wanted = Math.floor((from / 1_000) * file.rate);
  const first = frameBefore(file, wanted);
  if (!first) return null;
  const end = frameBehind(file, first.at, wanted + Math.ceil((lasts / 1_000) * file.rate));
  return { bytes: written(file, first.at, end), from: (first.sample / file.rate) * 1_000 };
}

function opened(bytes) {
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== "fLaC" || (bytes[4] & 0x7f) !== 0) return null;
  let at = 4;
  for (let last = false; !last && at + 4 <= bytes.length; ) {
    last = (bytes[at] & 0x80) !== 0;
    at += 4 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
  }
  const info = bytes.subarray(8, 8 + INFO);
  const rate = (info[10] << 12) | (info[11] << 4) | (info[12] >> 4);
  const total = (info[13] & 0x0f) * 2 ** 32 + ((info[14] << 24) >>> 0) + (info[15] << 16) + (info[16] << 8) + info[17];
  if (!(rate > 0 && total > 0 && at + 4 < bytes.length)) return null;
  return { bytes, data: at, rate, total, block: (info[0] << 8) | info[1], like: [bytes[at + 1], bytes[at + 2] & 0x0f, bytes[at + 3] & 0x0f] };
}

/** The last frame that begins at a sample or before it, or one not long before. */
function frameBefore(file, wanted) {
  const length = file.bytes.length - file.data;
  for (let share = Math.min(1, wanted / file.total); share > -0.05; share -= 0.02) {
    let found = null;
    let at = file.data + Math.floor(Math.max(0, share) * length);
    for (let next = head(file, at); next && next.sample <= wanted; next = head(file, next.at + 1)) found = next;
    if (found) return found;
    if (share <= 0) return null;
  }
  return null;
}

/** Where the first frame begins that is behind a sample. */
function frameBehind(file, from, sample) {
  for (let next = head(file, from + 1); next; next = head(file, next.at + 1)) if (next.sample > sample) return next.at;
  return file.bytes.length;
}

/** The next head from there on: what all heads of a file share, and the checksum, tell it from sound that looks like one. */
function head({ bytes, block, like: [kind, pace, depth] }, from) {
  for (let at = from; at + 16 < bytes.length && at < from + FAR; at += 1) {
    if (bytes[at] !== 0xff || bytes[at + 1] !== kind || (bytes[at + 3] & 0x0f) !== depth) continue;
    if ((kind & 0xfe) !== 0xf8 || (bytes[at + 2] & 0x0f) !== pace) continue;
    const read = number(bytes, at + 4);
    if (!read) continue;
    const size = bytes[at + 2] >> 4;
    const rate = bytes[at + 2] & 0x0f;
    const end = read.end + (size === 6 ? 1 : size === 7 ? 2 : 0) + (rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0);
    if (checksum(bytes, at, end) === bytes[end]) return { at, sample: bytes[at + 1] & 1 ? read.value : read.value * block };
  }
  return null;
}

/** A number written as UTF-8 writes letters, of up to 36 bits. */
function number(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return { value: first, end: at + 1 };
  const more = Math.clz32(~(first << 24)) - 1;
  if (more < 1 || more > 6) return null;
  let value = first & (0x3f >> more);
  for (let n = 1; n <= more; n += 1) {
    if ((bytes[at + n] & 0xc0) !== 0x80) return null;
    value = value * 64 + (bytes[at + n] & 0x3f);
  }
  return { value, end: at + more + 1 };
}

/** CRC-8 with the polynomial x⁸ + x² + x + 1. */
function checksum(bytes, from, to) {
  let sum = 0;
  for (let at = from; at < to; at += 1) {
    sum ^= bytes[at];
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 0x80 ? ((sum << 1) ^ 0x07) & 0xff : sum << 1;
  }
  return sum;
}

/** A file of those frames: the first block of the old one, which now is the last, and says neither length nor checksum. */
function written({ bytes }, from, to) {
  const made = new Uint8Array(8 + INFO + to - from);
  made.set(bytes.subarray(0, 8 + INFO));
  made[4] |= 0x80;
  made[8 + 13] &= 0xf0;
  made.fill(0, 8 + 14, 8 + INFO);
  made.set(bytes.subarray(from, to), 8 + INFO);
  return made.buffer;
}
