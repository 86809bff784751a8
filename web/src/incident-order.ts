// The order of Now, as its address has it, and incidents under the name of their service.
import type { IncidentSummary } from "./format";

/** `short` is what a phone's list of orders has room for. */
export const COLUMNS = [
  { sort: "severity", name: "Severity", first: "desc", words: { desc: "most severe first", asc: "least severe first" }, short: { desc: "Severest first", asc: "Mildest first" } },
  { sort: "service", name: "Service", first: "asc", words: { asc: "A to Z", desc: "Z to A" }, short: { asc: "Service A–Z", desc: "Service Z–A" } },
  { sort: "assignee", name: "Assignee", first: "asc", words: { asc: "A to Z", desc: "Z to A" }, short: { asc: "Assignee A–Z", desc: "Assignee Z–A" } },
  { sort: "started_at", name: "Age", first: "desc", words: { desc: "newest first", asc: "oldest first" }, short: { desc: "Newest first", asc: "Oldest first" } },
] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  sort: Column["sort"];
  order: "asc" | "desc";
}

export const NEWEST: Order = { sort: "started_at", order: "desc" };

/** What an address asks for; newest first where it asks for nothing that there is. */
export function orderOf(params: URLSearchParams): Order {
  const column = COLUMNS.find(({ sort }) => sort === params.get("sort"));
  if (!column) return NEWEST;
  const order = params.get("order");
  return { sort: column.sort, order: order === "asc" || order === "desc" ? order : column.first };
}

/** The order once a column's head is pressed: its own first, the other way round when it is pressed again. */
export function pressed({ sort, first }: Column, now: Order): Order {
  if (now.sort !== sort) return { sort, order: first };
  return { sort, order: now.order === "asc" ? "desc" : "asc" };
}

export interface Group {
  service: string | null;
  count: number;
}

/** Rows under the names of their services, which come in the order of their first rows. */
export function grouped(rows: readonly IncidentSummary[]): (Group | IncidentSummary)[] {
  const services = new Map<string | null, IncidentSummary[]>();
  for (const row of rows) {
    const service = row.incident.service ?? null;
    const others = services.get(service);
    if (others) others.push(row);
    else services.set(service, [row]);
  }
  return [...services].flatMap(([service, own]) => [{ service, count: own.length }, ...own]);
}

export const isGroup = (row: Group | IncidentSummary): row is Group => !("incident" in row);

const HOUR_MS = 3_600_000;

/** How loud an age is: the longer something is not over, the more it asks to be looked at. */
export function loudness(startedAt: string, now: number): "calm" | "plain" | "loud" {
  const hours = (now - Date.parse(startedAt)) / HOUR_MS;
  return hours < 1 ? "calm" : hours < 24 ? "plain" : "loud";
}
