/** Where one is signed in, and signing out there. */
import { find, make, reconcile, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { deviceName, when } from "../models/devices.js";
import { dotted, t, tn } from "../models/words.js";

export function bindSessions({ api }) {
  const list = find("#sessions");
  const others = find("#end-others");

  async function load() {
    const found = await api("GET", "/api/accounts/sessions/").catch(told);
    if (found) show(found.sessions);
  }

  function show(sessions) {
    const sorted = [...sessions].sort((a, b) => Number(b.current) - Number(a.current));
    reconcile(list, sorted, (each) => each.id, row, update);
    others.hidden = sessions.length < 2;
  }

  function row(each) {
    const end = make("button", { type: "button", class: "button small", onclick: () => (each.current ? find("#sign-out").click() : endOne(each)) }, t("Sign out"));
    const text = make("div", { class: "session-text" }, make("strong"), make("p", { class: "dim" }));
    return make("li", { class: "session" }, text, make("span", { class: "chip" }, t("This device")), end);
  }

  function update(element, each) {
    const device = deviceName(each);
    setText(find("strong", element), device);
    const used = t("Last used {when}", { when: when(each.last_used) });
    const since = t("since {when}", { when: when(each.created_at) });
    setText(find("p", element), dotted([used, since, each.address]));
    find(".chip", element).hidden = !each.current;
    const end = find("button", element);
    end.setAttribute("aria-label", t("Sign out: {device}", { device }));
  }

  async function endOne(each) {
    await api("DELETE", `/api/accounts/sessions/${each.id}/`).catch(told);
    await load();
    find("#sessions-title").closest("section").querySelector("button:not([hidden])")?.focus();
  }

  others.addEventListener("click", async () => {
    const done = await api("DELETE", "/api/accounts/sessions/").catch(told);
    if (done) toast(tn("Signed out on {n} other device.", "Signed out on {n} other devices.", done.ended));
    await load();
  });

  return { load };
}

function told(fault) {
  if (fault.status !== 401) toast(fault.message, { kind: "bad" });
}
