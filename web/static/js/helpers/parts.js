/** Parts of a page's script that are asked for when they are first needed; the server names their addresses in the page. */
import { find } from "./dom.js";

/**
 * What a part exports. Fails where the server does not answer.
 * @param {string} name as in `<meta name="part-emoji" content="…">` @returns {Promise<any>}
 */
export function part(name) {
  return import(find(`meta[name=part-${name}]`).content);
}
