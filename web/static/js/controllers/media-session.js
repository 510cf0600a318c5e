/** The lock screen, headphone buttons and media keys: they move the room for those who may, else only this device's sound. */
import { currentEntry } from "../models/queue.js";

export function bindMediaSession({ client, deck, act, sound, transport, progress }) {
  const session = navigator.mediaSession;
  if (!session) return { render() {} };

  const playOr = (type) => () => (client.may("play") ? act(type) : sound.toggleMute());
  const handlers = {
    play: playOr("play"),
    pause: playOr("pause"),
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
        session.setActionHandler(action, !needs[action] || client.may(needs[action]) ? handler : null);
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
            artwork: track.cover ? [{ src: new URL(track.cover, location.href).href }] : [],
          })
        : null;
      session.playbackState = !track ? "none" : state.playback.playing ? "playing" : "paused";
      if (track?.duration_ms) {
        const position = Math.min(deck.expectedPosition() ?? 0, track.duration_ms);
        session.setPositionState({ duration: track.duration_ms / 1_000, position: position / 1_000, playbackRate: state.playback.rate });
      }
      offer();
    },
  };
}
