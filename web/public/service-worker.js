// The console without a network: its page and its files, and nothing of what the server knows. Answers of the API are never
// stored: whoever opens the console offline sees that it is offline, not an incident of yesterday.
const CACHE = "onrecall-console-1";
const SHELL = "/";
const MOST_FILES = 200;
const isFile = (url) => url.origin === location.origin && url.pathname.startsWith("/static/assets/");

self.addEventListener("install", (event) => {
  event.waitUntil(storeShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && isPage(url)) event.respondWith(page(request));
  else if (isFile(url)) event.respondWith(file(request));
});

self.addEventListener("push", (event) => {
  event.waitUntil(notify(event.data));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openIncident(event.notification.data?.incident));
});

/** Shows a new incident; browsers show title and body as plain text. A browser wants to see something for each message. */
function notify(data) {
  let message = {};
  try {
    message = data?.json() ?? {};
  } catch {
    // whatever came is not of this server's channel
  }
  const { incident = "", title = "New incident", body = "" } = message;
  return self.registration.showNotification(String(title), {
    body: String(body), tag: `incident ${incident}`, data: { incident: String(incident) }, icon: "/static/icon-192.png", badge: "/static/icon-192.png",
  });
}

/** Opens an incident's page, in a window of the console if there is one. */
async function openIncident(incident) {
  const path = incident ? `/incidents/${encodeURIComponent(incident)}` : SHELL;
  const [open] = await self.clients.matchAll({ type: "window" });
  const shown = await open?.navigate(path).catch(() => undefined);
  await (shown ? shown.focus() : self.clients.openWindow(path));
}

/** Whether the console is at an address; the API, its description and downloads are not. */
function isPage(url) {
  return url.origin === location.origin && !/^\/(api|static|docs|metrics|mcp|openapi\.json|healthz|readyz|sign-in\/callback)(\/|$)/.test(url.pathname);
}

/** The page with the files that it names, as the server has them now. */
async function storeShell() {
  const cache = await caches.open(CACHE);
  const shell = await fetch(SHELL, { cache: "no-store" });
  if (!shell.ok) throw new Error(`the console answers ${shell.status}`);
  const text = await shell.clone().text();
  const files = [...new Set([...text.matchAll(/(?:src|href)="(\/static\/assets\/[^"]+)"/g)].map(([, path]) => path))];
  await cache.addAll(files);
  await cache.put(SHELL, shell);
}

/** From the server; without it, the stored page, which says that it is offline. */
async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const stored = await caches.match(SHELL, { cacheName: CACHE });
    if (stored) return stored;
    throw error;
  }
}

/** A file's name changes with its content, so a stored one is right. */
async function file(request) {
  const cache = await caches.open(CACHE);
  const stored = await cache.match(request);
  if (stored) return stored;
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request, answer.clone());
    if (request.destination === "script" && new URL(request.url).pathname.includes("/index-")) await storeShell().catch(() => undefined);
    await dropOldest(cache);
  }
  return answer;
}

async function dropOld() {
  for (const name of await caches.keys()) if (name.startsWith("onrecall-console-") && name !== CACHE) await caches.delete(name);
}

/** Files of versions long gone. */
async function dropOldest(cache) {
  const files = (await cache.keys()).filter((request) => isFile(new URL(request.url)));
  for (const old of files.slice(0, Math.max(0, files.length - MOST_FILES))) await cache.delete(old);
}
