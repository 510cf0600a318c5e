/** WAV: samples one after the other behind a header that says how many. */

const LINEAR = new Set([1, 3, 0xfffe]);

/** @param {Uint8Array} bytes @param {number} from @param {number} lasts ms @returns {import("./cut.js").Cut | null} */
export function cutWav(bytes, from, lasts) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (name(bytes, 0) !== "RIFF" || name(bytes, 8) !== "WAVE") return null;
  const found = chunks(bytes, view);
  if (!found.fmt || !found.data || !LINEAR.has(view.getUint16(found.fmt.at, true))) return null;
  const rate = view.getUint32(found.fmt.at + 4, true);
  const block = view.getUint16(found.fmt.at + 12, true);
  const samples = block && Math.floor(Math.min(found.data.size, bytes.length - found.data.at) / block);
  const first = Math.floor((from / 1_000) * rate);
  const count = Math.min(samples - first, Math.ceil((lasts / 1_000) * rate));
  if (!(rate > 0 && count > 0 && first >= 0)) return null;
  return { bytes: written(bytes, found.data.at, first * block, count * block), from: (first / rate) * 1_000 };
}

function chunks(bytes, view) {
  const found = {};
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    found[name(bytes, at).trim()] ??= { at: at + 8, size };
    at += 8 + size + (size % 2);
  }
  return found;
}

function written(bytes, data, first, size) {
  const made = new Uint8Array(data + size);
  made.set(bytes.subarray(0, data));
  made.set(bytes.subarray(data + first, data + first + size), data);
  const view = new DataView(made.buffer);
  view.setUint32(4, made.length - 8, true);
  view.setUint32(data - 4, size, true);
  return made.buffer;
}

function name(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
