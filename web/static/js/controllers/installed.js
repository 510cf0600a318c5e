/** The service worker, and the note that a new version of the pages is there. */
import { t } from "../models/words.js";
import { toast } from "../helpers/toast.js";

/** Begins when the page is done with what is seen. Browsers have workers on https pages and on localhost only. */
export function keepInstalled() {
  if (!navigator.serviceWorker) return;
  if (document.readyState === "complete") register();
  else addEventListener("load", register);
}

async function register() {
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.register("/sw.js").catch(() => null);
  if (!registration) return;
  let wanted = false;
  const offer = (worker) => {
    const run = () => {
      wanted = true;
      worker.postMessage("take over");
    };
    // The first one ever replaces nothing.
    if (serviceWorker.controller) toast(t("A new version is there."), { does: { label: t("Reload"), run } });
  };
  serviceWorker.addEventListener("controllerchange", () => wanted && location.reload());
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => worker.state === "installed" && offer(worker));
  });
}
