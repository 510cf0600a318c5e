/**
 * Moving between views without leaving the page, so that what plays goes on: links of the library are followed here, and
 * the browser's own way back works. Views that were left a moment ago come back as they were, with their place.
 */
import { find } from "../../helpers/dom.js";
import { routeOf } from "../../models/library/routes.js";
import { t } from "../../models/words.js";

/** Views that are kept for the way back. */
const KEPT = 8;

/**
 * @param {{place: HTMLElement, make: (route: object) => {title: string, element: HTMLElement, ready?: Promise<unknown>, shown?: () => void, dispose?: () => void},
 *   shown: (route: object) => void}} parts
 */
export function bindRouter({ place, make, shown }) {
  /** By the key of their entry in the history. */
  const kept = new Map();
  let key = history.state?.key ?? fresh();
  let current = null;
  history.scrollRestoration = "manual";

  function fresh() {
    return crypto.getRandomValues(new Uint32Array(2)).join("-");
  }

  /** Notes where one was, for the way back. */
  function leave() {
    if (!current) return;
    current.scroll = scrollY;
    kept.delete(key);
    kept.set(key, current);
    for (const [old, view] of kept) {
      if (kept.size <= KEPT) break;
      view.dispose?.();
      kept.delete(old);
    }
  }

  function show({ focus = true, scroll = 0 } = {}) {
    const route = routeOf(location.pathname, location.search);
    const again = kept.get(key);
    current = again ?? make(route);
    place.replaceChildren(current.element);
    titled(current.title);
    shown(route);
    const top = again?.scroll ?? scroll;
    scrollTo({ top, behavior: "instant" });
    if (!again && top > 0) current.ready?.then(() => key === history.state?.key && scrollTo({ top, behavior: "instant" }));
    current.shown?.();
    if (focus) find("h1", place)?.focus({ preventScroll: true });
  }

  function titled(title) {
    document.title = title ? t("{title} · Library · roomd", { title }) : t("Library · roomd");
    document.dispatchEvent(new CustomEvent("titled"));
  }

  function go(to, { replace = false, focus = true } = {}) {
    if (!replace) leave();
    key = replace ? key : fresh();
    if (replace) {
      kept.delete(key);
      current?.dispose?.();
    }
    history[replace ? "replaceState" : "pushState"]({ key }, "", to);
    show({ focus });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute("download") || !routeOf(link.pathname, link.search)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  addEventListener("popstate", ({ state }) => {
    leave();
    key = state?.key ?? fresh();
    if (!state?.key) history.replaceState({ key }, "");
    show({ scroll: state?.scroll ?? 0 });
  });
  addEventListener("pagehide", () => history.replaceState({ key, scroll: scrollY }, ""));

  return {
    go,
    /** The view that is shown has what it asked for. */
    ready: () => current?.ready ?? Promise.resolve(),
    /** The view says what it is called, once it knows. */
    name(view, title) {
      view.title = title;
      if (view === current) titled(title);
    },
    /** Makes the view anew. */
    reload: () => go(location.pathname + location.search, { replace: true, focus: false }),
    /** Something was changed that the views kept for the way back show as it was. */
    forget() {
      for (const view of kept.values()) if (view !== current) view.dispose?.();
      kept.clear();
    },
    start() {
      const scroll = history.state?.scroll ?? 0;
      history.replaceState({ key }, "");
      show({ focus: false, scroll });
    },
  };
}
