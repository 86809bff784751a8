// The files of the pages, and what a page asks first: known before any of them has come.
import { nowQuery } from "./now-query";

export const PAGE_FILES = {
  actions: () => import("./pages/actions"),
  ask: () => import("./pages/ask"),
  incidents: () => import("./pages/incident"),
  memory: () => import("./pages/memory"),
  recurrences: () => import("./pages/recurrences"),
  services: () => import("./pages/services"),
  "sign-in": () => import("./pages/sign-in"),
  system: () => import("./pages/system"),
  trust: () => import("./pages/trust"),
} as const;

/** The loader of the page at a path; nothing for Now, which comes with the console, and for no page. */
export function pageFileAt(path: string): (() => Promise<unknown>) | undefined {
  const [, place = ""] = path.split("/");
  return Object.hasOwn(PAGE_FILES, place) ? PAGE_FILES[place as keyof typeof PAGE_FILES] : undefined;
}

/** The addresses of the answers without which the page at an address has nothing to show. */
export function firstQuestions(path: string, search: string): string[] {
  const [, place = "", ...rest] = path.split("/");
  if (place === "") return [`/api/v1/now?${new URLSearchParams(Object.entries(nowQuery(new URLSearchParams(search))).map(([name, value]) => [name, String(value)]))}`];
  const incident = rest.join("/");
  if (place === "incidents" && incident) return [`/api/v1/incidents/${incident}`, `/api/v1/incidents/${incident}/recommendation`];
  return [];
}
