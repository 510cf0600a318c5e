/** Below a line with a link: what stands behind it, as this server has looked it up. No other site hears of it. */
import { find, make } from "../helpers/dom.js";

/** Lines farther than this from what is seen are not looked up yet. */
const NEAR = "300px";
const AT_ONCE = 2;

/** @returns {(element: HTMLElement, link: string) => void} shows the preview of a link below a line, once it comes near */
export function bindPreviews({ api, code, root }) {
  const known = new Map();
  const links = new WeakMap();
  const waiting = [];
  let running = 0;

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        waiting.push(target);
      }
      next();
    },
    { root, rootMargin: NEAR },
  );

  function next() {
    while (running < AT_ONCE && waiting.length > 0) {
      running += 1;
      show(waiting.pop()).finally(() => {
        running -= 1;
        next();
      });
    }
  }

  async function show(element) {
    const link = links.get(element);
    if (!known.has(link)) known.set(link, api("GET", `/api/rooms/${code}/preview/?url=${encodeURIComponent(link)}`).catch(() => null));
    const found = await known.get(link);
    if (found === null) known.delete(link);
    if (!found?.title || !element.isConnected) return;
    const height = root.scrollHeight;
    const below = element.getBoundingClientRect().top > root.getBoundingClientRect().bottom;
    find(".line-text", element).after(card(link, found));
    // Whoever reads goes on seeing the lines that they see; the latest one too.
    if (!below) root.scrollTop += root.scrollHeight - height;
  }

  function card(link, { site, title, description, picture }) {
    const shown = picture && make("img", { src: picture, alt: "", width: "64", height: "64" });
    const text = make("span", { class: "preview-text" }, make("span", { class: "preview-site" }, site), make("strong", {}, title), description && make("span", { class: "preview-more" }, description));
    return make("a", { class: "preview", href: link, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, shown, text);
  }

  return (element, link) => {
    links.set(element, link);
    watcher.observe(element);
  };
}
