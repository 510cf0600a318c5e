/** One stretch of decoded sound on the audio thread. Once it was told when to start and end, nobody needs to be there. */

/** So long a fade is no click, and nobody hears it as one. */
export const FADE_S = 0.01;
/** An event meant for a block of samples is set this much before its edge: rounding must not bring it to the next. */
const EDGE_S = 1e-6;

export class Sound {
  /**
   * @param {AudioBuffer} buffer @param {AudioNode} into
   * @param {{at: number, from: number, rate: number, lasts: number, fade: boolean}} when context time, place in the buffer,
   *   and how much of it, in seconds; `fade`: in the middle of something, it is to come up softly
   */
  constructor(buffer, into, { at, from, rate, lasts, fade }) {
    const { context } = into;
    this.at = at;
    this.fade = context.createGain();
    this.source = context.createBufferSource();
    this.source.buffer = buffer;
    this.source.playbackRate.value = rate;
    if (fade) {
      this.fade.gain.setValueAtTime(0, at);
      this.fade.gain.linearRampToValueAtTime(1, at + FADE_S);
    }
    this.source.connect(this.fade);
    this.fade.connect(into);
    this.source.onended = () => this.fade.disconnect();
    this.source.start(at, from, lasts);
  }

  /** From `at` on for a while at another rate. */
  nudge(at, lasts, rate, after) {
    const { playbackRate } = this.source;
    playbackRate.setValueAtTime(rate, at - EDGE_S);
    playbackRate.setValueAtTime(after, at + lasts - EDGE_S);
  }

  /** Silent from `at` on; when that is before it begins, it is never heard. */
  end(at) {
    if (at <= this.at) {
      this.fade.disconnect();
      this.source.stop();
      return;
    }
    this.fade.gain.setValueAtTime(1, at);
    this.fade.gain.linearRampToValueAtTime(0, at + FADE_S);
    this.source.stop(at + FADE_S);
  }
}
