/** Reordering with a mouse. The buttons of each row do the same for keyboard and touch. */

/** @param {HTMLElement} list @param {(entry: string, before: string | null) => void} drop */
export function bindDrag(list, drop) {
  let dragged = null;

  const rowOf = (event) => event.target.closest?.("li[data-key]");
  const clear = () => {
    for (const row of list.children) row.classList.remove("drop-before", "drop-after");
  };
  const isUpper = (event, row) => {
    const { top, height } = row.getBoundingClientRect();
    return event.clientY < top + height / 2;
  };

  list.addEventListener("dragstart", (event) => {
    dragged = rowOf(event);
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.key);
    dragged.classList.add("is-dragged");
  });

  list.addEventListener("dragover", (event) => {
    const row = rowOf(event);
    if (!dragged || !row) return;
    event.preventDefault();
    clear();
    if (row !== dragged) row.classList.add(isUpper(event, row) ? "drop-before" : "drop-after");
  });

  list.addEventListener("drop", (event) => {
    const row = rowOf(event);
    if (!dragged || !row || row === dragged) return;
    event.preventDefault();
    const before = isUpper(event, row) ? row : row.nextElementSibling;
    if (before !== dragged) drop(dragged.dataset.key, before?.dataset.key ?? null);
  });

  list.addEventListener("dragend", () => {
    clear();
    dragged?.classList.remove("is-dragged");
    dragged = null;
  });
}
