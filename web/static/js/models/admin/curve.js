/** Curves as paths in a square of 100 by 100. */

/** @param {(number | null)[]} points */
export function peak(points) {
  return Math.max(0, ...points.map((point) => point ?? 0));
}

/** Where nothing was noted the line breaks off. @param {(number | null)[]} points @param {number} most */
export function line(points, most) {
  const step = 100 / Math.max(1, points.length - 1);
  let path = "";
  let drawing = false;
  points.forEach((point, n) => {
    if (point === null) {
      drawing = false;
      return;
    }
    const [x, y] = [n * step, most > 0 ? 100 - (point / most) * 100 : 100];
    path += `${drawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    // A point between two gaps is seen all the same.
    if (!drawing && (points[n + 1] ?? null) === null) path += "h0.5";
    drawing = true;
  });
  return path;
}
