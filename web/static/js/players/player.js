/**
 * What plays tracks on this device, behind one interface. The deck tells a player where the room is; a player never moves
 * the room. All times are milliseconds; `now()` of the clock is room time.
 *
 * @typedef {{entry: string, url: string, kind?: "audio" | "video", mime?: string, source?: string,
 *   duration_ms?: number | null, gain_db?: number | null}} Track
 * @typedef {{volume: number, muted: boolean, even: boolean}} Level how loud this device is (0 to 1), and whether tracks are
 *   to sound equally loud
 * @typedef {"started" | "over" | "overtaken" | "blocked" | "failed"} Outcome
 * @typedef {"fine" | "busy" | "interrupted" | "over"} Condition
 * @typedef {{type: "loaded", duration_ms: number | null} | {type: "measured", duration_ms: number} | {type: "failed"}} PlayerEvent
 *
 * @typedef {object} Player
 * @property {string} name how it is called where people and measurements see it: webaudio, element, jumping, youtube, live
 * @property {(event: PlayerEvent) => void} tell set by the deck. `loaded`: positions and the length mean something
 *   now. `measured`: how long it is, where that was found out later. `failed`: this track will not play here
 * @property {number | null} position where it is, in milliseconds into the track; null where there is no such thing
 * @property {boolean} ready whether it could start at any instant from where it was last told to be
 * @property {boolean} [alone] what holds it up now is its own affair, and a room does not wait for it
 * @property {(track: Track, how?: {ahead?: boolean}) => void} load begins to load a track, in place of what it had; `ahead`:
 *   it is to be played later, so that may take its time
 * @property {() => void} unload lets go of the track, silent
 * @property {(position: number) => void} stand silent at a place, and ready to start from there
 * @property {(line: {playback: import("../client/room.js").Playback, trim: number, overtaken: () => boolean}) =>
 *   Promise<Outcome>} start makes it heard on the line from `playback.as_of` on, or as soon as that can be; the device plays
 *   `trim` ahead. Resolves when it runs, will run without further help, or cannot. After `overtaken()` is true it must not
 *   be heard any more
 * @property {(rate: number) => void} setRate the line goes on where it is, at another rate
 * @property {(expected: () => number, rate: number) => Condition} tick called every 50 ms while it runs: keeps it on the
 *   line, whose position now (trim included) is `expected()`
 * @property {(level: Level) => void} level
 * @property {(() => void)} [unlock] called in a gesture, so that the browser lets it sound from then on
 * @property {() => {correction: number, seeks: number, writes: number}} effort what it does to stay on the line
 */

export {};
