/** Forms that answer where the mistake was made. */
import { find, findAll } from "./dom.js";

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

/** @param {HTMLFormElement} form @param {{message: string, fields?: Record<string, string>}} fault */
export function show(form, fault) {
  for (const name of Object.keys(fault.fields ?? {})) {
    const input = form.elements[name];
    if (input) input.setAttribute("aria-invalid", "true");
  }
  const note = find(".form-error", form);
  note.textContent = fault.message;
  note.hidden = false;
  find("[aria-invalid=true]", form)?.focus();
}

function clear(form) {
  find(".form-error", form).hidden = true;
  for (const input of findAll("[aria-invalid]", form)) input.removeAttribute("aria-invalid");
}
