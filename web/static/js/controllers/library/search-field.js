/** The field above all views: what is typed is looked for after a pause, and has an address of its own. */
import { find } from "../../helpers/dom.js";
import { routeOf, searchAt } from "../../models/library/routes.js";

/** A pause in typing this long is a question. */
const PAUSE_MS = 300;

/** @param {any} ctx */
export function bindSearchField({ router }) {
  const form = find("#search-form");
  const input = find("#search");
  let timer = null;

  function look() {
    clearTimeout(timer);
    const route = routeOf(location.pathname, location.search);
    const q = input.value.trim();
    const searching = route?.view === "search";
    if (searching && route.q === q) return;
    router.go(searchAt(q, searching ? route.provider : ""), { replace: searching, focus: false });
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look();
    router.ready().then(() => find("#view .song-play:enabled, #view a.tile")?.focus());
  });

  return {
    /** The field says what is looked for; while somebody types in it, they know better. */
    show(route) {
      if (document.activeElement !== input) input.value = route?.view === "search" ? route.q : "";
    },
  };
}
