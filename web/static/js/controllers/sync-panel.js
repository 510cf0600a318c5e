/** The panel behind the badge: this device's distance from the room, everybody else's, and what can be done about it. */
import { plotted } from "../models/sync-plot.js";
import { fresh, offset, playerWords, roomWords, standings, summaryWords, toneOf, distance } from "../models/sync-words.js";
import { t, tn } from "../models/words.js";
import { endedHere, onAir } from "./sync.js";
import { find, findAll, make, reconcile, setText } from "../helpers/dom.js";

const SHOW_MS = 500;
/** The picture's own units; its height and width on the page follow the sheet. */
const SIZE = { width: 600, height: 120 };
/** As far as the trim goes either way. */
const TRIM_MS = 300;
const STATES = {
  idle: t("Nothing plays"), loading: t("Loading"), still: t("Paused"), playing: t("Starting"), buffering: t("Buffering"), blocked: t("Sound is blocked"),
  failed: t("This track does not play here"),
};

export function bindSyncPanel({ client, deck, preferences, report }) {
  const dialog = find("#in-step");
  const list = find("#in-step-people");

  /** What there is to say where there is no distance. */
  function silence() {
    if (onAir(report)) return t("Live");
    return endedHere(deck, client.state) ? t("Ended on this device") : STATES[report.state];
  }

  function showOwn(now) {
    const error = report.state === "playing" ? report.error(now) : null;
    setText(find("#own-error"), error === null ? silence() : offset(error));
    find("#own-error").dataset.tone = error === null ? "none" : toneOf(error);
    const sure = client.clock.uncertainty();
    setText(find("#own-clock"), Number.isFinite(sure) ? t("sure to {distance}", { distance: `±${distance(sure)}` }) : t("not known yet"));
    setText(find("#own-player"), deck.player ? playerWords(deck.player.name) : t("none"));
    const nobody = onAir(report) && (client.pulse?.p95 ?? null) === null;
    setText(find("#room-sync"), nobody ? t("live, as it comes") : roomWords(client.pulse));
  }

  function showCurve(now) {
    const picture = find("#own-curve");
    const { path, bound, band } = plotted(report.history, Math.floor(now / 1_000), SIZE);
    find("path", picture).setAttribute("d", path);
    find("rect", picture).setAttribute("y", String(band.y));
    find("rect", picture).setAttribute("height", String(band.height));
    for (const edge of findAll(".curve-edge > span", dialog)) setText(edge, distance(bound));
    const words = summaryWords(report.summary());
    if (picture.getAttribute("aria-label") !== words) picture.setAttribute("aria-label", words);
  }

  function showPeople() {
    if (!client.state) return;
    const reports = fresh(client.pulse, client.clock.now());
    const own = { state: report.state, player: report.player, error: report.error(performance.now()) };
    const all = { ...reports, [client.you.id]: own };
    const { rows, more } = standings(client.state.members, all, client.you.id);
    for (const row of rows) if (row.tone === "none" && row.member.online && row.member.listens !== false && onAir(all[row.member.id])) row.text = t("live");
    reconcile(list, rows, (row) => row.member.id, makeRow, updateRow);
    const note = find("#in-step-more");
    note.hidden = more === 0;
    setText(note, tn("and {n} more", "and {n} more", more));
  }

  function makeRow() {
    return make("li", { class: "standing" }, make("span", { class: "standing-name" }), make("span", { class: "standing-text" }));
  }

  function updateRow(row, { member, text, tone }) {
    setText(find(".standing-name", row), member.id === client.you?.id ? t("{name} (you)", { name: member.name }) : member.name);
    setText(find(".standing-text", row), text);
    row.dataset.tone = tone;
  }

  function show() {
    if (!dialog.open) return;
    const now = performance.now();
    showOwn(now);
    showCurve(now);
    showPeople();
  }

  find("#sync").addEventListener("click", () => {
    dialog.showModal();
    show();
  });
  find("#resync").addEventListener("click", () => deck.resync());
  bindTrim({ deck, preferences });
  bindPlayerChoice({ deck, preferences });
  setInterval(show, SHOW_MS);
  return { render: show };
}

/** Remembered for this device; the arrow keys and the two buttons go by single milliseconds. */
function bindTrim({ deck, preferences }) {
  const slider = find("#trim");

  function set(ms) {
    slider.value = String(ms);
    deck.trim = Number(slider.value);
    preferences.set({ trim: deck.trim });
    show();
  }

  function show() {
    const ms = Number(slider.value);
    const by = { ms: Math.abs(ms) };
    const words = ms === 0 ? t("on time") : ms > 0 ? t("{ms} ms late", by) : t("{ms} ms early", by);
    setText(find("#trim-value"), words);
    slider.setAttribute("aria-valuetext", words);
    const place = (ms + TRIM_MS) / (2 * TRIM_MS);
    slider.style.setProperty("--low", `${100 * Math.min(0.5, place)}%`);
    slider.style.setProperty("--high", `${100 * Math.max(0.5, place)}%`);
  }

  slider.addEventListener("input", () => set(Number(slider.value)));
  for (const [id, by] of /** @type {[string, number][]} */ ([["#trim-less", -1], ["#trim-more", 1]])) {
    find(id).addEventListener("click", () => set(Number(slider.value) + by));
  }
  slider.value = String(preferences.all.trim);
  show();
}

function bindPlayerChoice({ deck, preferences }) {
  const choice = find("#player-choice");
  const wanted = preferences.all.player ?? "auto";
  for (const option of choice.elements.player) option.checked = option.value === wanted;
  choice.addEventListener("change", () => {
    preferences.set({ player: choice.elements.player.value });
    deck.reload();
  });
}
