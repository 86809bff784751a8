// Where a match of the search leads, and a document that is named.
import type { Schemas } from "./api/client";

export type Match = Schemas["MatchOut"];

/** The page that holds the match: an incident's own, or a document opened at the line. */
export function addressOf({ page, id, line }: Pick<Match, "page" | "id" | "line">): string {
  if (page === "incident") return `/incidents/${encodeURIComponent(id)}`;
  return documentAddress(id, line);
}

/** The page on which a document is open, at a line where one is named. */
export const documentAddress = (id: string, line?: number): string =>
  `/memory?${new URLSearchParams({ kind: "documents", open: id, ...(line === undefined ? {} : { line: String(line) }) })}`;

const LEAD = 40; // characters before the first word that matches

/** The line from shortly before the first of the words, so that a screen which cuts it still shows that word. */
export function around(text: string, words: readonly string[]): string {
  const folded = text.toLowerCase();
  const places = words.map((word) => folded.indexOf(word.toLowerCase())).filter((at) => at >= 0);
  const first = Math.min(...places);
  if (places.length === 0 || first <= LEAD) return text;
  const from = text.indexOf(" ", first - LEAD);
  return `…${text.slice(from < 0 || from >= first ? first : from + 1)}`;
}
