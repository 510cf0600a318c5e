/** A page's second script, and what people do before it is there. */

/** Before a script that did not come is asked for again, in milliseconds. */
const AGAIN_MS = 2_000;
const ACTS = ["click", "submit", "input", "change", "focus"];

/** @param {string} address */
export function fetchLater(address) {
  const script = document.createElement("script");
  script.src = address;
  script.addEventListener("error", () => {
    script.remove();
    setTimeout(() => fetchLater(address), AGAIN_MS);
  });
  document.head.append(script);
}

/**
 * Keeps what is done to elements that nobody answers for yet. @param {string} selector of those, or of what they are in
 * @returns {() => void} to be called when somebody does: tells them of all of it, in order
 */
export function keepActs(selector) {
  const kept = [];
  const keep = (event) => {
    if (!event.target.closest?.(selector)) return;
    if (event.type === "submit" && event.target.method !== "dialog") event.preventDefault();
    kept.push(event);
  };
  for (const type of ACTS) document.addEventListener(type, keep, { capture: true });
  return () => {
    for (const type of ACTS) document.removeEventListener(type, keep, { capture: true });
    // Plain events tell listeners only: what the browser itself does at a click, it has done.
    for (const { type, target, bubbles, cancelable } of kept) if (target.isConnected) target.dispatchEvent(new Event(type, { bubbles, cancelable }));
  };
}
