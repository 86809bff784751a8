// What to do first where nothing like it was seen, by what is on record of its service.
import type { Schemas } from "./api/client";
import { durationText, shortName } from "./format";

const NAMES_ITSELF = /^runbook\s*[:–—-]\s*/i;

export interface OnRecord {
  service: string | null;
  began: string;
  documents: readonly Pick<Schemas["DocumentOut"], "id" | "title">[];
  changes: readonly Pick<Schemas["ChangeOut"], "title" | "at">[];
  people: readonly string[];
  /** How many alerts it is made of, and the labels that all of them have. */
  alerts: number;
  labels: Readonly<Record<string, string>>;
}

export interface FirstThing {
  words: string;
  /** A runbook to open. */
  document?: string;
}

const SAYS_LITTLE = new Set(["alertname", "severity", "job", "prometheus", "receiver", "team"]);
const MOST_LABELS = 4;

/** One instruction: the service's runbook, its last change, whoever knows it, or else to find somebody and write. */
export function firstThing({ service, began, documents, changes, people, alerts, labels }: OnRecord): FirstThing {
  const [runbook] = documents;
  if (runbook) return { words: `Open the runbook: ${runbook.title.replace(NAMES_ITSELF, "")}`, document: runbook.id };
  const [change] = changes;
  if (change) return { words: `Check the last change, ${durationText((Date.parse(began) - Date.parse(change.at)) / 1_000)} before: ${change.title}` };
  if (people[0] && service) return { words: `Ask ${people[0]}, who worked on ${shortName(service)} last` };
  const shared = Object.entries(labels).filter(([name]) => !SAYS_LITTLE.has(name)).slice(0, MOST_LABELS);
  if (!service && alerts > 1 && shared.length > 0) return { words: `Check what all ${alerts} alerts share: ${shared.map(([name, value]) => `${shortName(name)} ${shortName(value)}`).join(", ")}` };
  return { words: service ? `Assign it to somebody who knows ${shortName(service)}, and note what you check` : "Name the service with the pencil above, assign it, and note what you check" };
}

interface Listing {
  rows: readonly unknown[] | undefined;
  failed: boolean;
}

/** What failed to load though it may hold the first thing to do, since all that comes before it is known to be empty. */
export function unknownFirst({ documents, changes, earlier }: { documents: Listing; changes: Listing; earlier: Listing }): string | null {
  const order = [[documents, "Its runbooks"], [changes, "Its changes"], [earlier, "Its last incidents"]] as const;
  const next = order.find(([listing]) => listing.rows?.length !== 0);
  return next?.[0].failed ? next[1] : null;
}

/** What is known not to be on record, in one sentence; nothing where all of it is, or may be. */
export function missing(service: string, none: { documents: boolean; changes: boolean; earlier: boolean }): string | null {
  const absent = [none.documents && "no runbook", none.changes && "no change in the 24 h before", none.earlier && "no earlier incident"].filter((what) => what !== false);
  return absent.length > 0 ? `On record for ${shortName(service)}: ${absent.join(", ").replace(/, ([^,]*)$/, " and $1")}.` : null;
}
