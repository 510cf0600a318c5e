/** A list of rows that are all equally high: of a long one only those in sight are there. Rows may be moved by their grips. */
import { make, reconcile } from "../../helpers/dom.js";
import { placeAt, seen } from "../../models/library/window.js";

/** How high a row is, in `rem`; the style sheet says the same. */
const ROW_REM = 4;
/** Pixels from the edge at which dragging scrolls, and how far in a frame. */
const EDGE = 90;
const STEP = 14;

/**
 * @template T
 * @param {{count: () => number, at: (index: number) => T | undefined, keyOf: (item: T) => string, create: (item: T) => HTMLElement,
 *   update?: (row: HTMLElement, item: T, index: number) => void, need?: (from: number, to: number) => void,
 *   move?: (from: number, to: number) => void, label: string}} parts `need`: rows are looked at that may not be known
 */
export function makeList({ count, at, keyOf, create, update = () => {}, need = () => {}, move, label }) {
  const list = make("ol", { class: "songs", "aria-label": label });
  let frame = null;
  let height = 0;
  let shown = [0, 0];

  function rowHeight() {
    return ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  function span() {
    const top = -list.getBoundingClientRect().top;
    return seen({ top, height: innerHeight, row: height, count: count() });
  }

  /** The row that has the focus stays, wherever it is scrolled to. */
  function focused() {
    const index = Number(/** @type {any} */ (document.activeElement)?.closest?.("li[data-index]")?.dataset.index ?? NaN);
    return list.contains(document.activeElement) && index < count() ? index : null;
  }

  function items() {
    shown = span();
    const [from, to] = shown;
    need(from, to);
    const indexes = Array.from({ length: to - from }, (_, n) => from + n);
    const held = focused();
    if (held !== null && (held < from || held >= to)) indexes[held < from ? "unshift" : "push"](held);
    return indexes.map((index) => ({ index, item: at(index) }));
  }

  function render() {
    frame = null;
    if (!list.isConnected) return;
    height = rowHeight();
    list.style.height = `${count() * height}px`;
    reconcile(list, items(), ({ index, item }) => (item === undefined ? `hole ${index}` : keyOf(item)), made, placed);
  }

  function made({ item }) {
    if (item === undefined) return make("li", { class: "song is-coming", "aria-hidden": "true" }, make("span", { class: "ghost ghost-cover" }), make("span", { class: "ghost ghost-text" }));
    return create(item);
  }

  function placed(row, { index, item }) {
    const place = `translateY(${index * height}px)`;
    if (row.style.transform !== place) row.style.transform = place;
    if (row.dataset.index !== String(index)) {
      row.dataset.index = String(index);
      row.setAttribute("aria-posinset", String(index + 1));
    }
    if (row.ariaSetSize !== String(count())) row.setAttribute("aria-setsize", String(count()));
    if (item !== undefined) update(row, item, index);
  }

  function later() {
    frame ??= requestAnimationFrame(render);
  }

  /** Most of scrolling stays within what is there. */
  function scrolled() {
    if (!list.isConnected || list.childElementCount === count()) return;
    const [from, to] = span();
    if (from !== shown[0] || to !== shown[1]) later();
  }

  document.addEventListener("scroll", scrolled, { capture: true, passive: true });
  addEventListener("resize", later);
  if (move) bindGrips(list, { count, rowHeight, move });

  return {
    element: list,
    render,
    later,
    /** Puts the focus on a row's button, once the row is there. */
    focus(index, selector) {
      render();
      list.querySelector(`[data-index="${index}"] ${selector}`)?.focus();
    },
    dispose() {
      document.removeEventListener("scroll", scrolled, { capture: true });
      removeEventListener("resize", later);
      if (frame !== null) cancelAnimationFrame(frame);
    },
  };
}

/** Dragging with a finger, a pen or a mouse. Menus and Alt with an arrow do the same. */
function bindGrips(list, { count, rowHeight, move }) {
  let drag = null;

  function step() {
    if (!drag) return;
    const { y, row, scroller } = drag;
    const [top, bottom] = scroller === document.scrollingElement ? [0, innerHeight - EDGE] : edges(scroller);
    const by = y < top + EDGE ? -STEP : y > bottom - EDGE ? STEP : 0;
    if (by) scroller.scrollTop += by;
    const place = placeAt(y - list.getBoundingClientRect().top, rowHeight(), count());
    if (place !== drag.place) mark(place);
    row.style.translate = `0 ${y - drag.from + scroller.scrollTop - drag.scrolled}px`;
    requestAnimationFrame(step);
  }

  function mark(place) {
    drag.place = place;
    for (const row of list.children) {
      const index = Number(row.dataset.index);
      row.classList.toggle("drop-before", index === place && place < drag.index);
      row.classList.toggle("drop-after", index === place && place > drag.index);
    }
  }

  function end(event, dropped) {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { row, index, place } = drag;
    mark(-1);
    drag = null;
    row.style.translate = "";
    row.classList.remove("is-dragged");
    if (dropped && place !== index) move(index, place);
  }

  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".grip");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    const row = grip.closest("li");
    const scroller = scrollerOf(list);
    const index = Number(row.dataset.index);
    drag = { row, index, place: index, pointer: event.pointerId, y: event.clientY, from: event.clientY, scroller, scrolled: scroller.scrollTop };
    row.classList.add("is-dragged");
    list.setPointerCapture(event.pointerId);
    requestAnimationFrame(step);
  });
  list.addEventListener("pointermove", (event) => {
    if (drag && event.pointerId === drag.pointer) drag.y = event.clientY;
  });
  list.addEventListener("pointerup", (event) => end(event, true));
  list.addEventListener("pointercancel", (event) => end(event, false));
  list.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest("li[data-index]");
    if (!by || !event.altKey || !row) return;
    event.preventDefault();
    const index = Number(row.dataset.index);
    if (index + by >= 0 && index + by < count()) move(index, index + by);
  });
}

function edges(scroller) {
  const { top, bottom } = scroller.getBoundingClientRect();
  return [top, bottom];
}

function scrollerOf(list) {
  return list.closest(".lib-scroll") ?? document.scrollingElement;
}
