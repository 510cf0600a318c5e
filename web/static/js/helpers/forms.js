/** Forms that answer where the mistake was made. */
import { find, findAll } from "./dom.js";
import { t } from "../models/words.js";

/**
 * Runs `act` with the form's fields when it is sent; shows what is refused beside the field it is about, or above the
 * buttons. The form cannot be sent twice at once.
 * @param {HTMLFormElement} form @param {(fields: Record<string, string>) => Promise<void>} act
 */
export function onSubmit(form, act) {
  form.addEventListener("input", ({ target }) => /** @type {Element} */ (target).removeAttribute("aria-invalid"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    clear(form);
    form.ariaBusy = "true";
    try {
      await act(/** @type {any} */ (Object.fromEntries(new FormData(form))));
    } catch (fault) {
      show(form, fault);
    } finally {
      form.ariaBusy = "false";
    }
  });
}

/** @param {HTMLFormElement} form @param {{message: string, code?: string, fields?: Record<string, string>}} fault */
export function show(form, fault) {
  const problems = [];
  for (const [name, problem] of Object.entries(fault.fields ?? {})) {
    const input = form.elements[name];
    if (!input) continue;
    input.setAttribute("aria-invalid", "true");
    const label = find("span", input.labels?.[0] ?? form)?.textContent.trim();
    if (label) problems.push(t("“{field}”: {problem}", { field: label, problem }));
  }
  const note = find(".form-error", form);
  // Of several things that a sentence cannot all say, each is told with the name of its field.
  note.textContent = (fault.code === "invalid" && problems.join(" ")) || fault.message;
  note.hidden = false;
  find("[aria-invalid=true]", form)?.focus();
}

function clear(form) {
  find(".form-error", form).hidden = true;
  for (const input of findAll("[aria-invalid]", form)) input.removeAttribute("aria-invalid");
}
