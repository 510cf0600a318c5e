/** The room's rules as its settings show them. Pure. */

/**
 * Which preset the rights of members are; told by the rights in which the presets differ.
 * @param {Record<string, string[]>} rights @returns {"host_only" | "party" | "everyone_pauses" | "everyone_controls"}
 */
export function presetOf({ member }) {
  if (member.includes("skip")) return "everyone_controls";
  if (member.includes("play")) return "everyone_pauses";
  return member.includes("add") ? "party" : "host_only";
}

/**
 * The commands that make the room's rules those of the form, one after the other.
 * @param {import("../client/room.js").Room} state
 * @param {{settings: Record<string, any>, entry_mode: string, password: string, preset: string}} wanted
 * @param {(right: string) => boolean} may
 * @returns {[string, object][]} name and fields of each
 */
export function rulesChanged(state, { settings, entry_mode, password, preset }, may) {
  const changes = Object.entries(settings).filter(([name, value]) => state[name] !== value);
  /** @type {[string, object][]} */
  const commands = [];
  if (changes.length > 0) commands.push(["set", Object.fromEntries(changes)]);
  if (entry_mode !== state.entry_mode || (entry_mode === "password" && password)) {
    commands.push(["door", { entry_mode, ...(entry_mode === "password" && password && { password }) }]);
  }
  if (may("roles") && preset !== presetOf(state.rights)) commands.push(["permit", { preset }]);
  return commands;
}
