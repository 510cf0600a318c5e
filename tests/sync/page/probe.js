/**
 * Notes, forty times a second, where the page's player is, by a clock that has nothing to do with the page's. It is put
 * before the page's own code and looks at it through `window.roomd` alone.
 */

const EVERY_MS = 25;

/** @param {{skew: {offset: number, ppm: number}, truth: string, law: string | null, clock: string | null, kept: object}} wanted */
function probe({ skew, truth, law, clock, kept }) {
  // Also runs in frames, and in pages of other addresses, where there is nothing to measure.
  if (window !== window.top || !location.pathname.startsWith("/r/")) return;
  for (const [key, value] of Object.entries(kept)) if (!localStorage.getItem(key)) localStorage.setItem(key, JSON.stringify(value));
  const now = skewClocks(skew);
  const bench = { now, looks: findTruth(now, truth), samples: [], lines: [] };
  window.bench = bench;
  // The page makes its parts, says so here, and only then opens its connection.
  whenSet("roomd", (roomd) => {
    if (law) steerBy(roomd.player, law);
    const peersClock = watchPings(roomd.clock);
    if (clock === "min-rtt") {
      const own = roomd.clock.now.bind(roomd.clock);
      roomd.clock.now = () => peersClock() ?? own();
    }
    setInterval(() => note(bench, roomd, peersClock), EVERY_MS);
  });
}

function note(bench, roomd, peersClock) {
  const state = roomd.state();
  if (!state) return;
  if (bench.lines.at(-1) !== state.playback) bench.lines.push(state.playback);
  const { player: deck } = roomd;
  const at = bench.now();
  const position = deck.actualPosition();
  const clock = roomd.clock.now();
  const { correction, seeks, writes } = deck.player?.effort() ?? { correction: 0, seeks: 0, writes: 0 };
  bench.samples.push([at, position, deck.mode, clock, peersClock(), bench.lines.length - 1, deck.player?.name ?? "", correction, seeks, writes]);
}

/** Calls `tell` with what is assigned to that name of the window, at once. */
function whenSet(name, tell) {
  let value;
  Object.defineProperty(window, name, {
    configurable: true,
    get: () => value,
    set: (given) => {
      value = given;
      tell(given);
    },
  });
}
