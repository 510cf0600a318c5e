/**
 * The service worker: pages come from the network, and where there is none, the page that says so; files whose address
 * names their version come from the cache. `SHELL` stands before this, by the server.
 */
import { kindOf, mayKeep, outdated } from "./models/shell.js";

/** @type {{version: string, page: string, files: string[]}} */
const { version, page, files } = /** @type {any} */ (self).SHELL;
/** @type {any} what TypeScript knows of a service worker does not go together with what it knows of pages */
const worker = self;
const NAME = `roomd-${version}`;

worker.addEventListener("install", (event) => event.waitUntil(fill()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("message", ({ data }) => data === "take over" && worker.skipWaiting());
worker.addEventListener("fetch", (event) => {
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
  await worker.registration.navigationPreload?.enable();
  await worker.clients.claim();
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
