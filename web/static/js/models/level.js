/** Loudness: tracks differ by 15 dB, and nobody wants to reach for the volume between two of them. */

/**
 * What a media element's volume is to be. It can only be turned down from 1, so a quiet track gains as far as there is room.
 * @param {number} volume 0 to 1, as chosen on this device
 * @param {number | null | undefined} gain dB that this track needs to sit level with others; unknown counts as none
 */
export function levelled(volume, gain) {
  return Math.min(1, volume * 10 ** ((gain ?? 0) / 20));
}

/** The same where a quiet track can be turned up as well, as far as `most`. */
export function amplified(volume, gain, most) {
  return Math.min(most, volume * 10 ** ((gain ?? 0) / 20));
}

/**
 * A curve for a WaveShaper that takes -1 to 1 and turns it up `most` times: straight up to 0.8, and from there rounded off
 * so that nothing goes beyond 1.
 */
export function roundedOff(most, points) {
  const knee = 0.8;
  const soft = (level) => (level <= knee ? level : knee + (1 - knee) * Math.tanh((level - knee) / (1 - knee)));
  return Array.from({ length: points }, (_, n) => {
    const level = ((2 * n) / (points - 1) - 1) * most;
    return Math.sign(level) * soft(Math.abs(level));
  });
}

/** `peaks` (0 to 255) as `count` bars of 0 to 1, each the highest of its part; the loudest is 1. */
export function bars(peaks, count) {
  const most = Math.max(1, ...peaks);
  return Array.from({ length: Math.min(count, peaks.length) }, (_, n, length = Math.min(count, peaks.length)) => {
    const part = peaks.slice(Math.floor((n * peaks.length) / length), Math.ceil(((n + 1) * peaks.length) / length));
    return Math.max(...part) / most;
  });
}
