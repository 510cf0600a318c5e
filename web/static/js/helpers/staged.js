/** Work in pieces, so that what somebody presses meanwhile has its turn. */

/** A turn for everything else that waits. Timers would be held back where the page is not looked at. @returns {Promise<void>} */
function pause() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

export class Staged {
  #left = [];

  /** Does one after the other, with a pause before each. @param {(() => void)[]} work */
  async run(work) {
    this.#left = [...work];
    while (this.#left.length > 0) {
      await pause();
      this.#left.shift()?.();
    }
  }

  /** Does at once what is left. */
  finish() {
    for (const each of this.#left.splice(0)) each();
  }
}
