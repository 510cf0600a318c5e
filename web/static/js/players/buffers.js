/**
 * Music files, fetched whole and decoded: what Web Audio plays. Stereo at 48 kHz is 23 MB a minute, so what is taken and
 * what is kept is bounded. Whatever cannot be had in time is left to the media element.
 */

const MEGABYTE = 1_000_000;
/** Decoded: the most of one file, and of all that are kept; less on devices that have little. */
const DECODED_MAX = 250 * MEGABYTE;
const DECODED_MAX_SMALL = 80 * MEGABYTE;
const SMALL_GB = 2;
const LONGEST_MS = 600_000;
/** What a second may weigh decoded (stereo, 48 kHz, four bytes), and in a file, beside a picture. */
const DECODED_SECOND = 48_000 * 2 * 4;
const FILE_SECOND = 64_000;
const FILE_SECOND_LOSSLESS = 600_000;
const PICTURE = 6 * MEGABYTE;
const FILE_MAX = 150 * MEGABYTE;
/** After so long it can be told how long the rest will take. */
const JUDGED_MS = 1_000;
/** What is on its way before anybody plays it may take so long, and is forgotten when nobody has by then. */
const EXPECTED_MS = 10_000;

export class Buffers {
  /** The last ones that were asked for, the oldest first. @type {Map<string, AudioBuffer>} */
  #kept = new Map();
  /** What was no sound, or too much of it. */
  #unfit = new Set();
  /** @type {{url: string, buffer: Promise<AudioBuffer | null>, ended: AbortController} | null} */
  #expected = null;

  /**
   * @param {{decode: (bytes: ArrayBuffer) => Promise<AudioBuffer>, fetch: typeof fetch, local: () => number, origin: string,
   *   memory?: number, set?: (run: () => void, ms: number) => any}} parts `memory`: of the device, in GB, where it is known
   */
  constructor({ decode, fetch, local, origin, memory = Infinity, set = (run, ms) => setTimeout(run, ms) }) {
    Object.assign(this, { decode, fetch, local, origin, set });
    this.most = memory <= SMALL_GB ? DECODED_MAX_SMALL : DECODED_MAX;
  }

  /** Whether a track is worth trying. The page's own policy lets it read files of this server only. */
  takes({ url, kind, duration_ms: length }) {
    if (kind === "video" || !length || length > LONGEST_MS || this.#unfit.has(url)) return false;
    const here = /^\/(?!\/)/.test(url) || url.startsWith(`${this.origin}/`);
    return here && (length / 1_000) * DECODED_SECOND <= this.most;
  }

  /**
   * @param {import("./player.js").Track} track @param {{patience: number, signal: AbortSignal}} bounds ms, and when nobody
   *   wants it any more
   * @returns {Promise<AudioBuffer | null>} null when it cannot be had, or not in time
   */
  get(track, { patience, signal }) {
    const kept = this.#kept.get(track.url);
    if (kept) return Promise.resolve(this.#keep(track.url, kept));
    const ended = new AbortController();
    signal.addEventListener("abort", () => ended.abort());
    const late = new Promise((resolve) => this.set(() => resolve(null), patience)).finally(() => ended.abort());
    return Promise.race([this.#loading(track, ended.signal, this.local() + patience), late]);
  }

  /** Has a file fetched and decoded that will be asked for in a moment: while a page is being made, there is time for it. */
  expect(track) {
    if (!this.takes(track)) return;
    const ended = new AbortController();
    const expected = { url: track.url, buffer: this.#load(track, ended.signal, this.local() + EXPECTED_MS), ended };
    this.#expected = expected;
    this.set(() => {
      if (this.#expected !== expected) return;
      this.#expected = null;
      ended.abort();
    }, EXPECTED_MS);
  }

  async #load(track, signal, until) {
    const bytes = await this.#download(track, signal, until);
    if (!bytes) return null;
    const buffer = await this.decode(bytes).catch((fault) => {
      if (!(fault instanceof DOMException)) throw fault;
      return null;
    });
    if (!buffer || weight(buffer) > this.most) {
      this.#unfit.add(track.url);
      return null;
    }
    return this.#keep(track.url, buffer);
  }

  #loading(track, signal, until) {
    const expected = this.#expected;
    this.#expected = null;
    if (expected?.url !== track.url) {
      expected?.ended.abort();
      return this.#load(track, signal, until);
    }
    signal.addEventListener("abort", () => expected.ended.abort());
    return expected.buffer;
  }

  async #download(track, signal, until) {
    try {
      const answer = await this.fetch(track.url, { signal });
      return answer.ok ? await this.#read(answer, mostBytes(track, answer), until) : null;
    } catch (fault) {
      // A TypeError is how fetch says that there was no connection, or none any more.
      if (fault instanceof TypeError || fault.name === "AbortError") return null;
      throw fault;
    }
  }

  async #read(answer, most, until) {
    const total = Number(answer.headers.get("Content-Length")) || 0;
    const began = this.local();
    const parts = [];
    let got = 0;
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      got += part.value.length;
      const took = this.local() - began;
      if (Math.max(got, total) > most || (took > JUDGED_MS && began + (took * total) / got > until)) {
        await reader.cancel();
        return null;
      }
    }
    return joined(parts, got);
  }

  #keep(url, buffer) {
    this.#kept.delete(url);
    this.#kept.set(url, buffer);
    const all = () => [...this.#kept.values()].reduce((sum, each) => sum + weight(each), 0);
    while (this.#kept.size > 1 && all() > this.most) this.#kept.delete(this.#kept.keys().next().value);
    return buffer;
  }
}

/** A Blob would do it too, in another process: 10 MB then take 50 ms instead of 3. */
function joined(parts, length) {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}

function weight(buffer) {
  return buffer.length * buffer.numberOfChannels * 4;
}

/** A file that is much larger than its length allows is not what it says. */
function mostBytes({ duration_ms: length, mime }, answer) {
  const kind = mime ?? answer.headers.get("Content-Type") ?? "";
  const second = /wav|flac|aiff/.test(kind) ? FILE_SECOND_LOSSLESS : FILE_SECOND;
  return Math.min(FILE_MAX, PICTURE + (length / 1_000) * second);
}
