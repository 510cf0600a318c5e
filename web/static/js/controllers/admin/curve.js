/** A curve with its axes: read off by pointer or arrow keys, and as a table by whoever would rather. */
import { make } from "../../helpers/dom.js";
import { gaps, hours, line, peak, round, span } from "../../models/admin/curve.js";
import { locale, t } from "../../models/words.js";

const SPACE = "http://www.w3.org/2000/svg";
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });

/** @param {{name: string, unit: (n: string) => string, points: (number | null)[], from: number, to: number}} given times in ms */
export function curve({ name, unit, points, from, to }) {
  const most = peak(points);
  const top = round(most);
  const latest = points.findLast((point) => point !== null);
  const usual = latest === undefined ? t("Nothing noted yet") : t("now {now}, at most {most}", { now: unit(figure(latest)), most: unit(figure(most)) });
  const told = make("p", { "aria-live": "polite" }, usual);
  const mark = drawn("line", { class: "mark", y1: "0", y2: "100" });
  const plot = make("div", { class: "plot", dir: "ltr", tabindex: "0", role: "img", "aria-label": `${name}: ${usual}` }, picture(points, top, mark));
  const axis = make("div", { class: "plot-axis", dir: "ltr", "aria-hidden": "true" }, make("span", {}, figure(top)), make("span", {}, figure(top / 2)), make("span", {}, "0"));
  const times = make("div", { class: "plot-times", dir: "ltr", "aria-hidden": "true" }, ...hours(from, to).map(({ at, place }) => tick(at, place)));
  let chosen = -1;

  function choose(place) {
    chosen = Math.max(-1, Math.min(points.length - 1, place));
    const [begin, end] = span(chosen, points.length, from, to);
    const x = String(((chosen + 0.5) / points.length) * 100);
    for (const end_ of ["x1", "x2"]) mark.setAttribute(end_, x);
    mark.toggleAttribute("hidden", chosen < 0);
    const point = points[chosen] ?? null;
    told.textContent = chosen < 0 ? usual : `${clock.format(begin)}–${clock.format(end)}: ${point === null ? t("nothing noted") : unit(figure(point))}`;
  }

  plot.addEventListener("pointermove", ({ clientX }) => {
    const { left, width } = plot.getBoundingClientRect();
    choose(Math.floor(((clientX - left) / width) * points.length));
  });
  for (const end of ["pointerleave", "blur"]) plot.addEventListener(end, () => choose(-1));
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -8, PageDown: 8 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(Math.max(0, chosen < 0 ? points.length - 1 : chosen + step));
  });
  mark.toggleAttribute("hidden", true);
  return make("section", { class: "curve" }, make("h3", {}, name), told, make("div", { class: "plot-frame" }, axis, plot, times), asTable({ name, unit, points, from, to }));
}

function picture(points, top, mark) {
  const svg = drawn("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const [begin, width] of gaps(points)) svg.append(drawn("rect", { class: "gap", x: begin.toFixed(1), y: "0", width: width.toFixed(1), height: "100" }));
  for (const y of ["0", "50", "100"]) svg.append(drawn("line", { x1: "0", x2: "100", y1: y, y2: y }));
  svg.append(drawn("path", { d: line(points, top) }), mark);
  return svg;
}

function tick(at, place) {
  const label = make("time", { datetime: new Date(at).toISOString() }, clock.format(at));
  label.style.insetInlineStart = `${place * 100}%`;
  return label;
}

/** Made when somebody opens it. */
function asTable({ name, unit, points, from, to }) {
  const about = make("details", {}, make("summary", {}, t("As a table"), make("span", { class: "visually-hidden" }, `: ${name}`)));
  about.addEventListener("toggle", () => {
    if (!about.open || about.children.length > 1) return;
    const rows = points.map((point, n) => {
      const [begin, end] = span(n, points.length, from, to);
      return make("tr", {}, make("th", { scope: "row" }, `${clock.format(begin)}–${clock.format(end)}`), make("td", {}, point === null ? t("nothing noted") : unit(figure(point))));
    });
    const table = make("table", {}, make("caption", { class: "visually-hidden" }, name), make("tbody", {}, ...rows));
    about.append(make("div", { class: "plot-table", tabindex: "0" }, table));
  });
  return about;
}

/** With as many digits as say something. */
function figure(n) {
  return new Intl.NumberFormat(locale, n < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: n < 100 ? 1 : 0 }).format(n);
}

function drawn(tag, attributes) {
  const element = document.createElementNS(SPACE, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
