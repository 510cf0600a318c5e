/** Curves as paths in a square of 100 by 100, and what stands at their axes. */

const HOUR_MS = 3_600_000;
/** Hours between two times at an axis. */
const EVERY = 6;

/** @param {(number | null)[]} points */
export function peak(points) {
  return Math.max(0, ...points.map((point) => point ?? 0));
}

/** The next number upwards that is easily read: the top of an axis; 1 where nothing happened. @param {number} most */
export function round(most) {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((times) => times * power).find((each) => each >= most * (1 - 1e-9)) ?? most;
}

/** Where nothing was noted the line breaks off. @param {(number | null)[]} points each in the middle of its stretch @param {number} most */
export function line(points, most) {
  const step = 100 / points.length;
  let path = "";
  let drawing = false;
  points.forEach((point, n) => {
    if (point === null) {
      drawing = false;
      return;
    }
    const [x, y] = [(n + 0.5) * step, most > 0 ? 100 - (point / most) * 100 : 100];
    path += `${drawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    // A point between two gaps is seen all the same.
    if (!drawing && (points[n + 1] ?? null) === null) path += "h0.5";
    drawing = true;
  });
  return path;
}

/** Where nothing was noted: where each such stretch begins, and how wide it is. @param {(number | null)[]} points @returns {[number, number][]} */
export function gaps(points) {
  const step = 100 / points.length;
  /** @type {[number, number][]} */
  const found = [];
  points.forEach((point, n) => {
    if (point !== null) return;
    if (n > 0 && points[n - 1] === null) found[found.length - 1][1] += step;
    else found.push([n * step, step]);
  });
  return found;
}

/** From when to when the point is of. @param {number} n @param {number} count @param {number} from @param {number} to */
export function span(n, count, from, to) {
  const length = (to - from) / count;
  return [from + n * length, from + (n + 1) * length];
}

/** The full hours, of this device's clock, that stand at the axis, and how far along they are (0 to 1). @param {number} from @param {number} to */
export function hours(from, to) {
  const found = [];
  for (let at = Math.ceil(from / (HOUR_MS / 4)) * (HOUR_MS / 4); at <= to; at += HOUR_MS / 4) {
    const time = new Date(at);
    if (time.getMinutes() === 0 && time.getHours() % EVERY === 0) found.push({ at, place: (at - from) / (to - from) });
  }
  return found;
}
