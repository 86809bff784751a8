// One story out of what is recorded of an incident: its events, the changes before it, and what people wrote.
import type { Schemas } from "./api/client";
import { durationText, VERDICT } from "./format";

type Event = Schemas["EventOut"];
type Change = Schemas["ChangeBeforeOut"];

export type Kind = "alert" | "change" | "answer" | "person" | "end";
export interface TimelineEntry {
  key: string;
  at: string;
  kind: Kind;
  text: string;
  /** What somebody wrote, in Markdown. */
  note?: string;
  by: string | null;
}

/** In the order in which it happened; what happened in the same moment stays in the order in which it was told. */
export function timelineOf(events: readonly Event[], changes: readonly Change[]): TimelineEntry[] {
  const entries = [...changes.map(ofChange), ...withoutRepeatedAnswers(events.map(ofEvent))];
  return entries.map((entry, n) => ({ entry, n })).sort((a, b) => Date.parse(a.entry.at) - Date.parse(b.entry.at) || a.n - b.n).map(({ entry }) => entry);
}

/** An answer that says what the one before it said is left out. */
function withoutRepeatedAnswers(entries: readonly TimelineEntry[]): TimelineEntry[] {
  let last = "";
  return entries.filter((entry) => {
    if (entry.kind !== "answer" || !entry.text.startsWith("Answered")) return true;
    const isNew = entry.text !== last;
    last = entry.text;
    return isNew;
  });
}

const ofChange = (change: Change): TimelineEntry => ({
  key: `change ${change.source} ${change.key}`, at: change.at, kind: "change", by: null,
  text: `${change.kind === "deployment" ? "Deployed" : "Changed"}${change.service ? ` ${change.service}` : ""}: ${change.title} (${change.minutes_before < 1 ? "just" : durationText(change.minutes_before * 60)} before)`,
});

function ofEvent(event: Event): TimelineEntry {
  const [kind, text] = TOLD[event.type]?.(event.detail) ?? ["person", event.type.replaceAll("_", " ")];
  const note = event.type === "noted" ? word(event.detail, "text") : "";
  return { key: String(event.seq), at: event.at, kind, text, by: event.by, ...(note ? { note } : {}) };
}

type Detail = Event["detail"];
const word = (detail: Detail, name: string): string => (["string", "number"].includes(typeof detail[name]) ? String(detail[name]) : "");
const words = (detail: Detail, name: string): string => (Array.isArray(detail[name]) ? (detail[name] as unknown[]).map(String).join(", ") : "");
const alerts = (count: string): string => (count === "1" ? "1 alert" : `${count} alerts`);

/** "Changed severity from low to high, title from “A” to “B”, labels region, zone" */
function edited(detail: Detail): string {
  const [from, to] = [values(detail["from"]), values(detail["to"])];
  const parts = Object.keys(to).map((name) => {
    if (name === "labels") return `labels ${Object.keys(values(to[name])).join(", ")}`;
    return `${name} from ${shown(from[name])} to ${shown(to[name])}`;
  });
  return `Changed ${parts.join(", ") || words(detail, "fields")}`;
}

/** "Action item done: …", or what else was changed on it. */
function changedAction(detail: Detail): string {
  const [from, to] = [values(detail["from"]), values(detail["to"])];
  if (to["state"]) return `Action item ${to["state"] === "open" ? "reopened" : shown(to["state"])}: ${word(detail, "text")}`;
  const parts = Object.keys(to).map((name) => `${name} from ${shown(from[name])} to ${shown(to[name])}`);
  return `Action item ${word(detail, "number")} changed: ${parts.join(", ")}`;
}

const values = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(", ") || "none";
  return typeof value === "string" && value ? (/\s/.test(value) ? `“${value}”` : value) : "none";
}

const TOLD: Readonly<Record<string, (detail: Detail) => [Kind, string]>> = {
  opened: () => ["alert", "Opened"],
  alerted: (detail) => ["alert", `${alerts(word(detail, "count"))}${detail["first_heard"] === "over" ? ", already ended when received" : ""}: ${words(detail, "titles")}${words(detail, "services") && ` (${words(detail, "services")})`}`],
  noted: (detail) => ["person", word(detail, "source") === "onrecall" ? "Wrote" : `Wrote in ${word(detail, "source")}`],
  action_added: (detail) => ["person", `Action item added: ${word(detail, "text")}`],
  action_changed: (detail) => ["person", changedAction(detail)],
  acknowledged: (detail) => ["person", word(detail, "source") ? `Acknowledged in ${word(detail, "source")}` : "Acknowledged"],
  assigned: (detail) => ["person", word(detail, "assignee") ? `Assigned to ${word(detail, "assignee")}` : "Unassigned"],
  edited: (detail) => ["person", edited(detail)],
  recommended: (detail) => ["answer", `Answered: ${VERDICT[word(detail, "verdict") as keyof typeof VERDICT]?.words.toLowerCase() ?? word(detail, "verdict")}`],
  rated: (detail) => ["person", word(detail, "verdict") === "helped" ? "Rated the answer helpful" : "Rated the answer not helpful"],
  checked: (detail) => ["person", `Checked, ${detail["result"] === "same" ? "as it was then" : "not as it was then"}: ${word(detail, "text")}`],
  resolved: (detail) => ["end", detail["by_alerts"] ? "Ended: no alert fires any more" : Number(detail["version"] ?? 1) > 1 ? `Resolution corrected, version ${word(detail, "version")}` : "Resolved"],
  reopened: (detail) => ["alert", detail["by_alerts"] ? "Reopened: alerts fire again" : "Reopened: it had not ended"],
  linked: (detail) => ["answer", `A ${word(detail, "kind")} of ${word(detail, "incident")}`],
  merged: (detail) => ["person", word(detail, "into") ? `Merged into ${word(detail, "into")}` : `${word(detail, "incident")} was merged into it`],
  split: (detail) => ["person", word(detail, "out_of") ? `Split off ${word(detail, "out_of")}` : `${word(detail, "incident")} was split off`],
};
