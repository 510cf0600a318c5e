/** Which rows of a long list are worth having in the document, and where one that is dragged would go. Pure. */

/** Rows beyond the edge of what is seen, so that scrolling does not run into nothing. */
const BEYOND = 8;
/** Rows come and go in so many at once: what is shown changes in one frame of several. */
const AT_ONCE = 4;
/** Up to so many rows all of them are there: the browser finds text in them, and nothing has to be thought of. */
const ALL = 60;

/**
 * @param {{top: number, height: number, row: number, count: number}} view `top`: how far the list's beginning is above what
 *   is seen; `row`: the height of one; pixels
 * @returns {[number, number]} the first, and the one after the last
 */
export function seen({ top, height, row, count }) {
  if (count <= ALL) return [0, count];
  const first = AT_ONCE * Math.floor((top / row - BEYOND) / AT_ONCE);
  const last = AT_ONCE * Math.ceil(((top + height) / row + BEYOND) / AT_ONCE);
  return [Math.max(0, Math.min(first, count)), Math.max(0, Math.min(last, count))];
}

/** The place at which a row is put that is held `y` pixels below the list's beginning. */
export function placeAt(y, row, count) {
  return Math.max(0, Math.min(count - 1, Math.floor(y / row)));
}

/** The `before` of a room's `move`, and of nothing else: what follows when `from` has gone to `to`. */
export function before(ids, from, to) {
  const others = ids.filter((_, index) => index !== from);
  return others[to] ?? null;
}
