/** Title, cover and the buttons that move the room. Who may not move it gets a button for their own sound instead. */
import { byline, hueOfTheme } from "../models/format.js";
import { currentEntry, nextRepeat } from "../models/queue.js";
import { skipVote } from "../models/votes.js";
import { paintCover } from "../helpers/cover.js";
import { find, findAll, setIcon, setLabel, setText } from "../helpers/dom.js";

const REPEATS = { off: "Repeat: off", all: "Repeat: the whole queue", one: "Repeat: this track" };

export function bindTransport({ client, act, sound }) {
  const toggle = find("#toggle");
  const mini = find("#mini-toggle");
  const repeat = find("#repeat");
  const note = find("#control-note");

  /** Play or pause, for whoever may; otherwise this device's own sound. */
  function playOrPause() {
    if (!client.state) return;
    if (!client.may("play")) sound.toggleMute();
    else act(client.state.playback.playing ? "pause" : "play");
  }

  /** For whoever may; the others say that they want it. */
  function next() {
    const { state } = client;
    const entry = state?.playback.entry ?? undefined;
    if (client.may("skip")) act("next", { entry });
    else if (client.may("vote") && entry) act("vote_skip", { entry, skip: !skipVote(state, client.you?.id).mine });
  }

  function renderNext(state) {
    const button = find("#next");
    const vote = client.may("skip") ? null : skipVote(state, client.you?.id);
    const count = find(".vote-count", button);
    setLabel(button, vote?.label ?? "Next");
    button.disabled = !client.may("skip") && vote === null;
    if (vote) button.setAttribute("aria-pressed", String(vote.mine));
    else button.removeAttribute("aria-pressed");
    count.hidden = !vote || vote.votes === 0;
    setText(count, vote ? `${vote.votes}/${vote.needed}` : "");
  }

  toggle.addEventListener("click", playOrPause);
  mini.addEventListener("click", playOrPause);
  find("#next").addEventListener("click", next);
  find("#previous").addEventListener("click", () => act("previous"));
  repeat.addEventListener("click", () => act("set", { repeat: nextRepeat(client.state.repeat) }));

  function renderTrack(state) {
    const entry = currentEntry(state);
    const track = entry?.track;
    setText(find("#song-title"), track?.title ?? "Nothing is playing");
    setText(find("#song-artist"), track ? byline(track) : "Add a song and the room comes alive.");
    setText(find("#song-by"), entry ? `Added by ${entry.by_name}` : "");
    setText(find(".mini-title"), track?.title ?? "Nothing is playing");
    setText(find(".mini-artist"), track ? byline(track) : "");
    paintCover(find("#cover"), track);
    paintCover(find(".mini .cover"), track);
    const hue = hueOfTheme(state.theme) ?? find("#cover").style.getPropertyValue("--hue");
    document.body.style.setProperty("--hue", String(hue));
    const mark = state.playback.playing && track ? "▶ " : "";
    document.title = track ? `${mark}${track.title} · ${state.name}` : `${state.name} · roomd`;
  }

  function renderButtons(state) {
    const leads = client.may("play");
    const { playing } = state.playback;
    const muted = sound.muted;
    const start = state.waiting ? "Start now, without waiting" : "Play for everybody";
    const [name, label] = leads
      ? [playing ? "pause" : "play", playing ? "Pause for everybody" : start]
      : [muted ? "mute" : "volume", muted ? "Unmute this device" : "Mute this device"];
    for (const button of [toggle, mini]) {
      setIcon(button, name);
      setLabel(button, label);
      button.disabled = leads && state.queue.length === 0;
    }
    setIcon(repeat, state.repeat === "one" ? "repeat-one" : "repeat");
    setLabel(repeat, REPEATS[state.repeat]);
    repeat.dataset.on = String(state.repeat !== "off");
    const host = state.members.find((member) => member.id === state.host);
    // One button for the same thing is enough.
    find("#mute").hidden = !leads;
    note.hidden = leads;
    setText(note, host ? `${host.name} has the controls. This button is for your own sound.` : "");
  }

  return {
    playOrPause,
    next,
    render(state) {
      renderTrack(state);
      renderButtons(state);
      renderNext(state);
      for (const element of findAll("[data-right]")) {
        element.hidden = !element.dataset.right.split(" ").some((right) => client.may(right));
      }
    },
  };
}
