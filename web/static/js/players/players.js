/** The players of this device, and which of them may play a track: the best first. */
import { ElementPlayer } from "./element.js";

/**
 * @param {{audio: HTMLAudioElement, video: HTMLVideoElement, clock: import("../client/clock.js").RoomClock,
 *   preferences: import("../models/preferences.js").Preferences, agent?: string}} parts
 * @returns {(track: import("./player.js").Track, busy: import("./player.js").Player | null) => import("./player.js").Player[]}
 */
export function makePlayers({ audio, video, clock, preferences, agent = navigator.userAgent }) {
  // Firefox and Safari move what is heard when the rate changes without saying so; there the law only jumps.
  const nudges = /Chrom(e|ium)\//.test(agent);
  const learned = (latency) => preferences.set({ latency });
  const element = (of) => new ElementPlayer({ element: of, clock, nudges, latency: preferences.all.latency, learned });
  const players = {
    audio: [element(audio), element(new Audio())],
    video: [element(video)],
  };
  return (track, busy) => {
    const kind = track.kind === "video" ? "video" : "audio";
    return players[kind].filter((each) => each !== busy);
  };
}
