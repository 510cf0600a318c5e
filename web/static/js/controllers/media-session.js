/** The lock screen, headphone buttons and media keys: they move the room for those who may, else only this device's sound. */
import { coverOf } from "../helpers/cover.js";
import { currentEntry, mediaPosition } from "../models/queue.js";

export function bindMediaSession({ client, deck, act, sound, transport, progress }) {
  const session = navigator.mediaSession;
  if (!session) return { render() {} };

  /** Who may not move the room turns this device's sound on and off; a key is a gesture, so it also unlocks it. */
  const playOrSound = (type, mute) => () => {
    if (type === "play" && deck.mode === "blocked") deck.resume();
    else if (client.may("play")) act(type);
    else if (sound.muted !== mute) sound.toggleMute();
  };
  const handlers = {
    play: playOrSound("play", false),
    pause: playOrSound("pause", true),
    nexttrack: transport.next,
    previoustrack: () => client.may("skip") && act("previous"),
    seekto: ({ seekTime }) => client.may("seek") && act("seek", { position: seekTime * 1_000 }),
    seekforward: () => progress.seekBy(10_000),
    seekbackward: () => progress.seekBy(-10_000),
  };
  const needs = { nexttrack: "skip", previoustrack: "skip", seekto: "seek", seekforward: "seek", seekbackward: "seek" };

  function offer() {
    for (const [action, handler] of Object.entries(handlers)) {
      try {
        session.setActionHandler(/** @type {any} */ (action), !needs[action] || client.may(needs[action]) ? handler : null);
      } catch {
        // This browser does not know that button.
      }
    }
  }

  return {
    render(state) {
      const entry = currentEntry(state);
      const track = entry?.track;
      session.metadata = track
        ? new MediaMetadata({
            title: track.title,
            artist: track.artist ?? "",
            album: track.album || state.name,
            artwork: coverOf(track) ? [{ src: new URL(coverOf(track), location.href).href }] : [],
          })
        : null;
      session.playbackState = !track ? "none" : state.playback.playing ? "playing" : "paused";
      session.setPositionState?.(mediaPosition(track, state.playback.rate, deck.expectedPosition()));
      offer();
    },
  };
}
