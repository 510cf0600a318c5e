/** Title, cover and the buttons that move the room. Who may not move it gets a button for their own sound instead. */
import { byline, hueOfTheme } from "../models/format.js";
import { keepable } from "../models/library.js";
import { currentEntry, nextRepeat, sections } from "../models/queue.js";
import { reasonWords } from "../models/reasons.js";
import { skipVote } from "../models/votes.js";
import { t } from "../models/words.js";
import { paintCover } from "../helpers/cover.js";
import { find, findAll, setIcon, setLabel, setText } from "../helpers/dom.js";

const REPEATS = { off: t("Repeat: off"), all: t("Repeat: the whole queue"), one: t("Repeat: this track") };

export function bindTransport({ client, act, sound, heart }) {
  const toggle = find("#toggle");
  const mini = find("#mini-toggle");
  const repeat = find("#repeat");
  const note = find("#control-note");
  const love = find("#love");
  let loved = null;

  /** Play or pause, for whoever may; otherwise this device's own sound. */
  function playOrPause() {
    const { state } = client;
    if (!state) return;
    if (!client.may("play")) sound.toggleMute();
    else if (state.playback.playing) act("pause");
    else play(state);
  }

  /** After the last song the server would begin at the top; what came since goes before what was played. */
  function play(state) {
    const { played, current, coming } = sections(state);
    if (!current && played.length > 0 && coming.length > 0 && client.may("skip")) act("play_entry", { entry: coming[0].id });
    else act("play");
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
    setLabel(button, vote?.label ?? t("Next"));
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
    setText(find("#song-title"), track?.title ?? t("Nothing is playing"));
    setText(find("#song-artist"), track ? byline(track) : idleWords(state));
    setText(find("#song-by"), entry ? whose(/** @type {any} */ (entry)) : "");
    setText(find(".mini-title"), track?.title ?? t("Nothing is playing"));
    setText(find(".mini-artist"), track ? byline(track) : "");
    paintCover(find("#cover"), track, () => tint(state));
    paintCover(find(".mini .cover"), track);
    tint(state);
    const mark = state.playback.playing && track ? "♪ " : "";
    document.title = track ? `${mark}${track.title} – ${state.name}` : `${state.name} · roomd`;
  }

  function idleWords(state) {
    if (state.queue.length === 0) return t("Add a song and the room comes alive.");
    return sections(state).coming.length > 0 ? t("The queue is ready.") : t("That was the last song.");
  }

  function whose({ by, by_name: name, why }) {
    if (why) return t("Radio: {why}", { why: reasonWords(why) });
    return by === client.you?.id ? t("Added by you") : t("Added by {name}", { name });
  }

  /** The page takes the colour of the room's theme, or else of what plays. */
  function tint(state) {
    const hue = hueOfTheme(state.theme) ?? find("#cover").style.getPropertyValue("--hue");
    document.body.style.setProperty("--hue", String(hue));
  }

  function renderLove(state) {
    const track = currentEntry(state)?.track;
    const id = track ? keepable(track) : null;
    if (id === loved) return;
    loved = id;
    love.replaceChildren(...(id ? [heart({ id, title: track.title })] : []));
  }

  function renderButtons(state) {
    const leads = client.may("play");
    const { playing } = state.playback;
    const muted = sound.muted;
    const start = state.waiting ? t("Start now, without waiting") : t("Play for everybody");
    const [name, label] = leads
      ? [playing ? "pause" : "play", playing ? t("Pause for everybody") : start]
      : [muted ? "mute" : "volume", muted ? t("Unmute this device") : t("Mute this device")];
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
    setText(note, !leads && host ? t("{name} controls the music. You can mute it for yourself.", { name: host.name }) : "");
  }

  /**
   * What somebody pressed by the sign that they saw, who may have been another's by then. `id`: the server was told already.
   * @param {string} sign @param {string} [id]
   */
  function press(sign, id) {
    const { state } = client;
    const starts = sign === "play" || sign === "mute";
    if (id) act(sign, {}, id);
    else if (!client.may("play")) starts === sound.muted && sound.toggleMute();
    else if (starts !== state.playback.playing) playOrPause();
  }

  return {
    playOrPause,
    press,
    next,
    render(state) {
      renderTrack(state);
      renderButtons(state);
      renderNext(state);
      renderLove(state);
      find("#put-on").hidden = state.queue.length > 0 || !(client.may("add") || client.may("request"));
      for (const element of findAll("[data-right]")) {
        element.hidden = !element.dataset.right.split(" ").some((right) => client.may(right));
      }
    },
  };
}
