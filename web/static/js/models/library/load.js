/** Many songs into the queue: in the lots that one command takes, of as many as the queue holds. Pure. */

/** Songs that one command may add. */
export const LOT = 100;
/** Songs that a queue holds. */
export const MOST = 500;

/**
 * @param {string[]} ids @param {number} from the place of the one that is to play
 * @returns {{lots: string[][], lead: number}} `lead`: its place in the first lot. Of a short list all songs are there, so that
 *   one can go back; of a long one those from that place on, so that it begins at once
 */
export function lots(ids, from = 0) {
  const short = ids.length <= LOT;
  const taken = short ? ids : ids.slice(from, from + MOST);
  const all = [];
  for (let start = 0; start < taken.length; start += LOT) all.push(taken.slice(start, start + LOT));
  return { lots: all, lead: short ? Math.max(0, Math.min(from, ids.length - 1)) : 0 };
}

/** In any order. @template T @param {T[]} items @param {() => number} random @returns {T[]} */
export function shuffled(items, random) {
  const all = [...items];
  for (let n = all.length - 1; n > 0; n -= 1) {
    const other = Math.floor(random() * (n + 1));
    [all[n], all[other]] = [all[other], all[n]];
  }
  return all;
}
