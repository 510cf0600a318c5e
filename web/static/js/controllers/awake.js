/** A tab that was hidden, frozen or asleep, or whose clock jumped, finds its place again; the room does not move for it. */
import { errorOf } from "./sync.js";

/** Farther off than this after a sleep, the player starts anew; what is less the law brings in. */
const FAR_MS = 250;
const LOOK_MS = 1_000;
/** Timers of hidden tabs come once a second; a look that comes so late was held back by more than that. */
const SLEPT_MS = 4_000;

export function bindAwake({ client, deck }) {
  let looked = performance.now();
  let restarts = client.clock.restarts;

  function wake() {
    client.connection.retryNow();
    findPlace();
  }

  function findPlace() {
    const error = errorOf(deck);
    if (error !== null && Math.abs(error) > FAR_MS) deck.resync();
    else deck.resume();
  }

  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
  document.addEventListener("resume", wake);
  addEventListener("pageshow", ({ persisted }) => persisted && wake());
  setInterval(() => {
    const now = performance.now();
    if (now - looked > SLEPT_MS) wake();
    looked = now;
    // What was begun or ended by a clock that then proved wrong is looked at again by the right one.
    if (client.clock.restarts === restarts || !client.clock.ready) return;
    restarts = client.clock.restarts;
    findPlace();
  }, LOOK_MS);
}
