/**
 * The service worker: pages come from the network, and where there is none, the page that says so; files whose address
 * names their version come from the cache. `SHELL` stands before this, by the server.
 */
import { kindOf, mayKeep, outdated } from "./models/shell.js";

/** @type {{version: string, page: string, files: string[]}} */
const { version, page, files } = self.SHELL;
const NAME = `roomd-${version}`;

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const kind = kindOf(event.request, location.origin);
  if (kind === "page") event.respondWith(pageFrom(event));
  if (kind === "file") event.respondWith(fileFrom(event.request));
});

async function fill() {
  const cache = await caches.open(NAME);
  await cache.addAll([page, ...files]);
}

async function takeOver() {
  for (const name of outdated(await caches.keys(), NAME)) await caches.delete(name);
  // The page is asked for while the worker starts, so that it costs no time on a slow phone.
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

async function pageFrom({ request, preloadResponse }) {
  try {
    return (await preloadResponse) ?? (await fetch(request));
  } catch {
    return (await caches.match(page)) ?? Response.error();
  }
}

async function fileFrom(request) {
  const cache = await caches.open(NAME);
  const known = await cache.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (mayKeep({ ok: answer.ok, cached: answer.headers.get("Cache-Control") })) await cache.put(request, answer.clone());
  return answer;
}
