/** Who is here. A menu for each makes co-hosts, hands the room over, and keeps order. */
import { choices, isMuted, ordered } from "../models/people.js";
import { ROLES } from "../models/roles.js";
import { fresh, troubleOf } from "../models/sync-words.js";
import { number, t, tn } from "../models/words.js";
import { face } from "../helpers/cover.js";
import { confirm } from "../helpers/dialog.js";
import { find, findAll, icon, make, reconcile, setText } from "../helpers/dom.js";

const AGE_MS = 5_000;
const MUTE_MINUTES = 10;

export function bindPeople({ client, act }) {
  const list = find("#people-list");
  let reports = {};

  function makePerson({ id, name }) {
    const menu = make("div", { class: "menu-list", popover: "auto", id: `menu-${id}` });
    const opener = make("button", { type: "button", class: "button quiet icon-only", popovertarget: menu.id }, icon("more"));
    menu.addEventListener("toggle", (event) => event.newState === "open" && openMenu(menu, opener, id));
    const [called, trouble, role] = ["person-name", "trouble", "role"].map((kind) => make("span", { class: kind }));
    return make("li", { class: "person" }, face(name), called, trouble, role, make("span", { class: "menu" }, opener, menu));
  }

  function openMenu(menu, opener, id) {
    const member = client.state.members.find((each) => each.id === id);
    const name = member.name;
    const does = {
      role: member.role === "cohost" ? [t("No longer co-host"), () => act("role", { user: id, role: "member" })] : [t("Make co-host"), () => act("role", { user: id, role: "cohost" })],
      hand_over: [t("Hand the room over"), () => handOver(member)],
      mute: [tn("Mute for {n} minute", "Mute for {n} minutes", MUTE_MINUTES), () => act("mute", { user: id, minutes: MUTE_MINUTES })],
      unmute: [t("Let chat again"), () => act("mute", { user: id, minutes: 0 })],
      kick: [t("Send away"), () => sure(t("Send {name} away?", { name }), t("They may come back in with the code."), t("Send away"), "kick", id)],
      ban: [t("Ban"), () => sure(t("Ban {name}?", { name }), t("They cannot come back in until a host lifts the ban."), t("Ban"), "ban", id)],
    };
    const choice = (/** @type {any[]} */ [text, run]) => make("button", { type: "button", onclick: () => { menu.hidePopover(); run(); } }, text);
    menu.replaceChildren(...choicesFor(member).map((each) => choice(does[each])));
    const { bottom, left, right } = opener.getBoundingClientRect();
    const top = Math.min(bottom + 4, innerHeight - menu.offsetHeight - 8);
    menu.style.top = `${top}px`;
    const start = document.dir === "rtl" ? Math.min(left, innerWidth - menu.offsetWidth - 8) : right - menu.offsetWidth;
    menu.style.left = `${Math.max(8, start)}px`;
    menu.firstElementChild.focus();
  }

  function choicesFor(member) {
    const may = (right) => client.may(right);
    return choices({ you: client.you?.id, member, may, host: client.state.host, now: client.clock.now() });
  }

  async function sure(title, text, yes, command, user) {
    if (await confirm({ title, text, yes })) act(command, { user });
  }

  async function handOver({ id, name }) {
    const text = t("The room is theirs then, and you are a guest in it.");
    const yes = await confirm({ title: t("Make {name} the host?", { name }), text, yes: t("Hand over") });
    if (yes) act("hand_over", { user: id });
  }

  function updatePerson(element, member) {
    const self = member.id === client.you?.id;
    setText(find(".face", element), face(member.name).textContent);
    const trouble = troubleOf(member, reports[member.id]);
    const told = [
      self ? t("{name} (you)", { name: member.name }) : member.name,
      !member.online && t("away"),
      member.online && member.listens === false && !trouble && t("not listening"),
      isMuted(member, client.clock.now()) && t("muted"),
    ];
    setText(find(".person-name", element), told.filter(Boolean).join(t(", ")));
    element.classList.toggle("is-away", !member.online);
    const sign = find(".trouble", element);
    sign.hidden = trouble === null;
    sign.dataset.state = reports[member.id]?.state ?? "";
    setText(sign, trouble ?? "");
    const role = find(".role", element);
    role.hidden = member.role === "member";
    role.className = `role ${member.role}`;
    setText(role, ROLES[member.role] ?? "");
    find(".menu", element).hidden = choicesFor(member).length === 0;
    find(".menu > button", element).setAttribute("aria-label", t("What to do with {name}", { name: member.name }));
  }

  /** Players told how they do: whoever is in no report, now or before, looks as they did. */
  function beat() {
    const before = reports;
    reports = fresh(client.pulse, client.clock.now());
    const members = new Map(client.state?.members.map((member) => [member.id, member]));
    for (const id of new Set([...Object.keys(before), ...Object.keys(reports)])) {
      const element = find(`[data-key="${CSS.escape(id)}"]`, list);
      if (element && members.has(id)) updatePerson(element, members.get(id));
    }
  }

  // Nothing more is told of a room in which nothing changes; what was told grows old.
  setInterval(beat, AGE_MS);

  return {
    beat,
    render(state) {
      const people = ordered(state.members, client.you?.id);
      reconcile(list, people, (member) => member.id, makePerson, updatePerson);
      const here = people.filter((member) => member.online).length;
      setText(find("#people-count"), number(here));
      find("#alone").hidden = here > 1;
      for (const badge of findAll("#views [data-view=people] .badge")) {
        badge.hidden = here < 2;
        setText(badge, number(here));
      }
    },
  };
}
