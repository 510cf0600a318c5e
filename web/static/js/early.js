// Stands in the page itself and runs before anything else of it has come. It opens the room's connection, whose round trips
// then go beside the script's, and takes what somebody does meanwhile: every press is seen at once and kept for its
// controller; play, pause and what is said go out by the early connection. helpers/early.js hands it on.
(() => {
  // So long may somebody wait before they are told that it goes on.
  const PATIENCE_MS = 1_000;
  // With so many the clock is good enough to play by.
  const PINGS = 4;
  const PING_MS = 20;
  const { code, entry, host } = document.currentScript.dataset;
  const byId = (id) => /** @type {any} */ (document.getElementById(id));
  let signed = null;
  try {
    signed = JSON.parse(localStorage.getItem("roomd.session"));
  } catch {
    // Storage is switched off, or holds something else: the page finds out.
  }
  /** @type {any} */
  const early = { socket: null, heard: [], closed: null, acts: [], opened: [], wishes: [], take, end };
  window.early = early;
  const bound = new AbortController();
  const shown = new AbortController();
  const busy = new Set();
  const prefix = Math.random().toString(36).slice(2);
  let socket = null;
  // What the user may do; null until it is known.
  let rights = signed?.user?.id === host ? ["play", "chat"] : null;
  let timer = 0;
  let note = null;

  function wait(element) {
    element.ariaBusy = "true";
    busy.add(element);
    timer ||= setTimeout(() => {
      note = Object.assign(document.createElement("p"), { className: "toast", textContent: byId("toasts").dataset.wait });
      byId("toasts").append(note);
    }, PATIENCE_MS);
  }

  function idle() {
    for (const each of busy) each.ariaBusy = null;
    busy.clear();
    clearTimeout(timer);
    note?.remove();
  }

  // The controllers are there: what was kept is theirs.
  function take() {
    bound.abort();
    if (early.wishes.length === 0) idle();
    for (const { target } of early.acts) target.ariaBusy = null;
    return early.acts.splice(0);
  }

  // The room is shown: what was wished for, with an id where it was sent.
  function end() {
    shown.abort();
    idle();
    return early.wishes.splice(0);
  }

  function wish(fields) {
    early.wishes.push({ fields, at: performance.now() });
    tell();
  }

  // Sends what the user may do. The server does once what comes twice under one id.
  function tell() {
    if (!rights || socket?.readyState !== 1) return;
    for (const [n, each] of early.wishes.entries()) {
      if (each.id || !rights.includes(each.fields.type === "say" ? "chat" : "play")) continue;
      each.id = `early-${prefix}-${n}`;
      socket.send(JSON.stringify({ ...each.fields, id: each.id }));
    }
  }

  const OTHER = { play: "pause", pause: "play", volume: "mute", mute: "volume" };

  function sign(button, name) {
    button.querySelector("use").setAttribute("href", `#i-${name}`);
    button.ariaLabel = button.dataset[name] ?? button.ariaLabel;
  }

  function press(button) {
    const type = button.querySelector("use").getAttribute("href").slice(3);
    for (const each of document.querySelectorAll("#toggle, #mini-toggle")) sign(each, OTHER[type]);
    wait(button);
    wish({ type });
  }

  function say() {
    const field = byId("say-text");
    const text = field.value.trim();
    if (!text) return;
    const line = Object.assign(document.createElement("li"), { className: "line is-pending" });
    line.append(Object.assign(document.createElement("p"), { className: "line-text", textContent: text }));
    byId("lines").append(line);
    byId("chat-empty").hidden = true;
    wait(line);
    field.value = "";
    wish({ type: "say", text });
  }

  // Of the room: whether it plays, and whether this person may change that.
  function glimpse({ room }) {
    const { role } = room.members.find((each) => each.id === signed.user.id) ?? {};
    rights = room.rights[role] ?? [];
    const leads = rights.includes("play");
    const { entry: current, playing } = room.playback;
    // What to begin with, where nothing is current, the page knows.
    if (!current) rights = rights.filter((right) => right !== "play");
    for (const button of /** @type {any} */ (early.wishes.length > 0 ? [] : document.querySelectorAll("#toggle, #mini-toggle"))) {
      sign(button, leads ? (playing ? "pause" : "play") : "volume");
      button.disabled = leads && room.queue.length === 0;
    }
    tell();
  }

  function connect() {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/v1/${encodeURIComponent(code)}/`);
    early.socket = socket;
    const ping = () => socket.readyState === 1 && socket.send(JSON.stringify({ type: "ping", c0: performance.now() }));
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "hello", token: signed.access, reports: true }));
      tell();
      for (let n = 0; n < PINGS; n += 1) setTimeout(ping, n * PING_MS);
    };
    socket.onmessage = (event) => {
      early.heard.push({ data: event.data, at: performance.now() });
      const message = JSON.parse(event.data);
      if (message.type === "state") glimpse(message);
    };
    socket.onclose = (event) => (early.closed = event);
  }

  // As soon as it is parsed, and what comes behind it.
  function openDoor() {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("#enter + *")) return;
      watch.disconnect();
      byId("enter").showModal();
    });
    watch.observe(document, { childList: true, subtree: true });
  }

  // A guest's name is asked for before the page can do so.
  function enter(form) {
    const name = form.elements.name.value.trim();
    if (entry === "password" || !name || early.guest) return;
    const how = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name }) };
    early.guest = { name, answer: fetch("/api/auth/guest/", how) };
    early.guest.answer.catch(() => {});
  }

  const until = ({ signal }, type, run) => document.addEventListener(type, run, { capture: true, signal });
  const mine = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };

  until(shown, "click", (event) => {
    const button = event.target.closest("#toggle, #mini-toggle");
    if (!button) return;
    mine(event);
    press(button);
  });
  until(shown, "keydown", (event) => {
    if (event.target.id !== "say-text" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    mine(event);
    say();
  });
  until(shown, "submit", (event) => {
    if (event.target.id !== "say") return;
    mine(event);
    say();
  });

  until(bound, "click", ({ target }) => {
    const button = target.closest("button");
    if (!button || button.matches("#toggle, #mini-toggle") || (button.form && button.type === "submit")) return;
    const { opens, view } = button.dataset;
    if (opens) {
      if (byId(opens)?.open === false) byId(opens).showModal();
      early.opened.push(button);
      return;
    }
    if (view) document.body.dataset.view = view;
    else if ("close" in button.dataset) button.closest("dialog").close();
    else wait(button);
    early.acts.push({ type: "click", target: button });
  });
  for (const type of ["input", "change"]) {
    until(bound, type, ({ target }) => {
      early.acts = early.acts.filter((each) => each.type !== type || each.target !== target);
      early.acts.push({ type, target, value: target.value });
    });
  }
  until(bound, "submit", (event) => {
    const { target } = event;
    if (target.method === "dialog" || target.id === "say") return;
    event.preventDefault();
    wait(target);
    if (target.id === "enter-form") enter(target);
    early.acts.push({ type: "submit", target });
  });

  if (signed?.access && entry !== "password") connect();
  else if (!signed?.user) openDoor();
})();
