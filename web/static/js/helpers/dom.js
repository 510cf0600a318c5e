/** The few words in which the controllers speak to the document. */

/** @param {string} selector @param {ParentNode} [root] @returns {any} */
export function find(selector, root = document) {
  return root.querySelector(selector);
}

/** @param {string} selector @param {ParentNode} [root] @returns {any[]} */
export function findAll(selector, root = document) {
  return [...root.querySelectorAll(selector)];
}

/** Makes an element: `make("button", { class: "quiet", onclick: go, "aria-label": "Go" }, "Go", icon("go"))`. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** One of the symbols of icons.html. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function setIcon(button, name) {
  find("use", button).setAttribute("href", `#i-${name}`);
}

/** Writes only what changed, so that a screen reader is not told the same thing again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Names a button for those who hear it and those who hover over it. */
export function setLabel(element, label) {
  if (element.getAttribute("aria-label") === label) return;
  element.setAttribute("aria-label", label);
  element.title = label;
}

/**
 * Makes the children of a list those of `items`, in their order, keeping elements (and with them focus and scroll) that
 * stand for the same thing. Where the focus goes with an element, it is found again in the one beside it.
 * @template T
 * @param {HTMLElement} list @param {T[]} items @param {(item: T) => string} keyOf
 * @param {(item: T) => HTMLElement} create @param {(element: HTMLElement, item: T) => void} [update]
 */
export function reconcile(list, items, keyOf, create, update = () => {}) {
  const keys = new Set(items.map(keyOf));
  // First what goes, so that nothing that stays has to make room: an element that is moved loses its focus.
  const elements = /** @type {HTMLElement[]} */ ([...list.children]);
  const held = /** @type {HTMLElement} */ (document.activeElement);
  let left = null;
  for (const child of elements) {
    if (keys.has(child.dataset.key)) continue;
    if (child.contains(held)) left = beside(child, keys);
    child.remove();
  }
  const kept = new Map(elements.filter((child) => keys.has(child.dataset.key)).map((child) => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const element = kept.get(key) ?? create(item);
    element.dataset.key = key;
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else {
      const within = element.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
      list.insertBefore(element, place);
      within?.focus({ preventScroll: true });
    }
  }
  if (left) focusLike(left, held);
}

/** The next element that stays, or else the one before; the list's heading where none does. */
function beside(child, keys) {
  for (const way of ["nextElementSibling", "previousElementSibling"]) {
    for (let other = child[way]; other; other = other[way]) if (keys.has(other.dataset.key)) return other;
  }
  return child.closest("section, dialog")?.querySelector("h2") ?? null;
}

/** Focuses what is in the place of `held`: the button of its kind, or any; what holds none takes the focus itself. */
function focusLike(element, held) {
  const all = findAll("button:not(:disabled), a[href], input", element).filter((each) => each.checkVisibility());
  const next = all.find((each) => each.className === held.className) ?? all[0] ?? element;
  if (next === element) element.tabIndex = -1;
  next.focus({ preventScroll: true });
}

/** Whether a key press belongs to somebody who is writing. */
export function isTyping(event) {
  const { target } = event;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "range";
}

/** A link into the middle of its row, which on a phone is wider than the screen. Nothing else moves. */
export function bringIntoRow(link) {
  const [own, row] = [link, link.parentElement].map((element) => element.getBoundingClientRect());
  link.parentElement.scrollBy({ left: (own.left + own.right - row.left - row.right) / 2 });
}
