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

export function bindWaveform({ api }) {
  const canvas = find("#waveform");
  const seek = find("#seek");
  let shown = null;
  let peaks = [];

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
    pen.fillStyle = getComputedStyle(canvas).color;
    for (const [n, level] of bars(peaks, Math.floor(width / STEP)).entries()) {
      const tall = Math.max(1, level * height);
      pen.fillRect(n * STEP, height - tall, BAR, tall);
    }
  }

  new ResizeObserver(paint).observe(seek);
  return {
    render(state) {
      const source = currentEntry(state)?.track.source ?? null;
      if (source !== shown) load(source);
    },
  };
}
