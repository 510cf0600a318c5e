/** The emoji picker: searched by name, walked through by the arrow keys; one for the composer and for reactions. */
import { emojiFor, grouped, withRecent } from "../models/emoji.js";
import { t } from "../models/words.js";
import { find, findAll, make, setText } from "../helpers/dom.js";
import { part } from "../helpers/parts.js";

const RECENT = 16;
const MARGIN = 8;

/** @param {{preferences: import("../models/preferences.js").Preferences}} parts */
export function bindEmoji({ preferences }) {
  const picker = find("#emoji");
  const search = find("#emoji-search");
  const grid = find("#emoji-grid");
  const note = find("#emoji-note");
  /** @type {(emoji: string) => void} */
  let chosen = () => {};
  let opener = null;
  /** @type {{name: string, all: import("../models/emoji.js").Emoji[]}[]} */
  let groups = [];

  /** Names come with the first opening: to a room's page they would be a thirtieth of its weight. */
  async function load() {
    if (groups.length === 0) {
      setText(note, t("Looking…"));
      const loaded = await part("emoji").catch(() => null);
      if (loaded) groups = grouped(loaded.GROUPS);
    }
    show();
  }

  function button({ emoji, name }) {
    return make("button", { type: "button", tabindex: "-1", title: name, "aria-label": name, "data-emoji": emoji }, emoji);
  }

  function group(name, all) {
    return all.length > 0 ? [make("h3", {}, name), ...all.map(button)] : [];
  }

  function show() {
    const text = search.value.trim();
    const emoji = groups.flatMap((each) => each.all);
    const known = new Map(emoji.map((each) => [each.emoji, each]));
    const recent = (preferences.all.emoji ?? []).map((each) => known.get(each)).filter(Boolean);
    const all = [...group(t("Picked lately"), recent), ...groups.flatMap((each) => group(each.name, each.all))];
    const found = text ? emojiFor(emoji, text).map(button) : all;
    grid.replaceChildren(...found);
    find("button", grid)?.setAttribute("tabindex", "0");
    const none = groups.length > 0 ? t("No emoji is called that.") : t("The server cannot be reached. Is this device online?");
    setText(note, found.length === 0 ? none : "");
  }

  function pick(emoji) {
    preferences.set({ emoji: withRecent(preferences.all.emoji ?? [], emoji, RECENT) });
    picker.hidePopover();
    chosen(emoji);
  }

  /** Left and right by one; up and down to what stands nearest there. */
  function walk(event) {
    const buttons = findAll("button", grid);
    const at = buttons.indexOf(document.activeElement);
    const rtl = getComputedStyle(grid).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: rtl, ArrowLeft: -rtl, Home: -at, End: buttons.length - 1 - at };
    const vertical = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || (steps[event.key] === undefined && !vertical)) return;
    event.preventDefault();
    const next = vertical ? nearest(buttons, at, vertical) : buttons[at + steps[event.key]];
    if (next) focus(next);
    else if (event.key === "ArrowUp") search.focus();
  }

  function nearest(buttons, at, way) {
    const { left, top } = buttons[at].getBoundingClientRect();
    const rows = buttons.map((each) => ({ each, box: each.getBoundingClientRect() })).filter(({ box }) => (box.top - top) * way > 1);
    const row = way > 0 ? rows[0]?.box.top : rows.at(-1)?.box.top;
    const inRow = rows.filter(({ box }) => Math.abs(box.top - row) < 1);
    return inRow.sort((a, b) => Math.abs(a.box.left - left) - Math.abs(b.box.left - left))[0]?.each;
  }

  function focus(next) {
    for (const each of findAll("[tabindex='0']", grid)) each.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    const first = find("button", grid);
    if (event.key === "ArrowDown" && first) {
      event.preventDefault();
      focus(first);
    }
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (first && search.value.trim()) pick(first.dataset.emoji);
    }
  });
  grid.addEventListener("keydown", walk);
  grid.addEventListener("click", ({ target }) => {
    const picked = target.closest("button");
    if (picked) pick(picked.dataset.emoji);
  });
  picker.addEventListener("toggle", ({ newState }) => {
    if (newState === "closed" && picker.contains(document.activeElement)) opener?.focus({ preventScroll: true });
  });

  /** Opens it beside a button. @param {HTMLElement} beside @param {(emoji: string) => void} then */
  return async function open(beside, then) {
    [opener, chosen] = [beside, then];
    search.value = "";
    picker.showPopover();
    place(beside);
    // On a touch screen the keyboard would cover what there is to pick.
    const types = matchMedia("(hover: hover)").matches;
    if (types) search.focus();
    await load();
    if (!picker.matches(":popover-open")) return;
    place(beside);
    if (!types) find("button", grid)?.focus();
  };

  function place(beside) {
    const { top, bottom, left, right } = beside.getBoundingClientRect();
    const { offsetHeight: height, offsetWidth: width } = picker;
    const above = top - height - MARGIN;
    picker.style.top = `${Math.max(MARGIN, above >= MARGIN ? above : Math.min(bottom + MARGIN, innerHeight - height - MARGIN))}px`;
    const start = getComputedStyle(picker).direction === "rtl" ? right - width : left;
    picker.style.left = `${Math.max(MARGIN, Math.min(start, innerWidth - width - MARGIN))}px`;
  }
}
