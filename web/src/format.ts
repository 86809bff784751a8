// Words for what the API says in codes, and times and numbers as people read them.
import type { Schemas } from "./api/client";

export type Recommendation = Schemas["RecommendationOut"];
export type Incident = Schemas["IncidentOut"];
/** An incident with what its page shows first. */
export type IncidentSeen = Schemas["IncidentSeenOut"];
export type SecondOpinion = Schemas["SecondOpinionOut"];
export type Step = Schemas["StepOut"];
export type Check = Schemas["CheckOut"];
export type Evidence = Schemas["EvidenceOut"];
export type IncidentSummary = Schemas["IncidentSummaryOut"];
export type Change = Schemas["ChangeBeforeOut"];
export type Outcome = Schemas["ResolutionStepOut"]["outcome"];

export const VERDICT = {
  known: { words: "Seen before", color: "teal", filled: "teal.9" },
  similar: { words: "Similar incident", color: "yellow", filled: "yellow.4" },
  never_seen: { words: "Never seen this", color: "grape", filled: "grape.8" },
} as const;

export const RISK = {
  read_only: { words: "read-only", color: "teal" },
  reversible: { words: "can be undone", color: "blue" },
  disruptive: { words: "disruptive", color: "orange" },
  destructive: { words: "destructive", color: "red" },
} as const;

export const SEVERITY = {
  critical: "red",
  high: "orange",
  medium: "yellow",
  low: "blue",
  info: "gray",
  unknown: "gray",
} as const;

export const OUTCOME = { worked: "worked", did_not_help: "did not help", made_it_worse: "made it worse" } as const;

const percent = (share: number): string => `${Math.round(share * 100)}`;

/** Percent, without what the machine's numbers add behind the fourth digit: 0.07 is 7, not a little more. */
const exactly = (share: number): number => Math.round(share * 1e6) / 1e4;

/** An interval in percent, rounded outwards: its upper end is never 0 where something is possible. */
export const rangeText = (low: number, high: number): string => `${Math.floor(exactly(low))}–${Math.ceil(exactly(high))} %`;

type Trusted = Pick<Recommendation, "confidence" | "confidence_reason" | "verdict" | "cause">;
type Counted = Pick<NonNullable<Recommendation["confidence"]>, "right" | "of" | "low" | "high">;

const counts = (share: Counted): string => `${share.right} of ${countText(share.of, "time")} (${rangeText(share.low, share.high)})`;

/** How often such answers were right and where that was counted, or why there is no such number. */
export function trust(answer: Trusted & Pick<Recommendation, "nearest_rates">): string {
  const { confidence: sure, nearest_rates: nearest } = answer;
  if (nearest) return `${nearest.on_record.low < 0.5 ? "Do not rely on the nearest record" : "The nearest record may help"}. Measured on public data, it was right ${counts(nearest.on_record)} where the system was on record, and ${counts(nearest.elsewhere)} where it was not.`;
  if (answer.verdict === "never_seen") return "Nothing is suggested that could be right.";
  if (!sure) return `Trust: ${answer.confidence_reason ?? "not measured yet"}`;
  return `${answer.cause ? "Such answers" : "No cause is suggested; sources like the first one"} were right ${counts(sure)}, ${basis(sure.basis)}${sure.basis === "public" ? ", not yet on your incidents" : ""}`;
}

/** Where it was counted. */
const basis = (name: string): string => (name === "public" ? "on public data" : name === "backtest" ? "in your history, replayed" : "on your own incidents");

/** The same in a word and a number, for a list: "likely: right 7 of 9". */
export function confidenceText(answer: Trusted): string {
  const sure = answer.confidence;
  if (answer.verdict === "never_seen") return "no cause suggested";
  if (!sure) return "trust not measured";
  const words = sure.low >= 0.8 ? "very likely" : sure.probability >= 0.6 ? "likely" : sure.probability >= 0.4 ? "even odds" : "doubtful";
  return `${words}: right ${sure.right} of ${sure.of}${sure.basis === "public" ? " (public)" : ""}`;
}

type Recorded = Pick<Schemas["ResolutionOut"], "provenance" | "cause_origin">;

/** How far to trust what is on record about an ended incident, by who stands for it. */
export function resolutionTrust({ provenance, cause_origin: origin }: Recorded): string {
  if (provenance === "imported") return "Trust: imported as it was written; nobody here has confirmed it.";
  if (provenance === "suggested") return "Trust: do not rely on it yet; a sender suggested it, and nobody here has confirmed it.";
  if (provenance === "model") return "Trust: do not rely on it yet; a model wrote it, and nobody here has confirmed it.";
  if (origin === "taken_over") return "Trust: a person accepted the cause that OnRecall had suggested.";
  return "Trust: a person recorded it in their own words.";
}

