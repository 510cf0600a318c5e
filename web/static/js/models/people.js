/** In which order people are shown: who is here first, then by role, oneself before others of one's kind, then by name. */

const RANK = { host: 0, cohost: 1, member: 2 };

/** @param {import("../client/room.js").Member[]} members @param {string} [self] */
export function ordered(members, self) {
  const key = (member) => [member.online ? 0 : 1, RANK[member.role], member.id === self ? 0 : 1];
  return [...members].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    const differs = x.findIndex((value, index) => value !== y[index]);
    return differs < 0 ? a.name.localeCompare(b.name) : x[differs] - y[differs];
  });
}

/** @typedef {"role" | "hand_over" | "mute" | "unmute" | "kick" | "ban"} Choice */

/**
 * What somebody may do with a member: what roles allow, and what order in the room does. Nobody moderates the host, and a
 * co-host only the host.
 * @param {{you: string | undefined, member: import("../client/room.js").Member, may: (right: string) => boolean, host: string,
 *   now: number}} about `now`: room time, ms
 * @returns {Choice[]}
 */
export function choices({ you, member, may, host, now }) {
  if (member.id === you) return [];
  /** @type {Choice[]} */
  const found = [];
  if (may("roles")) found.push("role", "hand_over");
  if (may("moderate") && member.role !== "host" && (member.role === "member" || you === host)) {
    found.push(isMuted(member, now) ? "unmute" : "mute", "kick", "ban");
  }
  return found;
}

export function isMuted(member, now) {
  return member.muted_until > now;
}
