/** Whether the room hears us: a quiet dot while it does, a band with a countdown while it does not. */
import { find, setText } from "../helpers/dom.js";

const WORDS = { connecting: "Connecting", live: "Live", waiting: "Reconnecting", offline: "Offline", ended: "" };
/** A break shorter than this needs no band across the page. */
const PATIENCE_MS = 1_200;

export function bindBanner({ client }) {
  const status = find("#status");
  const banner = find("#banner");
  const text = find(".banner-text", banner);
  const retry = find("button", banner);
  let brokenAt = null;
  let wasLive = false;

  retry.addEventListener("click", () => client.connection.retryNow());
  addEventListener("online", () => client.connection.retryNow());
  addEventListener("offline", render);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && client.connection.retryNow());

  function phaseNow() {
    const { phase } = client.status;
    return phase === "waiting" && !navigator.onLine ? "offline" : phase;
  }

  function sentence(phase) {
    if (phase === "offline") return "This device is offline. The room goes on; you come back by yourself.";
    const left = Math.max(0, Math.ceil((client.status.retryAt - performance.now()) / 1_000));
    return phase === "waiting" && left > 0 ? `The connection is gone. Trying again in ${left} s` : "Reconnecting…";
  }

  function render() {
    const phase = phaseNow();
    status.dataset.phase = phase;
    setText(find(".status-text", status), WORDS[phase]);
    wasLive ||= phase === "live";
    if (phase === "live" || phase === "ended" || !wasLive && phase === "connecting") brokenAt = null;
    else brokenAt ??= performance.now();
    banner.hidden = brokenAt === null || performance.now() - brokenAt < PATIENCE_MS;
    retry.hidden = phase === "connecting";
    if (!banner.hidden) setText(text, sentence(phase));
  }

  setInterval(render, 500);
  return { render };
}
