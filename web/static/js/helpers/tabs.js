/** Tabs as the ARIA practices have them: arrows move, the one chosen is the one that Tab reaches. */

/** @param {HTMLElement[]} tabs @param {(name: string) => void} onChoose; a tab's name is its `data-tab` */
export function bindTabs(tabs, onChoose) {
  function choose(tab, focus) {
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
    if (focus) tab.focus();
    onChoose(tab.dataset.tab);
  }
  const on = document.dir === "rtl" ? -1 : 1;
  const steps = { ArrowRight: on, ArrowDown: 1, ArrowLeft: -on, ArrowUp: -1 };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab, false));
    tab.addEventListener("keydown", (event) => {
      const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : index + steps[event.key];
      if (Number.isNaN(next)) return;
      event.preventDefault();
      choose(tabs[(next + tabs.length) % tabs.length], true);
    });
  }
}
