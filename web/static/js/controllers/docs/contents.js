/** Finding a call: by search, by the contents, by its address. */
import { find, findAll, isTyping, setText } from "../../helpers/dom.js";
import { matches } from "../../models/docs/call.js";
import { t, tn } from "../../models/words.js";

export function bindContents() {
  const field = find("#docs-find");
  const all = findAll(".op");

  const contents = find(".docs-contents");
  const wide = matchMedia("(min-width: 60rem)");
  const fit = () => {
    contents.open = wide.matches;
  };
  wide.addEventListener("change", fit);
  fit();

  field.addEventListener("input", search);
  find("#docs-search").addEventListener("submit", (event) => {
    event.preventDefault();
    const first = all.find((each) => !each.hidden);
    if (first && field.value.trim()) reveal(first);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !isTyping(event) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !field.value) return;
    event.preventDefault();
    field.value = "";
    search();
  });
  for (const each of all) {
    each.addEventListener("toggle", () => {
      if (each.open) history.replaceState(null, "", `#${each.id}`);
    });
  }
  contents.addEventListener("click", (event) => {
    if (!event.target.closest("a")) return;
    field.value = "";
    search();
    fit();
  });
  window.addEventListener("hashchange", toAddress);
  toAddress();

  function search() {
    const wanted = field.value.trim();
    for (const each of all) each.hidden = wanted !== "" && !matches(wanted, each.dataset.find);
    for (const group of findAll(".docs-group")) group.hidden = wanted !== "" && !findAll(".op", group).some((each) => !each.hidden);
    find("#docs-begin").hidden = wanted !== "";
    const found = all.filter((each) => !each.hidden).length;
    setText(find("#docs-found"), wanted === "" ? "" : found ? tn("{n} found", "{n} found", found) : t("Nothing is called that."));
  }

  function toAddress() {
    const meant = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (meant?.matches(".op")) reveal(meant);
  }

  function reveal(each) {
    each.open = true;
    each.scrollIntoView({ block: "start" });
    find("summary", each).focus({ preventScroll: true });
  }
}
