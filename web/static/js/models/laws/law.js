/**
 * The laws that keep a player on the room's line. Each is a module of pure functions behind one interface: it is told how
 * far the player is behind (`error`, ms; negative when ahead) and answers what to do. Nothing here reads a clock or
 * touches a player.
 *
 * - `newLaw(now, options)`: the player begins to be heard now.
 * - `step(law, {now, error, base})`: one reading, at the room's rate `base`; answers the law as it then is, and an action.
 * - `settled(law, now, landed)`: after a stall or a jump; old readings say nothing. `landed`: the jump was the law's own,
 *   so its miss is learned.
 * - `learned(law)`: what is worth keeping for the next time: `options` of `newLaw`.
 *
 * `nudge.js` is for players that follow their rate exactly, `jumps.js` for those whose rate must not be touched, `coarse.js`
 * for those with a few rates of their own.
 *
 * @typedef {{type: "hold"} | {type: "rate", correction: number} | {type: "seek", lead: number, correction: number}} Action
 *   `correction`: so much faster than the room's rate (0.002 is 0.2 %); `lead`: so far ahead of the line to go (ms)
 */

/** How often a law wants a reading. */
export const TICK_MS = 50;

export function hold(law) {
  return { law, action: { type: "hold" } };
}
