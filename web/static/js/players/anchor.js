/**
 * A silent media element that plays while Web Audio does, and pauses with it. Chromium (156, asked over MPRIS) gives media
 * keys to an AudioContext that sounds and takes them away when it sleeps; a paused element keeps them, so that the key also
 * starts again. Browsers before that, and others, know elements of more than five seconds only.
 */

const SECONDS = 10;
const RATE = 8_000;

export class Anchor {
  #element = null;

  /** @param {() => HTMLAudioElement} [make] */
  constructor(make = () => new Audio(URL.createObjectURL(new Blob([silence()], { type: "audio/wav" })))) {
    this.make = make;
  }

  /** Whether something sounds. */
  follow(sounding) {
    if (!sounding) {
      this.#element?.pause();
      return;
    }
    this.#element ??= Object.assign(this.make(), { loop: true });
    // Where the browser does not allow it yet, nothing is lost but the keys.
    this.#element.play().catch(() => {});
  }
}

/** A WAV file of silence: one channel, 8 bits. */
export function silence() {
  const bytes = new Uint8Array(44 + SECONDS * RATE).fill(128);
  const view = new DataView(bytes.buffer);
  const text = (at, letters) => bytes.set([...letters].map((letter) => letter.charCodeAt(0)), at);
  text(0, "RIFF");
  view.setUint32(4, 36 + SECONDS * RATE, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, SECONDS * RATE, true);
  return bytes;
}
