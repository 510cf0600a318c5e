/** The players of this device, and which of them may play a track: the best first. */
import { Anchor } from "./anchor.js";
import { Buffers } from "./buffers.js";
import { cut } from "../models/cuts/cut.js";
import { elsewhere } from "../models/elsewhere.js";
import { CHROMIUM_LATE_MS, ElementPlayer } from "./element.js";
import { LivePlayer } from "./live.js";
import { Output } from "./output.js";
import { WebAudioPlayer } from "./webaudio.js";
import { YouTubePlayer } from "./youtube.js";

/**
 * @param {{audio: HTMLAudioElement, video: HTMLVideoElement, embed: HTMLElement, clock: import("../client/clock.js").RoomClock,
 *   preferences: import("../models/preferences.js").Preferences, agent?: string}} parts
 * @returns {{choose: (track: import("./player.js").Track, busy: import("./player.js").Player | null) => import("./player.js").Player[],
 *   expect: (track: import("./player.js").Track | null) => void}} `expect` is told, as soon as that is known, what will be
 *   played first; null when that is nothing yet
 */
export function makePlayers({ audio, video, embed, clock, preferences, agent = navigator.userAgent }) {
  // Firefox and Safari move what is heard when the rate changes without saying so; there the law only jumps.
  const nudges = /Chrom(e|ium)\//.test(agent);
  const late = nudges ? CHROMIUM_LATE_MS : 0;
  const learned = (latency) => preferences.set({ latency });
  const element = (of) => new ElementPlayer({ element: of, clock, nudges, late, latency: preferences.all.latency, learned });
  const elements = {
    audio: [element(audio), element(new Audio())],
    video: [element(video)],
  };
  const decoded = withWebAudio({ clock, exact: nudges });
  const youtube = new YouTubePlayer({ mount: embed, clock, preferences });
  const live = new LivePlayer({ element: new Audio(), clock });
  const prefers = () => {
    const { player } = preferences.all;
    return player === "webaudio" || (player !== "element" && !isPhone(agent));
  };
  const wants = (track) => prefers() && decoded.takes(track);
  const expect = (track) => (track ? wants(track) : prefers()) && decoded.expect(track);
  const choose = (track, busy) => {
    if (elsewhere(track)) return [];
    if (YouTubePlayer.takes(track)) return [youtube].filter((each) => each !== busy);
    if (LivePlayer.takes(track)) return [live].filter((each) => each !== busy);
    const buffered = wants(track) ? decoded.players : [];
    const plain = elements[track.kind === "video" ? "video" : "audio"];
    return [...buffered, ...plain].filter((each) => each !== busy);
  };
  return { choose, expect };
}

/** Two players on one AudioContext, which is made when the first of them is used. */
function withWebAudio({ clock, exact }) {
  if (typeof AudioContext === "undefined") return { players: [], takes: () => false, expect: () => {} };
  const output = new Output({ local: clock.local, anchor: new Anchor() });
  const buffers = new Buffers({
    decode: (bytes) => {
      output.wake();
      return output.context.decodeAudioData(bytes);
    },
    fetch: (...asked) => fetch(...asked),
    local: clock.local,
    origin: location.origin,
    memory: navigator.deviceMemory,
    // Measured in Chromium only: other engines may count an encoder's delay in another way.
    ...(exact && { cut }),
  });
  const expect = (track) => {
    if (track) buffers.expect(track);
    // That takes 50 ms, in which the page is better asking for the room than after it. And what browsers say of when
    // something is heard may need ten seconds to become right (with PulseAudio, up to 14 ms off until then).
    setTimeout(() => output.wake());
  };
  const player = () => new WebAudioPlayer({ output, buffers, clock });
  return { players: [player(), player()], takes: (track) => buffers.takes(track), expect };
}

/** Phones keep a media element sounding behind the lock screen, and have little memory; there it plays everything. */
function isPhone(agent) {
  return /Android|iPhone|iPad|iPod/.test(agent) || matchMedia("(pointer: coarse)").matches;
}
