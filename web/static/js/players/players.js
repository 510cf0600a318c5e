/** The players of this device, and which of them may play a track: the best first. */
import { Anchor } from "./anchor.js";
import { Buffers } from "./buffers.js";
import { elsewhere } from "../models/elsewhere.js";
import { CHROMIUM_LATE_MS, ElementPlayer } from "./element.js";
import { LivePlayer } from "./live.js";
import { Output } from "./output.js";
import { RelayPlayer } from "./relay.js";
import { WebAudioPlayer } from "./webaudio.js";
import { YouTubePlayer } from "./youtube.js";

/**
 * @param {{audio: HTMLAudioElement, video: HTMLVideoElement, embed: HTMLElement, clock: import("../client/clock.js").RoomClock,
 *   preferences: import("../models/preferences.js").Preferences, agent?: string}} parts
 * @returns {(track: import("./player.js").Track, busy: import("./player.js").Player | null) => import("./player.js").Player[]}
 */
export function makePlayers({ audio, video, embed, clock, preferences, agent = navigator.userAgent }) {
  // Firefox and Safari move what is heard when the rate changes without saying so; there the law only jumps.
  const nudges = /Chrom(e|ium)\//.test(agent);
  const late = nudges ? CHROMIUM_LATE_MS : 0;
  const learned = (latency) => preferences.set({ latency });
  const element = (of) => new ElementPlayer({ element: of, clock, nudges, late, latency: preferences.all.latency, learned });
  const decoded = withWebAudio({ clock });
  // One on the stage, one in the wings. What plays on one side is not to be had there for anything else.
  const sides = [audio, new Audio()].map((of, n) => side({ plain: element(of), exact: decoded.players[n], quick: nudges, clock }));
  const films = [element(video)];
  const youtube = new YouTubePlayer({ mount: embed, clock, preferences });
  const live = new LivePlayer({ element: new Audio(), clock });
  return (track, busy) => {
    const free = (players) => players.filter((each) => each !== busy);
    if (elsewhere(track)) return [];
    if (YouTubePlayer.takes(track)) return free([youtube]);
    if (LivePlayer.takes(track)) return free([live]);
    if (track.kind === "video") return free(films);
    const { player } = preferences.all;
    const wanted = player === "webaudio" || (player !== "element" && !isPhone(agent));
    const open = sides.filter((each) => !Object.values(each).includes(busy));
    const buffered = wanted && decoded.takes(track) ? open.map((each) => each.decoded) : [];
    return [...buffered, ...open.map((each) => each.plain)];
  };
}

/**
 * The players of music of one side. A media element sounds first while a file is decoded, where it can be trusted to keep to
 * the line: Firefox's and Safari's are off by tens of milliseconds, which would be an echo for a second or two.
 */
function side({ plain, exact, quick, clock }) {
  return { plain, decoded: exact && quick ? new RelayPlayer({ exact, quick: plain, clock }) : exact };
}

/** Two players on one AudioContext, which is made when the first of them is used. */
function withWebAudio({ clock }) {
  if (typeof AudioContext === "undefined") return { players: [], takes: () => false };
  const output = new Output({ local: clock.local, anchor: new Anchor() });
  const buffers = new Buffers({
    decode: (bytes) => output.context.decodeAudioData(bytes),
    fetch: (...asked) => fetch(...asked),
    local: clock.local,
    origin: location.origin,
    memory: navigator.deviceMemory,
  });
  const player = () => new WebAudioPlayer({ output, buffers, clock });
  return { players: [player(), player()], takes: (track) => buffers.takes(track) };
}

/** Phones keep a media element sounding behind the lock screen, and have little memory; there it plays everything. */
function isPhone(agent) {
  return /Android|iPhone|iPad|iPod/.test(agent) || matchMedia("(pointer: coarse)").matches;
}
