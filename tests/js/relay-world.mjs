/** A deck with a media element and a Web Audio player in one, on simulated time. */
import assert from "node:assert/strict";

import { ElementPlayer } from "../../web/static/js/players/element.js";
import { RelayPlayer } from "../../web/static/js/players/relay.js";
import { ROOM_AHEAD, answer, line, world } from "./audio-world.mjs";
import { FakeElement } from "./fake-element.mjs";

/** Fetching and decoding take `fetchMs`; what both players say at once is noted every 10 ms. */
export function given({ fetchMs = 600, element: of = {}, fetch } = {}) {
  const elements = [];
  const asked = [];
  const slow = async () => {
    asked.push(w.timers.now());
    await new Promise((resolve) => w.timers.set(resolve, fetchMs));
    return answer();
  };
  const arranged = ({ players, timers, clock }) =>
    players.map((exact) => {
      const element = new FakeElement(timers, of);
      elements.push(element);
      const quick = new ElementPlayer({ element, clock, nudges: true, set: timers.set });
      return new RelayPlayer({ exact, quick, clock, set: timers.set });
    });
  const w = world({ fetch: fetch ?? slow, lookMs: 0.05, arranged });
  const all = [];
  const run = async (ms) => {
    for (let passed = 0; passed < ms; passed += 10) {
      await w.run(10);
      const sounds = [...w.context.heard(), ...elements.map((each) => each.heard())].filter(Boolean);
      all.push({ room: w.timers.now() + ROOM_AHEAD, sounds, by: w.deck.player?.name ?? null, mode: w.deck.mode });
    }
  };
  return { ...w, elements, asked, run, all, name: () => w.deck.player?.name };
}

/** How far all that was heard was off the line, each voice for itself. */
export const off = (all, { position = 0, rate = 1, as_of }) =>
  all.flatMap(({ room, sounds }) => sounds.map(({ place }) => place - (position + rate * (room - as_of))));
export const loudness = ({ sounds }) => sounds.reduce((sum, each) => sum + each.volume, 0);
/** From the first moment on at which something was heard. */
export const since = (all) => all.slice(all.findIndex(({ sounds }) => sounds.length > 0));
export const LATE = { as_of: -60_000 };

/** Just when the exact one was told its instant, and the quick one still plays. */
export async function handingOver(more) {
  const w = given(more);
  w.deck.follow(line(LATE));
  for (let n = 0; n < 400 && w.context.sources.length === 0; n += 1) await w.run(10);
  assert.equal(w.name(), "element");
  w.all.length = 0;
  return w;
}
