/**
 * What other systems do, by their published formulas, put in place of this page's own law or clock: same browser, same media,
 * same pings. `player.tick` of the interface in players/player.js is what is replaced.
 */

/** What a law is told: how far the player is behind (ms), where it is to be, and how to get there. */
const LAWS = {
  /** Nothing at all: as it starts, so it stays. */
  off: () => () => {},

  /** OpenTogetherTube: a jump beyond a second, looked at four times a second. */
  "one-second": () => {
    let looked = -Infinity;
    return ({ error, now, jump }) => {
      if (now - looked < 250) return;
      looked = now;
      if (Math.abs(error) > 1_000) jump();
    };
  },

  /**
   * Jellyfin SyncPlay with its correction on: from 60 ms to 3 s a rate of 1 + difference in seconds for a second, beyond a
   * jump; then a second and a half without looking. The pitch is preserved, as it is in an element by default.
   */
  jellyfin: (element) => {
    element.preservesPitch = true;
    let looked = -Infinity;
    let until = Infinity;
    return ({ error, now, rate, jump, setRate }) => {
      if (now >= until) {
        setRate(rate);
        until = Infinity;
      }
      if (now - looked < 1_500 || Math.abs(error) < 60) return;
      looked = now;
      if (Math.abs(error) > 3_000) jump();
      else {
        setRate(Math.max(0.2, rate * (1 + error / 1_000)));
        until = now + 1_000;
      }
    };
  },
};

/** Every player of the deck follows that law from now on, instead of its own. */
function steerBy(deck, name) {
  const replaced = new WeakSet();
  const tick = deck.tick.bind(deck);
  deck.tick = () => {
    const { player } = deck;
    if (player && !replaced.has(player)) {
      replaced.add(player);
      replaceLaw(player, name);
    }
    tick();
  };
}

function replaceLaw(player, name) {
  const { element } = player.voice;
  const law = LAWS[name](element);
  const effort = { correction: 0, seeks: 0, writes: 0 };
  player.effort = () => ({ ...effort });
  player.tick = (expected, rate) => {
    if (element.ended) return "over";
    if (element.paused) return "interrupted";
    if (element.seeking || element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return "busy";
    law({
      error: expected() - element.currentTime * 1_000,
      now: performance.now(),
      rate,
      jump: () => {
        element.currentTime = expected() / 1_000;
        effort.seeks += 1;
      },
      setRate: (wanted) => {
        element.playbackRate = wanted;
        effort.correction = wanted / rate - 1;
        effort.writes += 1;
      },
    });
    return "fine";
  };
}

/**
 * The clock of Jellyfin and others, from the page's own pings: of the last eight, the one with the shortest way, by halves.
 * @returns {() => number | null} room time by it
 */
function watchPings(clock) {
  const latest = [];
  const add = clock.add.bind(clock);
  const trip = ({ c0, s1, s2, c3 }) => c3 - c0 - (s2 - s1);
  clock.add = (ping) => {
    latest.push(ping);
    if (latest.length > 8) latest.shift();
    add(ping);
  };
  return () => {
    if (latest.length === 0) return null;
    const { c0, s1, s2, c3 } = latest.reduce((best, each) => (trip(each) < trip(best) ? each : best));
    return clock.local() + (s1 - c0 + s2 - c3) / 2;
  };
}
