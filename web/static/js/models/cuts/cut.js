/**
 * A stretch of a music file that a browser can decode by itself, and where in the track it begins: so that somebody who
 * comes late hears music in the time that 20 seconds take to decode, and not the whole song.
 *
 * It has to be exact, so only formats are cut of which every block says, or lets count, at which sample it begins. Decoded
 * by Chromium, the stretches are the very samples of the whole (`tests/test_browser_cuts.py`). What looks odd is not cut.
 *
 * @typedef {{bytes: ArrayBuffer, from: number}} Cut `from`: milliseconds into the track of its first sample
 */
import { cutFlac } from "./flac.js";
import { cutMp3 } from "./mp3.js";
import { cutWav } from "./wav.js";

/**
 * @param {Uint8Array} bytes the file @param {number} from @param {number} lasts what is to be in it, in milliseconds; a
 *   little before that will be too, and less after it where the file ends
 * @returns {Cut | null}
 */
export function cut(bytes, from, lasts) {
  return cutWav(bytes, from, lasts) ?? cutFlac(bytes, from, lasts) ?? cutMp3(bytes, from, lasts);
}
