// What one version of a resolution says that the version before did not.
import type { Schemas } from "./api/client";
import { OUTCOME } from "./format";

type Step = Pick<Schemas["ResolutionOut"]["steps"][number], "text" | "command" | "outcome" | "rollback">;
type Resolution = Pick<Schemas["ResolutionOut"], "root_cause" | "cause" | "summary"> & { steps: Step[] };

const quoted = (step: Step): string => `“${step.text}”${step.command ? ` (${step.command})` : ""}`;

/** In sentences, in the order of the form; the same said twice is one difference only. */
export function differences(before: Resolution, after: Resolution): string[] {
  const sentences: string[] = [];
  if (before.root_cause !== after.root_cause) sentences.push(`The cause was “${before.root_cause}”, and is now “${after.root_cause}”.`);
  if (before.cause !== after.cause) sentences.push(`The cause label was ${before.cause ?? "empty"}, and is now ${after.cause ?? "empty"}.`);
  if (before.summary !== after.summary) sentences.push(after.summary ? `New summary: “${after.summary}”` : "The summary was removed.");
  const had = new Map(before.steps.map((step) => [quoted(step), step]));
  const has = new Map(after.steps.map((step) => [quoted(step), step]));
  for (const [name, step] of has) {
    const old = had.get(name);
    if (!old) sentences.push(`Added, ${OUTCOME[step.outcome]}: ${name}`);
    else if (old.outcome !== step.outcome) sentences.push(`${name}: the outcome was “${OUTCOME[old.outcome]}” and is now “${OUTCOME[step.outcome]}”.`);
    else if (old.rollback !== step.rollback) sentences.push(`Undo of ${name}: ${step.rollback ?? "removed"}`);
  }
  for (const [name] of had) if (!has.has(name)) sentences.push(`Removed: ${name}`);
  if (sentences.length === 0) sentences.push("No text changed.");
  return sentences;
}

/** Whether a summary says anything that the steps do not: imports repeat the steps' lines there. */
export function adds(summary: string, steps: readonly Pick<Step, "text">[]): boolean {
  const written = new Set(steps.map((step) => step.text.trim()));
  return summary.split("\n").some((line) => line.trim() !== "" && !written.has(line.trim()));
}
