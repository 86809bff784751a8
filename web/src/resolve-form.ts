// What the resolve form begins with, and what it sends.
import type { Incident, Outcome, Recommendation, Step } from "./format";

export interface Draft {
  text: string;
  command: string;
  outcome: Outcome;
  /** Kept as it was told; the form does not ask for it. */
  rollback: string | null;
}

export interface Cause {
  text: string;
  label: string;
  /** Whether it was taken over from the answer, edited since or not. */
  taken: boolean;
}

/** The cause is empty until somebody writes it or takes the answer's over; an edit begins with what stands. */
export const causeAtFirst = (incident: Pick<Incident, "resolution">): Cause => ({
  text: incident.resolution?.root_cause ?? "",
  label: incident.resolution?.cause ?? "",
  taken: incident.resolution?.cause_origin === "taken_over",
});

/** The answer's cause, as taken over; nothing where it names none. */
export const suggestedCause = (answer: Pick<Recommendation, "cause" | "cause_label"> | undefined): Cause | undefined =>
  answer?.cause ? { text: answer.cause, label: answer.cause_label ?? "", taken: true } : undefined;

/** The draft of a step that somebody marked. */
export const draftOf = (step: Pick<Step, "text" | "command" | "rollback">, outcome: Outcome): Draft =>
  ({ text: step.text, command: step.command ?? "", outcome, rollback: step.rollback });

/** The drafts with one more; a step that is marked again, also in a later answer, is replaced in its place. */
export function withDraft(drafts: readonly Draft[], draft: Draft): Draft[] {
  const same = (other: Draft) => other.text === draft.text && other.command === draft.command;
  return drafts.some(same) ? drafts.map((other) => (same(other) ? draft : other)) : [...drafts, draft];
}

/** The steps that stand in the resolution, or those that were marked. */
export function stepsAtFirst(incident: Pick<Incident, "resolution">, marked: readonly Draft[]): Draft[] {
  const stored = incident.resolution?.steps.map((step) => draftOf(step, step.outcome));
  return stored?.length ? stored : [...marked];
}

/** The body of the request; what is empty is left out. */
export const resolutionOf = (cause: Cause, summary: string, steps: readonly Draft[]) => ({
  root_cause: cause.text,
  cause_taken_over: cause.taken,
  ...(cause.label ? { cause: cause.label } : {}),
  ...(summary ? { summary } : {}),
  steps: steps.filter((step) => step.text.trim()).map((step) => ({
    text: step.text, outcome: step.outcome, ...(step.command ? { command: step.command } : {}), ...(step.rollback ? { rollback: step.rollback } : {}),
  })),
});
