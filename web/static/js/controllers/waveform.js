/** The shape of the track behind the bar, where the server has listened to it: one sees where the song gets quiet. */
import { bars } from "../models/level.js";
import { currentEntry } from "../models/queue.js";
import { find } from "../helpers/dom.js";
import { heardOf } from "../helpers/heard.js";

/** A bar and the space beside it, in CSS pixels. */
const STEP = 4;
const BAR = 2.5;
/** How long to wait for the server to listen to a new track, and how often. */
const AGAIN_MS = 5_000;
const TRIES = 6;
const PAINT_MS = 500;

export function bindWaveform({ api, deck }) {
  const canvas = find("#waveform");
  const seek = find("#seek");
  let shown = null;
  let peaks = [];
  let length = null;
  let drawn = -1;

  async function load(source) {
    shown = source;
    peaks = [];
    paint();
    for (let tries = 0; tries < TRIES && source === shown; tries += 1) {
      const { status, peaks_url: address } = await heardOf(api, source);
      if (address && source === shown) {
        const answer = await api("GET", address).catch(() => null);
        if (answer && source === shown) ({ peaks } = answer);
        return paint();
      }
      if (!["waiting", "listening", "converting"].includes(status)) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  function paint() {
    canvas.hidden = peaks.length === 0;
    if (canvas.hidden) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [width * scale, height * scale];
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const { color: rest, borderTopColor: heard } = getComputedStyle(canvas);
    const all = bars(peaks, Math.floor(width / STEP));
    drawn = played(all.length);
    for (const [n, level] of all.entries()) {
      const tall = Math.max(1, level * height);
      pen.fillStyle = n < drawn ? heard : rest;
      pen.fillRect(n * STEP, height - tall, BAR, tall);
    }
  }

  /** How many of so many bars were heard. */
  function played(count) {
    return length ? Math.floor((count * Math.max(0, deck.expectedPosition() ?? 0)) / length) : 0;
  }

  /** Bars are some seconds each, so most of the time there is nothing to draw. */
  function goOn() {
    if (canvas.hidden || document.hidden) return;
    const count = Math.min(peaks.length, Math.floor(canvas.clientWidth / STEP));
    if (played(count) !== drawn) paint();
  }

  new ResizeObserver(paint).observe(seek);
  setInterval(goOn, PAINT_MS);
  return {
    render(state) {
      const track = currentEntry(state)?.track;
      const source = track?.source ?? null;
      length = track?.duration_ms ?? null;
      if (source !== shown) load(source);
    },
  };
}
