/** Who is here. The host's menu makes co-hosts and hands the room over. */
import { ordered } from "../models/people.js";
import { face } from "../helpers/cover.js";
import { confirm } from "../helpers/dialog.js";
import { find, findAll, icon, make, reconcile, setText } from "../helpers/dom.js";

const ROLES = { host: "Host", cohost: "Co-host", member: "" };

export function bindPeople({ client, act }) {
  const list = find("#people-list");

  function makePerson({ id, name }) {
    const menu = make("div", { class: "menu-list", popover: "auto", id: `menu-${id}` });
    const opener = make("button", { type: "button", class: "button quiet icon-only", popovertarget: menu.id }, icon("more"));
    menu.addEventListener("toggle", (event) => event.newState === "open" && openMenu(menu, opener, id));
    const [called, role] = ["person-name", "role"].map((kind) => make("span", { class: kind }));
    return make("li", { class: "person" }, face(name), called, role, make("span", { class: "menu" }, opener, menu));
  }

  function openMenu(menu, opener, id) {
    const member = client.state.members.find((each) => each.id === id);
    const other = member.role === "cohost" ? "member" : "cohost";
    const choice = (text, run) => make("button", { type: "button", onclick: () => { menu.hidePopover(); run(); } }, text);
    menu.replaceChildren(
      choice(other === "cohost" ? "Make co-host" : "No longer co-host", () => act("role", { user: id, role: other })),
      choice("Hand the room over", () => handOver(member)),
    );
    const { bottom, right } = opener.getBoundingClientRect();
    const top = Math.min(bottom + 4, innerHeight - menu.offsetHeight - 8);
    menu.style.top = `${top}px`;
    menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
    menu.firstElementChild.focus();
  }

  async function handOver({ id, name }) {
    const text = "The room is theirs then, and you are a guest in it.";
    const yes = await confirm({ title: `Make ${name} the host?`, text, yes: "Hand over" });
    if (yes) act("hand_over", { user: id });
  }

  function updatePerson(element, member) {
    const self = member.id === client.you?.id;
    setText(find(".face", element), face(member.name).textContent);
    const how = !member.online ? ", away" : member.listens === false ? ", not listening" : "";
    setText(find(".person-name", element), `${member.name}${self ? " (you)" : ""}${how}`);
    element.classList.toggle("is-away", !member.online);
    const role = find(".role", element);
    role.hidden = member.role === "member";
    role.className = `role ${member.role}`;
    setText(role, ROLES[member.role]);
    find(".menu", element).hidden = self || !client.may("roles");
    find(".menu > button", element).setAttribute("aria-label", `What to do with ${member.name}`);
  }

  return {
    render(state) {
      const people = ordered(state.members, client.you?.id);
      reconcile(list, people, (member) => member.id, makePerson, updatePerson);
      const here = people.filter((member) => member.online).length;
      setText(find("#people-count"), String(here));
      for (const badge of findAll("#views [data-view=people] .badge")) {
        badge.hidden = here < 2;
        setText(badge, String(here));
      }
    },
  };
}
