/**
 * The rows of one part of the queue. All of them are there, so that a list of 500 is one to those who hear it and the
 * browser finds text in it; but they come a few in each frame, and have their buttons once somebody is near, or nothing
 * else is to be done: what is made while somebody scrolls costs frames.
 */
import { reconcile } from "../helpers/dom.js";
import { fillRow, makeRow, updateRow, updateText } from "./queue-row.js";

/** As many as a tall screen holds; and how many come in each frame after that. */
const FIRST = 20;
const MORE = 60;
/** So far beyond what is seen, rows are made whole, in pixels. */
const NEAR = 700;
/** Milliseconds that have to be left of an idle moment for one more row. */
const ROW_MS = 2;
/** Not every browser has idle moments. */
const whenIdle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 100, { timeRemaining: () => ROW_MS }));

/** @param {{client: any, act: Function, heart: Function}} parts @param {"played" | "current" | "coming"} part @param {HTMLElement} list */
export function makeQueueList(parts, part, list) {
  let entries = [];
  let most = FIRST;
  let coming = 0;
  /** Whether one may drag, and whether that is news. */
  let reorders = false;
  let anew = false;
  /** What a row is of, for those that somebody is near. @type {Map<Element, any>} */
  const near = new Map();
  /** @type {WeakMap<Element, any>} */
  const entryOf = new WeakMap();
  const whole = new WeakSet();
  /** Counts what was rendered, and which of it a row shows. */
  let turn = 0;
  /** @type {WeakMap<Element, number>} */
  const shown = new WeakMap();
  let idle = false;

  /**
   * By their places in the list, rows being about as high as each other: to watch 500 of them costs more in each frame.
   * Answers what is to be done about it, so that of several lists all are measured before one is changed.
   */
  function measured({ top: edge, height: seen }) {
    const { top, height } = list.getBoundingClientRect();
    const rows = list.children;
    if (height === 0) return () => {};
    const at = (/** @type {number} */ y) => Math.max(0, Math.ceil((y / height) * rows.length));
    const close = new Set([...rows].slice(at(edge - top - NEAR), at(edge - top + seen + NEAR)));
    return () => {
      for (const row of near.keys()) if (!close.has(row)) near.delete(row);
      for (const row of close) if (!near.has(row)) show(row, entryOf.get(row));
    };
  }

  function show(row, entry) {
    near.set(row, entry);
    finish(row, entry);
  }

  function finish(row, entry) {
    if (shown.get(row) === turn) return;
    shown.set(row, turn);
    if (!whole.has(row)) fillRow(parts, row, entry);
    whole.add(row);
    updateRow(parts, row, entry, part, { first: entry === entries[0], last: entry === entries.at(-1) });
  }

  /** Makes rows whole that nobody is near to yet. @param {{timeRemaining: () => number}} moment */
  function ahead(moment) {
    const left = [...list.children].filter((row) => !whole.has(row));
    do {
      const row = left.shift();
      if (row) finish(row, entryOf.get(row));
    } while (left.length > 0 && moment.timeRemaining() > ROW_MS);
    idle = left.length > 0;
    if (idle) whenIdle(ahead);
  }

  function made(entry) {
    const row = makeRow();
    if (entries.indexOf(entry) < FIRST) near.set(row, entry);
    return row;
  }

  function update(row, entry) {
    if (entryOf.get(row) !== entry || anew) updateText(parts, row, entry, part);
    entryOf.set(row, entry);
    if (near.has(row)) show(row, entry);
  }

  function draw() {
    cancelAnimationFrame(coming);
    anew = reorders !== parts.client.may("reorder");
    reorders = parts.client.may("reorder");
    reconcile(list, entries.slice(0, most), (entry) => entry.id, made, update);
    for (const row of near.keys()) if (!row.isConnected) near.delete(row);
    if (most >= entries.length) {
      if (!idle) whenIdle(ahead);
      idle = true;
      return;
    }
    most += MORE;
    coming = requestAnimationFrame(draw);
  }

  return {
    measured,
    render(now) {
      entries = now;
      turn += 1;
      draw();
    },
  };
}
