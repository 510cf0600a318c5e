/** The player below all views: it follows one's own queue as a room's page follows its room. */
import { bindAwake } from "../awake.js";
import { bindListen } from "../listen.js";
import { bindMediaSession } from "../media-session.js";
import { bindProgress } from "../progress.js";
import { bindSound } from "../sound.js";
import { makePlayers } from "../../players/players.js";
import { paintCover } from "../../helpers/cover.js";
import { find, findAll, setIcon, setLabel, setText } from "../../helpers/dom.js";
import { currentEntry, nextRepeat } from "../../models/queue.js";
import { ofEntry } from "../../models/library/song.js";
import { t } from "../../models/words.js";
import { bindOneTab } from "./one-tab.js";
import { markRow } from "./rows.js";

const NARROW = matchMedia("(max-width: 759.98px)");

/** @param {any} ctx */
export function bindPlayer(ctx) {
  const { client, play, preferences } = ctx;
  const section = find("#player");
  const toggle = find("#toggle");
  const repeat = find("#repeat");
  const radio = find("#radio");
  const repeats = { off: t("Repeat: off"), all: t("Repeat: the whole queue"), one: t("Repeat: this song") };
  const tabs = bindOneTab({ preferences, changed: () => deck.level() });
  const { choose, expect } = makePlayers({ audio: find("#audio"), video: find("#video"), embed: find("#embed"), clock: client.clock, preferences });
  expect(null);
  const { deck, ...listen } = bindListen({ client, preferences: tabs.preferences, act: play.run, choose });
  const sound = bindSound({ preferences, deck });
  const transport = { next: play.forward };
  const progress = bindProgress({ client, deck, act: play.run });
  const media = bindMediaSession({ client, deck, act: play.run, sound, transport, progress });
  bindAwake({ client, deck });
  let announced = null;

  toggle.addEventListener("click", () => play.playOrPause());
  find("#next").addEventListener("click", () => play.forward());
  find("#previous").addEventListener("click", () => play.back());
  repeat.addEventListener("click", () => play.run("set", { repeat: nextRepeat(client.state.repeat) }));
  radio.addEventListener("click", () => play.run("set", { radio: !client.state.radio }));
  find("#now-more").addEventListener("click", ({ currentTarget }) => song() && ctx.songMenu(song(), currentTarget, []));
  find("#now-heart").addEventListener("click", ({ currentTarget }) => ctx.hearts.turn(currentTarget));
  find("#expand").addEventListener("click", () => expanded(true));
  find("#collapse").addEventListener("click", () => expanded(false));
  section.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && section.dataset.open === "true" && !find("dialog[open]")) expanded(false);
  });
  NARROW.addEventListener("change", () => {
    expanded(false);
    seal();
  });
  seal();
  document.addEventListener("titled", title);

  /** On a phone the player fills the screen when it is asked to; what is behind it is out of reach meanwhile. */
  function expanded(on) {
    if ((section.dataset.open === "true") === on) return;
    section.dataset.open = String(on);
    seal();
    for (const each of [find(".site-head"), find(".lib"), find(".site-foot")]) each.inert = on;
    find(on ? "#collapse" : "#expand").focus();
  }

  /** On a phone's small bar the progress is a line to look at: 3 px are no target. */
  function seal() {
    find("#seek").inert = NARROW.matches && section.dataset.open !== "true";
  }

  function song() {
    const entry = client.state && currentEntry(client.state);
    return entry ? ofEntry(entry) : null;
  }

  function title() {
    const bare = document.title.replace(/^▶ .*? · /, "");
    const playing = song() && client.state.playback.playing;
    document.title = playing ? `▶ ${song().title.replaceAll(" · ", " ")} · ${bare}` : bare;
  }

  function renderSong(now) {
    setText(find("#song-title"), now?.title ?? t("Nothing is playing"));
    setText(find("#song-artist"), now ? now.artist || now.album : t("Press play for the radio."));
    const why = now?.why ? t("Radio: {why}", { why: now.why }) : "";
    setText(find("#song-why"), why);
    find("#song-why").title = why;
    paintCover(find("#cover"), now);
    section.style.setProperty("--hue", find("#cover").style.getPropertyValue("--hue"));
    const heart = find("#now-heart");
    heart.hidden = !now?.id;
    find("#now-more").hidden = !now?.id;
    if (now?.id && heart.dataset.song !== now.id) {
      Object.assign(heart.dataset, { song: now.id, title: now.title });
      ctx.hearts.show(heart);
    }
  }

  function renderButtons(state) {
    const { playing } = state.playback;
    setIcon(toggle, playing ? "pause" : "play");
    setLabel(toggle, playing ? t("Pause") : t("Play"));
    toggle.dataset.waits = String(Boolean(state.waiting));
    setIcon(repeat, state.repeat === "one" ? "repeat-one" : "repeat");
    setLabel(repeat, repeats[state.repeat]);
    repeat.dataset.on = String(state.repeat !== "off");
    radio.setAttribute("aria-pressed", String(state.radio));
    setLabel(radio, state.radio ? t("Radio: on. It goes on with what fits where your queue ends.") : t("Radio: off. Your queue ends where it ends."));
    find("#previous").disabled = state.queue.length === 0;
  }

  function announce(now, playing) {
    const which = playing && now ? now.entry : null;
    if (which === null || which === announced) return;
    announced = which;
    setText(find("#now-news"), now.artist ? t("Now playing: {title}, by {artist}", now) : t("Now playing: {title}", now));
  }

  function render(state) {
    section.hidden = false;
    const now = song();
    const { playing } = state.playback;
    tabs.render(playing);
    renderSong(now);
    renderButtons(state);
    listen.render(state);
    progress.render();
    media.render(state);
    announce(now, playing);
    title();
    mark();
  }

  /** Shows in a row whether its song plays. */
  function dress(row) {
    markRow(row, song()?.id ?? null, client.state?.playback.playing ?? false);
  }

  const mark = () => findAll(".song[data-song]").forEach(dress);

  return { deck, progress, sound, render, mark, dress, song, stop: listen.stop };
}
