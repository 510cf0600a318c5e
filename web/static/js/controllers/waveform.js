/** The shape of the track behind the bar, where the server has listened to it: one sees where the song gets quiet. */
import { bars } from "../models/level.js";
import { currentEntry } from "../models/queue.js";
import { find } from "../helpers/dom.js";

/** A bar and the space beside it, in CSS pixels. */
const STEP = 4;
const BAR = 2.5;

export function bindWaveform({ api }) {
  const canvas = find("#waveform");
  const seek = find("#seek");
  let shown = null;
  let peaks = [];

  async function load(source) {
    shown = source;
    peaks = [];
    paint();
    if (!source?.startsWith("local:")) return;
    // A track that nobody has listened to yet, or a server without ffmpeg: then there is only the bar.
    const answer = await api("GET", `/api/catalogue/sound/${encodeURIComponent(source)}/peaks/`).catch(() => null);
    if (source !== shown || !answer) return;
    ({ peaks } = answer);
    paint();
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
