/** Whether the room hears us: a quiet dot while it does, a band with a countdown while it does not. */
import { find, setText } from "../helpers/dom.js";
import { t } from "../models/words.js";

const WORDS = { connecting: t("Connecting"), live: t("Live"), waiting: t("Reconnecting"), offline: t("Offline"), ended: "" };
/** A break shorter than this needs no band across the page. */
const PATIENCE_MS = 1_200;
/** Opening a room takes a moment; one that slept, or a busy server, several. */
const SLOW_MS = 3_000;

export function bindBanner({ client }) {
  const status = find("#status");
  const banner = find("#banner");
  const text = find(".banner-text", banner);
  const retry = find("button", banner);
  let brokenAt = null;
  let wasLive = false;
  let openingSince = null;

  retry.addEventListener("click", () => client.connection.retryNow());
  addEventListener("online", () => client.connection.retryNow());
  addEventListener("offline", render);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && client.connection.retryNow());

  function phaseNow() {
    const { phase } = client.status;
    return phase === "waiting" && !navigator.onLine ? "offline" : phase;
  }

  function sentence(phase) {
    if (phase === "offline") return t("This device is offline. The room goes on; you come back by yourself.");
    const left = Math.max(0, Math.ceil((client.status.retryAt - performance.now()) / 1_000));
    return phase === "waiting" && left > 0 ? t("The connection is gone. Trying again in {left} s", { left }) : t("Reconnecting…");
  }

  function render() {
    const phase = phaseNow();
    status.dataset.phase = phase;
    setText(find(".status-text", status), WORDS[phase]);
    wasLive ||= phase === "live";
    // Nothing is opened yet while somebody is asked for their name.
    const opening = !wasLive && phase === "connecting" && !find("dialog[open]");
    openingSince = opening ? (openingSince ?? performance.now()) : null;
    if (phase === "live" || phase === "ended" || phase === "door" || (!wasLive && phase === "connecting")) brokenAt = null;
    else brokenAt ??= performance.now();
    const slow = opening && performance.now() - openingSince > SLOW_MS;
    banner.hidden = !slow && (brokenAt === null || performance.now() - brokenAt < PATIENCE_MS);
    banner.dataset.phase = phase;
    retry.hidden = phase === "connecting";
    if (!banner.hidden) setText(text, opening ? t("Opening the room. One that slept takes a little longer…") : sentence(phase));
  }

  setInterval(render, 500);
  return { render };
}
