// What one version of a resolution says that the version before did not.
import type { Schemas } from "./api/client";
import { OUTCOME } from "./words";

type Step = Pick<Schemas["ResolutionOut"]["steps"][number], "text" | "command" | "outcome" | "rollback">;
type Resolution = Pick<Schemas["ResolutionOut"], "root_cause" | "cause" | "summary"> & { steps: Step[] };

const told = (step: Step): string => `“${step.text}”${step.command ? ` (${step.command})` : ""}`;

/** In sentences, in the order of the form; the same said twice is one difference only. */
export function differences(before: Resolution, after: Resolution): string[] {
  const said: string[] = [];
  if (before.root_cause !== after.root_cause) said.push(`The cause was “${before.root_cause}”, and is now “${after.root_cause}”.`);
  if (before.cause !== after.cause) said.push(`Its short name was ${before.cause ?? "not given"}, and is now ${after.cause ?? "not given"}.`);
  if (before.summary !== after.summary) said.push(after.summary ? `Now in a few words: “${after.summary}”` : "The few words were taken away.");
  const had = new Map(before.steps.map((step) => [told(step), step]));
  const has = new Map(after.steps.map((step) => [told(step), step]));
  for (const [name, step] of has) {
    const old = had.get(name);
    if (!old) said.push(`Added, ${OUTCOME[step.outcome]}: ${name}`);
    else if (old.outcome !== step.outcome) said.push(`${name} ${OUTCOME[old.outcome]}, it was said; now: ${OUTCOME[step.outcome]}.`);
    else if (old.rollback !== step.rollback) said.push(`To undo ${name}: ${step.rollback ?? "no longer said"}`);
  }
  for (const [name] of had) if (!has.has(name)) said.push(`Taken away: ${name}`);
  if (said.length === 0) said.push("The same words, told anew.");
  return said;
}
