/**
 * Two clocks of a measured page: the truth, which measures and moves nothing, and the one that the page itself sees, which
 * may be set wrongly and run too fast.
 */

/** Pings of one look at the server's clock, and the pauses between pings and between looks. The server takes 60 at once. */
const LOOK = { pings: 40, everyMs: 25, againMs: 2_500 };

/**
 * The page's monotonic and wall clocks are `offset` milliseconds ahead and gain `ppm`. To be called before any code of the page.
 * @returns {() => number} the monotonic clock as it really is
 */
function skewClocks({ offset, ppm }) {
  const monotonic = performance.now.bind(performance);
  const wall = Date.now.bind(Date);
  if (offset === 0 && ppm === 0) return monotonic;
  const skewed = (real) => real + offset + monotonic() * ppm * 1e-6;
  performance.now = () => skewed(monotonic());
  Date.now = () => skewed(wall());
  // Web Audio tells its own time by the monotonic clock.
  const stamp = AudioContext.prototype.getOutputTimestamp;
  AudioContext.prototype.getOutputTimestamp = function () {
    const { contextTime, performanceTime } = stamp.call(this);
    return { contextTime, performanceTime: performanceTime + offset + performanceTime * ppm * 1e-6 };
  };
  return monotonic;
}

/**
 * Room time by pings over a socket of its own, which no proxy delays; it never says hello, so the room does not know of it.
 * @param {() => number} now
 * @returns {{at: number, upper: number, lower: number}[]} of each look, what room time minus `now` lies between
 */
function findTruth(now, url) {
  const looks = [];
  const look = () => {
    const socket = new WebSocket(url);
    const bounds = { at: now(), upper: Infinity, lower: -Infinity };
    let left = LOOK.pings;
    const ping = () => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (left === 0) {
        socket.close();
        return;
      }
      left -= 1;
      socket.send(JSON.stringify({ type: "ping", id: left, c0: now() }));
      setTimeout(ping, LOOK.everyMs);
    };
    socket.onopen = ping;
    socket.onmessage = ({ data }) => {
      const c3 = now();
      const { type, c0, s1, s2 } = JSON.parse(data);
      if (type !== "pong") return;
      if (looks.at(-1) !== bounds) looks.push(bounds);
      bounds.upper = Math.min(bounds.upper, s1 - c0);
      bounds.lower = Math.max(bounds.lower, s2 - c3);
    };
    socket.onclose = () => setTimeout(look, LOOK.againMs);
  };
  look();
  return looks;
}