/** "67 % likely" with how sure that is left to the bar beside it. */
export const likely = (sure: NonNullable<Recommendation["confidence"]>): string => `${percent(sure.probability)} % likely right`;

/** Weaker matches say nothing and are not shown. */
const MIN_MATCH = 0.05;

export const worthShowing = <T extends { score: number }>(evidence: readonly T[]): readonly T[] => evidence.filter((piece) => piece.score >= MIN_MATCH);

const MOST_NAMED = 3;

/** The evidence that the cause and the steps cite, the cause's first. */
export function restsOn(answer: Pick<Recommendation, "cause_citation" | "steps" | "evidence">): Pick<Evidence, "id" | "kind">[] {
  const cited = [answer.cause_citation, ...answer.steps.map((step) => step.citation)].flatMap((citation) => (citation ? [citation.incident ?? citation.id] : []));
  return [...new Set(cited)].flatMap((id) => answer.evidence.find((piece) => piece.id === id) ?? []).slice(0, MOST_NAMED);
}

/** Why steps may no longer hold, each reason once, with the steps that it is about. */
export function staleness(steps: readonly Pick<Step, "n" | "stale">[]): string[] {
  const about = new Map<string, number[]>();
  for (const { n, stale } of steps) if (stale) about.set(stale, [...(about.get(stale) ?? []), n]);
  return [...about].map(([reason, numbers]) => `${numbers.length === 1 ? "Step" : "Steps"} ${numbers.join(", ")} may be outdated: ${reason}`);
}

/** "worked 3 of 4 times here", or that nobody has tried it yet. */
export function record(tried: Schemas["RecordOut"]): string {
  if (tried.tried === 0) return "no record here yet";
  const failed = tried.failed ? `, failed ${tried.failed}` : "";
  const last = tried.last ? `, last ${day(tried.last)}` : "";
  return `worked ${tried.worked} of ${countText(tried.tried, "time")} here${failed}${last}`;
}

const STYLES = {
  month: { year: "numeric", month: "short", timeZone: "UTC" },
  day: { year: "numeric", month: "short", day: "numeric" },
  moment: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
  clock: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  clockOfYear: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  hour: { hour: "2-digit", minute: "2-digit" },
  hourOfDay: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const formats = new Map<string, Intl.DateTimeFormat>();

/** A time in the reader's language and zone. Making a format takes a phone longer than drawing a row, so each is made once. */
function inStyle(when: Date, style: keyof typeof STYLES): string {
  let format = formats.get(style);
  if (!format) formats.set(style, format = new Intl.DateTimeFormat(undefined, STYLES[style]));
  return format.format(when);
}

/** "2026-03" as "Mar 2026". */
export const monthName = (month: string): string => inStyle(new Date(`${month}-15T12:00:00Z`), "month");

export const day = (at: string): string => inStyle(new Date(at), "day");

/** A moment in the reader's own time zone, named, with UTC beside it. */
export function moment(at: string): string {
  const when = new Date(at);
  return `${inStyle(when, "moment")} · ${when.toISOString().slice(11, 19)} UTC`;
}

/** The same shorter, for lists: the day and the minute in the reader's zone; the whole is told where it is pointed at. */
export const clock = (at: string): string => inStyle(new Date(at), at.startsWith(String(new Date().getFullYear())) ? "clock" : "clockOfYear");

/** "03:12", of another day with that day before it. */
export function hour(at: string): string {
  const when = new Date(at);
  return inStyle(when, when.toDateString() === new Date().toDateString() ? "hour" : "hourOfDay");
}

type AlertTimes = Pick<Schemas["AlertOut"], "status" | "starts_at" | "ends_at" | "end_reason">;

/** "ended 03:31", "ended (nothing was heard of it for 1 h)" where its sender gave no end. */
export const endText = (alert: Pick<AlertTimes, "ends_at" | "end_reason">): string =>
  `ended${alert.ends_at ? ` ${hour(alert.ends_at)}` : ""}${alert.end_reason ? ` (${alert.end_reason})` : ""}`;

/** "firing since 03:12", "03:12, ended 03:31" */
export const alertTimes = (alert: AlertTimes): string =>
  alert.status === "firing" ? `firing since ${hour(alert.starts_at)}` : `${hour(alert.starts_at)}, ${endText(alert)}`;

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Milliseconds as one says them: "34 ms", "1.2 s". */
export const took = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;

/** How long ago, in its two largest units: "2 h 5 min". */
export function durationText(seconds: number): string {
  let left = Math.max(0, Math.floor(seconds));
  const sentences: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    if (count || (unit === "s" && sentences.length === 0)) sentences.push(`${count} ${unit}`);
    left -= count * size;
    if (sentences.length === 2 || (sentences.length === 1 && unit === "min")) break;
  }
  return sentences.join(" ");
}

