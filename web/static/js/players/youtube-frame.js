/**
 * YouTube's own player in a frame, spoken to by messages alone: none of its scripts runs in this page. The messages are
 * those of its IFrame Player API.
 *
 * @typedef {{type: "ready" | "blocked" | "failed"} | {type: "state", state: number} |
 *   {type: "info", info: {position?: number, duration?: number, rates?: number[], live?: boolean}}} FrameEvent times in ms.
 *   `failed`: this video will not play here; it was removed, its owner forbids embedding, or nobody answers
 */

export const ORIGIN = "https://www.youtube-nocookie.com";
const OPTIONS = { enablejsapi: 1, controls: 0, disablekb: 1, playsinline: 1, rel: 0, iv_load_policy: 3 };
const EVENTS = ["onStateChange", "onError", "onAutoplayBlocked"];
/** It is greeted until it answers, so often; after so long nobody will. */
const GREET_MS = 250;
const SILENT_MS = 15_000;
const CHANNEL = { id: 1, channel: "widget" };

export class YouTubeFrame {
  /** Whether it answers. */
  ready = false;
  /** @type {(event: FrameEvent) => void} */
  tell = () => {};
  #frame = null;
  #take = null;

  /** @param {{mount: HTMLElement, host?: Window, set?: (run: () => void, ms: number) => any}} parts the frame goes into `mount` */
  constructor({ mount, host = window, set = (run, ms) => setTimeout(run, ms) }) {
    this.mount = mount;
    this.host = host;
    this.set = set;
  }

  /** @param {string} video its id */
  show(video) {
    this.close();
    const frame = this.mount.ownerDocument.createElement("iframe");
    const query = new URLSearchParams({ .../** @type {any} */ (OPTIONS), origin: this.host.location.origin });
    frame.src = `${ORIGIN}/embed/${encodeURIComponent(video)}?${query}`;
    frame.title = "YouTube";
    frame.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    // It wants to know which site shows it, and plays nothing otherwise; the room's address is not its business.
    frame.referrerPolicy = "strict-origin";
    this.#take = (event) => event.source === frame.contentWindow && event.origin === ORIGIN && this.#hear(event.data);
    this.host.addEventListener("message", this.#take);
    // Before that the frame is an empty page of this origin, and what is said to YouTube's is a fault in the console.
    frame.addEventListener("load", () => this.#greet(frame), { once: true });
    this.#frame = frame;
    this.set(() => this.#giveUp(frame), SILENT_MS);
    this.mount.append(frame);
  }

  close() {
    if (!this.#frame) return;
    this.host.removeEventListener("message", this.#take);
    this.#frame.remove();
    this.#frame = null;
    this.ready = false;
  }

  /** @param {string} func one of the API's functions */
  command(func, ...args) {
    if (this.ready) this.#post({ event: "command", func, args });
  }

  #greet(frame) {
    if (frame !== this.#frame || this.ready) return;
    this.#post({ event: "listening" });
    this.set(() => this.#greet(frame), GREET_MS);
  }

  #giveUp(frame) {
    if (frame !== this.#frame || this.ready) return;
    this.close();
    this.tell({ type: "failed" });
  }

  #post(message) {
    this.#frame.contentWindow.postMessage(JSON.stringify({ ...message, ...CHANNEL }), ORIGIN);
  }

  #hear(data) {
    const { event, info } = parsed(data);
    const takes = {
      onReady: () => this.#begin(),
      onStateChange: () => Number.isInteger(info) && this.tell({ type: "state", state: info }),
      onAutoplayBlocked: () => this.tell({ type: "blocked" }),
      onError: () => this.tell({ type: "failed" }),
      initialDelivery: () => this.#inform(info),
      infoDelivery: () => this.#inform(info),
    };
    takes[event]?.();
  }

  #begin() {
    if (this.ready) return;
    this.ready = true;
    for (const event of EVENTS) this.command("addEventListener", event);
    this.tell({ type: "ready" });
  }

  #inform(info) {
    if (typeof info !== "object" || info === null) return;
    if (Number.isInteger(info.playerState)) this.tell({ type: "state", state: info.playerState });
    const rates = info.availablePlaybackRates;
    const known = {
      position: milliseconds(info.currentTime),
      duration: milliseconds(info.duration) || undefined,
      rates: Array.isArray(rates) ? rates.filter((rate) => Number.isFinite(rate) && rate > 0) : undefined,
      live: info.videoData?.isLive === undefined ? undefined : info.videoData.isLive === true,
    };
    this.tell({ type: "info", info: known });
  }
}

function milliseconds(seconds) {
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

/** What is no message of the API's is an empty one: browser extensions talk in frames too. */
function parsed(data) {
  if (typeof data !== "string") return {};
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}
