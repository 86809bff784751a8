// What to do first where nothing like it was seen, by what is on record of its service.
import type { Schemas } from "./api/client";
import { durationText } from "./format";

export interface OnRecord {
  service: string | null;
  began: string;
  documents: readonly Pick<Schemas["DocumentOut"], "id" | "title">[];
  changes: readonly Pick<Schemas["ChangeOut"], "title" | "at">[];
  people: readonly string[];
}

export interface FirstThing {
  words: string;
  /** A runbook to open. */
  document?: string;
}

/** One instruction: the service's runbook, its last change, whoever knows it, or else to find somebody and write. */
export function firstThing({ service, began, documents, changes, people }: OnRecord): FirstThing {
  const [runbook] = documents;
  if (runbook) return { words: `Open the runbook: ${runbook.title}`, document: runbook.id };
  const [change] = changes;
  if (change) return { words: `Check the last change, ${durationText((Date.parse(began) - Date.parse(change.at)) / 1_000)} before: ${change.title}` };
  if (people[0] && service) return { words: `Ask ${people[0]}, who worked on ${service} last` };
  return { words: service ? `Assign it to somebody who knows ${service}, and note what you check` : "Name the service with the pencil above, assign it, and note what you check" };
}

/** What is not on record, in one sentence; nothing where all of it is. */
export function missing(service: string, { documents, changes, earlier }: { documents: number; changes: number; earlier: number }): string | null {
  const absent = [documents === 0 && "no runbook", changes === 0 && "no change in the 24 h before", earlier === 0 && "no earlier incident"].filter((what) => what !== false);
  return absent.length > 0 ? `${service} has ${absent.join(", ").replace(/, ([^,]*)$/, " and $1")} on record.` : null;
}
