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
