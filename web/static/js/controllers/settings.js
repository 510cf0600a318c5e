/** The room's settings for those who may change them, this device's for everybody, and the ways out. */
import { presetOf, rulesChanged } from "../models/rules.js";
import { t, tn } from "../models/words.js";
import { confirm } from "../helpers/dialog.js";
import { find, setText } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";
import { isDark, setTheme } from "../helpers/theme-choice.js";
import { toast } from "../helpers/toast.js";

export function bindSettings({ client, deck, preferences, act }) {
  const dialog = find("#settings");
  const form = find("#settings-form");
  let shown = null;

  onSubmit(form, async (fields) => {
    const settings = {
      name: fields.name,
      description: fields.description,
      theme: fields.theme,
      visibility: form.elements.public.checked ? "public" : "private",
      chat_enabled: form.elements.chat_enabled.checked,
      autoplay: form.elements.autoplay.checked,
      radio: form.elements.radio.checked,
      wait_s: Number(fields.wait_s),
      wait_buffering: form.elements.wait_buffering.checked,
      queue_mode: fields.queue_mode,
      slow_mode_s: Number(fields.slow_mode_s),
    };
    const { entry_mode, password, preset } = fields;
    const may = (right) => client.may(right);
    for (const [command, given] of rulesChanged(client.state, { settings, entry_mode, password, preset }, may)) await client.run(command, given);
    form.elements.password.value = "";
    dialog.close();
    toast(t("Saved."));
  });

  find("#leave").addEventListener("click", async () => {
    const hosting = client.state?.owner === client.you?.id && client.state.members.length > 1;
    const text = hosting
      ? t("The room passes to somebody who stays, for good. You can come back as a guest.")
      : t("You can come back with the code at any time.");
    const yes = await confirm({ title: t("Leave this room?"), text, yes: t("Leave") });
    if (yes) act("leave");
  });
  find("#close-room").addEventListener("click", async () => {
    const text = t("It ends for everybody, and the queue and the chat are gone.");
    const yes = await confirm({ title: t("Close the room?"), text, yes: t("Close it") });
    if (yes) act("close");
  });

  const showPassword = () => {
    find("#room-password").hidden = form.elements.entry_mode.value !== "password";
  };
  form.elements.entry_mode.addEventListener("change", showPassword);
  bindDevice({ deck, preferences });

  return {
    /** Fills the form when the dialog opens or somebody else changed something; never over what is being typed. */
    render(state) {
      const about = find("#about-room");
      about.hidden = client.may("settings") || !state.description;
      setText(about, state.description);
      setText(find("#room-name"), state.name);
      const { name, description, theme, visibility, chat_enabled, autoplay, radio, wait_s, wait_buffering } = state;
      const { queue_mode, slow_mode_s, entry_mode, rights } = state;
      const checks = { public: visibility === "public", chat_enabled, autoplay, radio, wait_buffering };
      const chosen = { name, description, theme, queue_mode, entry_mode, preset: presetOf(rights) };
      const values = JSON.stringify([checks, chosen, wait_s, slow_mode_s]);
      if (values === shown) return;
      shown = values;
      for (const [field, on] of Object.entries(checks)) form.elements[field].checked = on;
      for (const [field, value] of Object.entries(chosen)) form.elements[field].value = value;
      showSeconds(form.elements.wait_s, wait_s, tn("Up to {n} second", "Up to {n} seconds", wait_s));
      showSeconds(form.elements.slow_mode_s, slow_mode_s, tn("One in {n} second", "One in {n} seconds", slow_mode_s));
      form.elements.preset.disabled = !client.may("roles");
      showPassword();
    },
  };
}

/** A bound that another client chose stands among the usual ones, so that saving does not change it. */
function showSeconds(select, seconds, words) {
  const value = String(seconds);
  if (![...select.options].some((option) => option.value === value)) select.append(new Option(words, value));
  select.value = value;
}

function bindDevice({ deck, preferences }) {
  const dark = find("#dark");
  const shortcuts = find("#use-shortcuts");
  const even = find("#even");

  dark.checked = isDark();
  dark.addEventListener("change", () => setTheme(dark.checked ? "dark" : "light"));
  shortcuts.checked = preferences.all.shortcuts;
  shortcuts.addEventListener("change", () => preferences.set({ shortcuts: shortcuts.checked }));
  even.checked = preferences.all.even;
  even.addEventListener("change", () => {
    preferences.set({ even: even.checked });
    deck.level();
  });
}