export const age = (at: string, now: number): string => durationText((now - Date.parse(at)) / 1000);

/** "4.0 h", "1,250.5 h" */
export const hours = (count: number): string => `${TENTHS.format(count)} h`;

const TENTHS = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** "1 alert", "2,000 alerts" */
export const countText = (count: number, noun: string): string => `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;

const LONGEST_NAME = 40;
const [NAME_HEAD, NAME_TAIL] = [26, 10]; // characters that stay of a longer one

/** A name as it stands in a sentence: a long one without its middle. */
export function shortName(name: string): string {
  const characters = [...name];
  return characters.length <= LONGEST_NAME ? name : `${characters.slice(0, NAME_HEAD).join("")}…${characters.slice(-NAME_TAIL).join("")}`;
}

/** A label as words: `connection-pool-exhaustion` is "Connection pool exhaustion". */
export const labelText = (label: string): string => capitalized(label.replace(/[-_]+/g, " ").trim().replaceAll(ACRONYM, (word) => word.toUpperCase()));

const ACRONYM = /\b(?:acl|api|bgp|cdn|cpu|csi|db|dhcp|dlq|dns|gc|grpc|http|https|iam|io|iops|ip|jvm|ldap|mtu|nat|nfs|ntp|oom|os|ram|rpc|sql|ssh|ssl|sso|tcp|tls|ttl|udp|url|vm|vpc|vpn|wal)\b/g;

/** What a family of incidents is called: the words of its label, or its title as it is. */
export const familyName = (title: string): string => (title.includes(" ") ? title : labelText(title));

export const money = (dollars: number | null): string => (dollars === null ? "price unknown" : `$${dollars.toFixed(4)}`);

/** The step to begin with where nothing is to be disturbed, as the answer names it; the steps stay in their order. */
export function firstSafe(answer: Pick<Recommendation, "steps" | "first_safe_step">): Step | undefined {
  return answer.steps.find((step) => step.n === answer.first_safe_step);
}

const WORD = /[\p{L}\p{N}_][\p{L}\p{N}_.-]{2,}/gu;

/** The text cut into pieces, those words marked that the other text has too. */
export function matching(text: string, other: string): { text: string; same: boolean }[] {
  const known = new Set([...other.toLowerCase().matchAll(WORD)].map(([word]) => word));
  const pieces: { text: string; same: boolean }[] = [];
  let at = 0;
  for (const match of text.matchAll(WORD)) {
    if (!known.has(match[0].toLowerCase())) continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), same: false });
    pieces.push({ text: match[0], same: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), same: false });
  return pieces;
}

/** "deployed 6 min before", or for an incident that is younger than the minute, "just before". */
export function changed(change: Change): string {
  const what = change.kind === "deployment" ? "deployed" : "changed";
  return `${what} ${change.minutes_before < 1 ? "just" : durationText(change.minutes_before * 60)} before: ${change.title}`;
}

const HAPPENED: Readonly<Record<string, string>> = {
  opened: "opened", alerted: "alerted", noted: "note added", acknowledged: "acknowledged", assigned: "assigned", edited: "edited", recommended: "answered", rated: "answer rated",
  resolved: "resolved", suggested: "a cause was suggested", dismissed: "a suggestion was dismissed", reopened: "reopened", linked: "linked", merged: "merged", split: "split",
  action_added: "action item added", action_changed: "action item changed",
};

/** What happened, as one says it: "answered". */
export const happened = (type: string): string => HAPPENED[type] ?? type.replaceAll("_", " ");

/** What a second opinion comes to, in a sentence. */
export function opinionSentence(opinion: Pick<SecondOpinion, "state" | "detail" | "matches" | "agrees">): string {
  if (opinion.state === "unavailable") return `It did not answer${opinion.detail ? `: ${opinion.detail}` : ""}. The answer above does not need it.`;
  if (opinion.matches.length === 0) return "It finds nothing similar.";
  if (opinion.agrees === null) return "Its best match is not an incident, so it neither agrees nor disagrees.";
  return opinion.agrees ? "Its best match is also OnRecall's best match." : "Its best match is another incident.";
}
