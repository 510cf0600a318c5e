/** Light, dark, or as the device has it. */
import { findAll } from "../helpers/dom.js";
import { chosenTheme, setTheme } from "../helpers/theme-choice.js";

export function bindLook() {
  const choices = findAll("input[name=theme]");
  const show = () => {
    for (const choice of choices) choice.checked = choice.value === chosenTheme();
  };
  for (const choice of choices) choice.addEventListener("change", () => setTheme(choice.value));
  // The button in the head chooses too.
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  show();
}
