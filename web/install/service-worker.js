// Keeps the page for use without a network, all files of one version or none.
//
// The build fills in the two constants: the version, which changes with any byte of any file, and every file with its
// SHA-256. A new version is taken as a whole while the old one goes on being served; it takes over when the page asks.

const VERSION = "{{version}}";
const FILES = "{{files}}";

const KEPT = `vhd-analyser ${registration.scope} `;
const CACHE = KEPT + VERSION;

addEventListener("install", (event) => event.waitUntil(take()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("message", ({ data }) => data === "take over" && skipWaiting());
addEventListener("fetch", (event) => {
  const file = fileOf(event.request);
  if (file !== undefined) {
    event.respondWith(serve(file, event.request));
  }
});

// A server that is just being given a new version hands out files of both: then neither is taken, and the browser
// tries again later.
async function take() {
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(Object.entries(FILES).map(([file, digest]) => keep(cache, file, digest)));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function keep(cache, file, digest) {
  const response = await fetch(file, { cache: "no-cache" });
  const bytes = await response.clone().arrayBuffer();
  if (!response.ok || (await sha256(bytes)) !== digest) {
    throw new Error(`${file} is not that of version ${VERSION}`);
  }
  await cache.put(file, response);
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith(KEPT) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

function fileOf({ method, url }) {
  const { origin, pathname } = new URL(url);
  const scope = new URL(registration.scope);
  if (method !== "GET" || origin !== scope.origin || !pathname.startsWith(scope.pathname)) {
    return undefined;
  }
  const name = pathname.slice(scope.pathname.length);
  const file = name === "" || name === "index.html" ? "./" : name;
  return Object.hasOwn(FILES, file) ? file : undefined;
}

async function serve(file, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(file)) ?? fetch(request);
}
