/**
 * The rows of one part of the queue. Those that a screen holds are made at once, the others in idle moments: 500 rows are
 * 16,000 elements, and a phone has better to do at first. All of them stand there in the end, for whoever hears them,
 * and for the browser's own search.
 */
import { reconcile } from "../helpers/dom.js";
import { makeRow, updateRow } from "./queue-row.js";

/** As many as a tall screen holds. */
const FIRST = 20;
/** Milliseconds that have to be left of an idle moment for more. */
const ROW_MS = 3;
/** Rows that are made before it is looked whether time is left. */
const STEP = 4;
/** A page that is never idle gets its rows all the same, so many milliseconds after each other. */
const PATIENCE_MS = 100;
/** Not every browser has idle moments. */
const whenIdle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, PATIENCE_MS, { timeRemaining: () => 0 }));

/** @param {{client: any, act: Function, heart: Function}} parts @param {"played" | "current" | "coming"} part @param {HTMLElement} list */
export function makeQueueList(parts, part, list) {
  let entries = [];
  let waiting = false;
  /** What each row shows, so that of 500 only those that change are written. @type {WeakMap<Element, any[]>} */
  const drawn = new WeakMap();
  /** What all rows depend on. */
  let about = {};

  function update(row, entry) {
    const now = [entry, about, entry === entries[0], entry === entries.at(-1)];
    if (drawn.get(row)?.every((each, n) => each === now[n])) return;
    drawn.set(row, now);
    updateRow(parts, row, entry, part, { first: now[2], last: now[3] });
  }

  const make = (entry) => makeRow(parts, entry);

  /** @param {{timeRemaining: () => number}} moment */
  function more(moment) {
    waiting = false;
    // What is at the end of the list already was made for these entries: rows are only ever added here.
    do {
      for (const entry of entries.slice(list.childElementCount, list.childElementCount + STEP)) {
        const row = make(entry);
        row.dataset.key = entry.id;
        update(row, entry);
        list.append(row);
      }
    } while (list.childElementCount < entries.length && moment.timeRemaining() > ROW_MS);
    goOn();
  }

  function goOn() {
    if (waiting || list.childElementCount >= entries.length) return;
    waiting = true;
    whenIdle(more, { timeout: PATIENCE_MS });
  }

  return {
    /** @param {any[]} now @param {object} context another one when something changed that all rows show */
    render(now, context) {
      entries = now;
      about = context;
      const made = new Set([...list.children].map((row) => /** @type {HTMLElement} */ (row).dataset.key));
      const last = entries.findLastIndex((entry) => made.has(entry.id));
      reconcile(list, entries.slice(0, Math.max(FIRST, last + 1)), (entry) => entry.id, make, update);
      goOn();
    },
  };
}
