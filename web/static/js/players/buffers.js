/**
 * Music files, fetched whole and decoded: what Web Audio plays. Stereo at 48 kHz is 23 MB a minute, so what is taken and
 * what is kept is bounded. Whatever cannot be had in time is left to the media element.
 *
 * A song takes a second to decode, and the 20 seconds that are wanted first take 50 ms; so those come first, where the
 * file can be cut (models/cuts).
 *
 * @typedef {{buffer: AudioBuffer, from: number, whole: boolean}} Part of a track, from a place on (ms); or all of it
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
/** What is decoded first, and from how long before the place where it is needed; what is shorter is decoded at once. */
const CUT_MS = 20_000;
const CUT_EARLY_MS = 200;
const SHORT_MS = 30_000;
/** Once something of a track can be heard, the rest may take so long. */
const REST_MS = 15_000;

export class Buffers {
  /** The last ones that were asked for, the oldest first. @type {Map<string, AudioBuffer>} */
  #kept = new Map();
  /** What was no sound, or too much of it. */
  #unfit = new Set();
  /** @type {{url: string, bytes: Promise<ArrayBuffer | null>, ended: AbortController} | null} */
  #expected = null;

  /**
   * @param {{decode: (bytes: ArrayBuffer) => Promise<AudioBuffer>, fetch: typeof fetch, local: () => number, origin: string,
   *   memory?: number, set?: (run: () => void, ms: number) => any, cut?: typeof import("../models/cuts/cut.js").cut}} parts
   *   `memory`: of the device, in GB, where it is known; `cut`: where the engine decodes a stretch as it decodes the whole
   */
  constructor({ decode, fetch, local, origin, memory = Infinity, set = (run, ms) => setTimeout(run, ms), cut = () => null }) {
    this.decode = decode;
    this.fetch = fetch;
    this.local = local;
    this.origin = origin;
    this.set = set;
    this.cut = cut;
    this.most = memory <= SMALL_GB ? DECODED_MAX_SMALL : DECODED_MAX;
  }

  /** Whether a track is worth trying. The page's own policy lets it read files of this server only. */
  takes({ url, kind, duration_ms: length }) {
    if (kind === "video" || !length || length > LONGEST_MS || this.#unfit.has(url)) return false;
    const here = /^\/(?!\/)/.test(url) || url.startsWith(`${this.origin}/`);
    return here && (length / 1_000) * DECODED_SECOND <= this.most;
  }

  /**
   * @param {import("./player.js").Track} track @param {{patience: number, signal: AbortSignal, at?: () => number,
   *   take: (part: Part) => void}} how patience in ms, and when nobody wants it any more; `at`: where in the track it is
   *   needed first, if at once. `take` is called with what can be played, and again with all of it
   * @returns {Promise<boolean>} false when it cannot be had, or not in time
   */
  async get(track, { patience, signal, at, take }) {
    const kept = this.#kept.get(track.url);
    if (kept) {
      await null;
      take(whole(this.#keep(track.url, kept)));
      return true;
    }
    const ended = new AbortController();
    signal.addEventListener("abort", () => ended.abort());
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        ended.abort();
        resolve(false);
      };
      let begun = false;
      const partly = (part) => {
        begun = true;
        take(part);
        this.set(giveUp, REST_MS);
      };
      this.set(() => begun || giveUp(), patience);
      this.#load(track, { signal: ended.signal, until: this.local() + patience, at, partly }).then((buffer) => {
        if (ended.signal.aborted) return;
        if (buffer) take(whole(buffer));
        resolve(buffer !== null);
      }, reject);
    });
  }

  /** Has a file on its way that will be asked for in a moment: while a page is being made, the line to it is idle. */
  expect(track) {
    if (!this.takes(track)) return;
    const ended = new AbortController();
    const expected = { url: track.url, bytes: this.#download(track, ended.signal, this.local() + EXPECTED_MS), ended };
    this.#expected = expected;
    this.set(() => {
      if (this.#expected !== expected) return;
      this.#expected = null;
      ended.abort();
    }, EXPECTED_MS);
  }

  async #load(track, { signal, until, at, partly }) {
    const bytes = await this.#fetched(track, signal, until);
    if (!bytes || signal.aborted) return null;
    if (at && track.duration_ms > SHORT_MS) {
      const part = await this.#part(bytes, Math.max(0, at() - CUT_EARLY_MS));
      if (part && !signal.aborted) partly(part);
    }
    const buffer = await this.#decoded(bytes);
    if (!buffer || weight(buffer) > this.most) {
      this.#unfit.add(track.url);
      return null;
    }
    return this.#keep(track.url, buffer);
  }

  async #part(bytes, from) {
    const found = this.cut(new Uint8Array(bytes), from, CUT_MS);
    const buffer = found && (await this.#decoded(found.bytes));
    return buffer && { buffer, from: found.from, whole: false };
  }

  /** Null for what is no sound. */
  #decoded(bytes) {
    return this.decode(bytes).catch((fault) => {
      if (!(fault instanceof DOMException)) throw fault;
      return null;
    });
  }

  #fetched(track, signal, until) {
    const expected = this.#expected;
    this.#expected = null;
    if (expected?.url !== track.url) {
      expected?.ended.abort();
      return this.#download(track, signal, until);
    }
    signal.addEventListener("abort", () => expected.ended.abort());
    return expected.bytes;
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

/** @returns {Part} */
function whole(buffer) {
  return { buffer, from: 0, whole: true };
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
