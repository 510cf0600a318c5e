/** The curve of the last minutes as lines of a picture: how far a device was from the room, second by second. */
import { HISTORY_S } from "./sync-report.js";

/** What the picture may reach to, in milliseconds either way: the first that holds nearly all. */
const BOUNDS = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
/** A single hiccup leaves the picture rather than flatten all the rest. */
const SHOWN = 0.98;
/** Seconds that may be missing within one line. */
const GAP_S = 2;

/**
 * @param {import("./sync-report.js").Second[]} history @param {number} second the present one
 * @param {{width: number, height: number}} size
 * @returns {{path: string, bound: number, band: {y: number, height: number}}} an SVG path; the error at the upper edge
 *   (behind) and, negative, at the lower (ahead); where within ±10 ms is, which to ears in one room is one system
 */
export function plotted(history, second, { width, height }) {
  const heard = history.filter((each) => each.error !== null);
  const bound = boundOf(heard.map((each) => Math.abs(each.error)));
  const x = (at) => round(width * (1 - (second - at) / HISTORY_S));
  const y = (error) => round((height / 2) * (1 - Math.max(-1, Math.min(1, error / bound))));
  const path = heard.map(({ at, error }, n) => {
    const joins = n > 0 && at - heard[n - 1].at <= GAP_S;
    // A dot of no length shows where a line has but one point: its ends are round.
    return `${joins ? "L" : `M${x(at)} ${y(error)}L`}${x(at)} ${y(error)}`;
  });
  return { path: path.join(""), bound, band: { y: y(10), height: round(y(-10) - y(10)) } };
}

function boundOf(errors) {
  const sorted = errors.sort((a, b) => a - b);
  const most = sorted[Math.ceil(sorted.length * SHOWN) - 1] ?? 0;
  return BOUNDS.find((bound) => most <= bound) ?? BOUNDS.at(-1);
}

function round(value) {
  return Math.round(value * 10) / 10;
}
