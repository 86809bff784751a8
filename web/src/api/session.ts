// The session of this browser: a cookie that no script reads, and the token that each change repeats in a header.
const CSRF_COOKIES = ["__Host-onrecall-csrf", "onrecall-csrf"];
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const listeners = new Set<() => void>();
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("onrecall-session");
if (tabs) tabs.onmessage = () => notify();

/** The token in a page's cookies; null without a session. */
export function csrfToken(cookies: string): string | null {
  const pairs = cookies.split("; ").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)] as const);
  const token = CSRF_COOKIES.map((name) => pairs.find(([cookie]) => cookie === name)?.[1]).find(Boolean);
  return token ?? null;
}

/** What a request needs beside the cookie: nothing to read, the token to change something. */
export function sessionHeaders(method: string): Record<string, string> {
  const token = SAFE.has(method) ? null : csrfToken(document.cookie);
  return token ? { "X-CSRF-Token": token } : {};
}

/** Calls back whenever somebody signs in or out, in this tab or another. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells every tab of this browser that somebody signed in or out. */
export function announceSession(): void {
  notify();
  tabs?.postMessage("changed");
}

function notify(): void {
  for (const listener of listeners) listener();
}

/** Where to go on after signing in: a path of this console, and nothing that could lead elsewhere. */
export function localPath(wanted: string | null): string {
  if (!wanted || !/^\/(?![/\\])[^\\\s]*$/.test(wanted) || wanted.startsWith("/sign-in/")) return "/";
  return wanted;
}
